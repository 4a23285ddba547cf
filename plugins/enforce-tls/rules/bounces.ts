/** Which of the operator's own domains a rule of `*` takes bounces away from, if their servers do without TLS. Pure. */
import type { EffectPolicy } from './effect-policy.js'
import type { MailAddress } from './address.js'
import type { OwnedRule } from './owner-entries.js'
import type { InPieces } from '../work/pieces.js'
import { EVERYONE } from './owner.js'
import { actionOf } from './rule.js'

const NULL_SENDER: MailAddress = { local: '', domain: '' }
/** No mailbox has it: a rule for single addresses says nothing of a domain's bounces. */
const MADE_UP = 'enforce-tls-sample'
const DOMAINS_MAX = 1000

/**
 * The domains to which mail without a sender is held to TLS by this very rule.
 *
 * @param domains of the operator: those with a service
 */
export function* bouncesCovered(
  { owner, id, rule }: OwnedRule,
  policy: EffectPolicy,
  domains: readonly string[],
  now: number,
): InPieces<readonly string[]> {
  const { level } = actionOf(rule)
  if (owner !== EVERYONE || rule.direction !== 'outgoing' || level === 'none' || rule.mode === 'report')
    return []
  const own = policy.owners.find((each) => each.owner === owner)
  if (!own) return []
  const covered: string[] = []
  for (const domain of domains.slice(0, DOMAINS_MAX)) {
    const message = { sender: NULL_SENDER, recipient: { local: MADE_UP, domain }, now } as const
    const matches = yield* own.certain({ direction: 'outgoing', ...message })
    if (matches.decides?.id === id) covered.push(domain)
    yield
  }
  return covered
}
