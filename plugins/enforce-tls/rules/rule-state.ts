/** Whether a rule acts by itself, in a word. Pure. */
import { periodOf } from './period.js'
import type { Rule } from './rule.js'

/** All words for it. */
export const RULE_STATES = ['on', 'report', 'off', 'not yet', 'expired'] as const

export type RuleState = (typeof RULE_STATES)[number]

/** @param now in milliseconds since 1970 */
export function stateOf(rule: Rule, now: number): RuleState {
  if (!rule.enabled) return 'off'
  const { from, until } = periodOf(rule)
  if (now < from) return 'not yet'
  if (now >= until) return 'expired'
  return rule.mode === 'report' ? 'report' : 'on'
}
