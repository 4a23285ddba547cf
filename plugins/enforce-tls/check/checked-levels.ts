/** What a check has found out about levels, for suggestions: of a server that was reached, and as far as that is known. Pure. */
import type { CheckedLevels } from '../observe/partner-checks.js'
import type { LevelSeen, SuggestedLevel } from '../suggest/record.js'
import type { HostCheck, PartnerCheck } from './types.js'

/** `null` where no server was reached, or what it does may be otherwise at the next attempt. */
export function checkedLevels({ hosts }: Pick<PartnerCheck, 'hosts'>): CheckedLevels | null {
  const reached = hosts.filter(({ levels, failure }) => levels.length > 0 || isPermanent(failure))
  const [first] = reached
  if (!first) return null
  const seen = (level: SuggestedLevel) => seenOn(reached, level)
  const { host, protocol, certificate } = first
  return {
    levels: { encrypt: seen('encrypt'), verify: seen('verify'), secure: seen('secure') },
    published: seen('published'),
    server: {
      host,
      protocol: protocol ?? '',
      names: certificate?.names.join(', ') ?? '',
      valid: seen('verify').is === 'held',
    },
  }
}

function isPermanent(failure: HostCheck['failure']): boolean {
  return failure !== null && failure.class !== null && !failure.temporary
}

/** All of them have to fulfil a level: mail may go to any. */
function seenOn(hosts: readonly HostCheck[], name: SuggestedLevel): LevelSeen {
  let known = true
  for (const { levels, failure } of hosts) {
    const found = levels.find(({ level }) => level === name)
    if (found?.passes === false) return { is: 'missed', why: found.detail ?? '' }
    if (!found && levels.length === 0) return { is: 'missed', why: failure?.detail ?? '' }
    known &&= found !== undefined
  }
  return { is: known ? 'held' : 'unknown' }
}
