/** Which changes of a rule make mail bounce, or leave in the clear, which it did not before. Pure. */
import type { Rule } from '../rules/rule.js'

/** @param before `null`: the rule is new */
export function isRisky(before: Rule | null, after: Rule): boolean {
  if (!after.enabled || after.mode === 'report') return false
  if (!before?.enabled || before.mode === 'report') return true
  const added = newPatterns(before.criteria.to?.matchesAny, after.criteria.to?.matchesAny)
  return added.length > 0 || JSON.stringify(before.actions) !== JSON.stringify(after.actions)
}

/** The members that a list has more than another one. */
export function newPatterns(
  before: readonly string[] | undefined,
  after: readonly string[] | undefined,
): readonly string[] {
  const known = new Set(before ?? [])
  return (after ?? []).filter((pattern) => !known.has(pattern))
}
