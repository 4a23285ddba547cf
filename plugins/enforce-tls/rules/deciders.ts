/**
 * Which rules of an owner decide for mail that one of them names: itself, or a rule above it that comes first whatever
 * the message says. Where that is not certain the rule counts as one that decides. Pure.
 */
import { placeOf } from './checked-rules.js'
import type { EffectPolicy } from './effect-policy.js'
import type { StoredGroups } from './group.js'
import { compileCriteria } from './match.js'
import { byPlace, type OwnedRule } from './owner-entries.js'
import { actionOf, type RelayWithTls } from './rule.js'
import { OWN_MAX, samplesOf } from './samples.js'
import type { InPieces } from '../work/pieces.js'

/** A rule that decides, with what it requires. */
export interface Decider {
  readonly id: string
  readonly name: string
  readonly action: RelayWithTls
}

/**
 * The rules that decide for outgoing mail to one recipient of a rule; none where the rule itself leaves it out.
 *
 * @param owned a rule that is on
 * @param recipient a domain or an address that it names
 * @param policy of the rule's owner
 */
export function* decidersOf(
  owned: OwnedRule,
  recipient: string,
  policy: EffectPolicy,
  groups: StoredGroups,
  now: number,
): InPieces<readonly Decider[]> {
  const { owner, id, rule } = owned
  const own = policy.owners.find((each) => each.owner === owner)
  const toThem = { ...rule, criteria: { ...rule.criteria, to: { matchesAny: [recipient] } } }
  const { list } = samplesOf({ ...owned, rule: toThem }, groups, now, OWN_MAX)
  const criteria = yield* compileCriteria(rule.criteria, policy.groups)
  const found = new Map<string, Decider>()
  const itself = { id, name: rule.name, action: actionOf(rule) }
  for (const { message } of list) {
    const fields = yield* criteria.judge(message)
    if (fields.some(({ met }) => met === false)) continue
    const { decides } = own ? yield* own.certain(message) : { decides: null }
    const first = decides !== null && byPlace(decides, placeOf(owned)) < 0 ? decides : itself
    found.set(first.id, first)
    // It may have more senders than are looked at.
    if (list.length === OWN_MAX) found.set(id, itself)
  }
  return [...found.values()]
}
