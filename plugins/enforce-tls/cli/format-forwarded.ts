/** What holds in a Haraka folder for mail that another plugin hands on; nothing is said without a folder. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { isKnownByName } from '../haraka/queue-plugins.js'
import { announcedPastGuard } from '../requiretls/past-the-guard.js'
import { listed } from '../text/list.js'
import type { Surroundings } from './context.js'

type Asked = Pick<Surroundings, 'folder' | 'settings'>

/** For `status`; `null` without a folder. */
export function forwardedState({ folder, settings }: Asked): string | null {
  if (folder === null) return null
  const names = forwarders(folder)
  const who = names.length > 0 ? listed(names) : 'another plugin'
  return settings.main.forwardedMail === 'incoming'
    ? `incoming: outgoing rules do not cover mail for local recipients that ${who} may forward`
    : `outgoing: outgoing rules cover mail for local recipients, before ${who} may hand it on`
}

/** For `status`: what endangers a promise to senders. */
export function forwardedWarnings({ folder, settings }: Asked): string[] {
  const warning = folder === null ? null : announcedPastGuard(forwarders(folder), settings)
  return warning === null ? [] : [warning]
}

/** For `explain`, where a rule requires something; `null` where nothing here may hand mail on uncovered. */
export function uncoveredRemark({ folder, settings }: Asked): string | null {
  if (folder === null || settings.main.forwardedMail === 'outgoing') return null
  const names = forwarders(folder)
  if (names.length === 0) return null
  return `Only mail that Haraka relays is covered. Mail for local recipients that ${listed(names)} may forward counts as incoming, and is not ([main] forwarded_mail=incoming).`
}

/** Queue plugins in `config/plugins` that may send; what other plugins register is known to Haraka alone. */
function forwarders(folder: string): string[] {
  let lines: string[]
  try {
    lines = readFileSync(path.join(folder, 'config', 'plugins'), 'utf8').split('\n')
  } catch {
    return []
  }
  return lines.map((line) => line.trim()).filter((name) => name.startsWith('queue/') && !isKnownByName(name))
}
