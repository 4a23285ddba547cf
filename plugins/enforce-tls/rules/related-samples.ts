/**
 * Made-up messages that a rule is about because rules above it name their recipients: with those that the rule itself
 * names they show where others come first. Bounded. Pure.
 */
import type { OwnerPolicy } from './effect-policy.js'
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
