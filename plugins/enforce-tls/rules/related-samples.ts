/**
 * Made-up messages that a rule is about because other rules name their recipients: with those that the rule itself
 * names they show where others come first, or require more. Bounded. Pure.
 */
import type { EffectPolicy, OwnerPolicy } from './effect-policy.js'
import type { StoredGroups } from './group.js'
import type { OwnedRule } from './owner-entries.js'
import { samplesOf, type Sample } from './samples.js'
import type { InPieces } from '../work/pieces.js'

/** The most samples of one other rule. */
const OF_ONE = 20

/** Mail of the rule that rules above it name more closely. */
export function* exceptionsTo(
  owned: OwnedRule,
  own: OwnerPolicy,
  groups: StoredGroups,
  now: number,
  most: number,
): InPieces<readonly Sample[]> {
  const found: Sample[] = []
  let tried = 0
  for (const rule of own.rules) {
    if (rule.id === owned.id || tried >= most) break
    if (!rule.rule.enabled || rule.rule.direction !== owned.rule.direction) continue
    const { list } = samplesOf(rule, groups, now, Math.min(most - tried, OF_ONE), owned)
    tried += Math.max(1, list.length)
    found.push(...list)
    yield
  }
  return found
}

/** Mail of the rule that other rules name more closely: what these require is not seen in its own samples. */
export function* samplesOfOthers(
  owned: OwnedRule,
  policy: EffectPolicy,
  groups: StoredGroups,
  now: number,
  most: number,
): InPieces<readonly Sample[]> {
  const found: Sample[] = []
  let tried = 0
  for (const other of policy.owners.flatMap(({ rules }) => rules)) {
    const { owner, id, rule } = other
    if (tried >= most) break
    if ((owner === owned.owner && id === owned.id) || rule.actions.relayWithTls.level === 'none') continue
    if (!rule.enabled || rule.direction !== owned.rule.direction) continue
    const theirs = rule.direction === 'outgoing' ? 'to' : 'from'
    const partners = rule.criteria[theirs] ? { [theirs]: rule.criteria[theirs] } : {}
    // An own address that both name, or one that the other rule does not name by itself.
    for (const criteria of [rule.criteria, partners]) {
      const like = { ...other, owner: owned.owner, rule: { ...rule, criteria } }
      const { list } = samplesOf(like, groups, now, Math.min(most - tried, OF_ONE), owned)
      tried += Math.max(1, list.length)
      found.push(...list)
    }
    yield
  }
  return found
}
