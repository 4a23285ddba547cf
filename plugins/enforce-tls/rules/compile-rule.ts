/** One rule made ready for the index. Pure. */
import type { Groups } from './group.js'
import { compileCriteria } from './match.js'
import { periodOf } from './period.js'
import type { InPieces } from '../work/pieces.js'
import type { Criteria, RelayWithTls, Rule } from './rule.js'
import type { CompiledRule, Conditions } from './rule-index.js'

/**
 * Compiles a rule, in pieces.
 *
 * @param groups knows the patterns of all groups that the rule refers to
 * @param actions of the list: rules that do the same share theirs
 */
export function* compileRule(
  id: string,
  rule: Rule,
  groups: Groups,
  actions: Map<string, RelayWithTls>,
): InPieces<CompiledRule> {
  const { name, position, criteria } = rule
  const { relayWithTls } = rule.actions
  // The check lets no such rule be on; the mail of its owner waits rather than going as if it required nothing.
  if (relayWithTls === undefined) throw new TypeError(`rule ${id} is on without an action`)
  const action = shared(actions, relayWithTls)
  return { id, name, position, action, criteria, conditions: yield* conditionsOf(rule, groups) }
}

/** The same rule with the groups as they are now: what was added to one since holds for this rule too. */
export function* compileAgain(rule: CompiledRule, groups: Groups): InPieces<CompiledRule> {
  const { conditions, criteria } = rule
  if (conditions === null) return rule
  return { ...rule, conditions: { ...conditions, criteria: yield* compileCriteria(criteria, groups) } }
}

function* conditionsOf(rule: Rule, groups: Groups): InPieces<Conditions | null> {
  const report = rule.mode === 'report'
  const period = periodOf(rule)
  const always = period.from === -Infinity && period.until === Infinity
  if (always && !report && isFoundByAddress(rule.criteria)) return null
  return { period, report, criteria: yield* compileCriteria(rule.criteria, groups) }
}

/** Whether the address by which the index finds a rule is all that it asks for. */
function isFoundByAddress(criteria: Criteria): boolean {
  const [field, ...others] = Object.keys(criteria)
  if (others.length > 0 || (field !== 'to' && field !== 'from')) return false
  return criteria[field]?.matchesNone === undefined
}

function shared(actions: Map<string, RelayWithTls>, action: RelayWithTls): RelayWithTls {
  const key = JSON.stringify(action)
  const known = actions.get(key) ?? action
  actions.set(key, known)
  return known
}
