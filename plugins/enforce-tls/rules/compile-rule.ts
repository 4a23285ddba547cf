/** One rule made ready for the index. Pure. */
import type { Groups } from './group.js'
import { compilingCriteria } from './match.js'
import { periodOf } from './period.js'
import type { InPieces } from '../work/pieces.js'
import type { Criteria, RelayWithTls, Rule } from './rule.js'
import { criteriaOf, type CompiledRule, type Conditions } from './rule-index.js'

/**
 * Compiles a rule, in pieces.
 *
 * @param groups knows the patterns of all groups that the rule refers to
 * @param actions of the list: most of its rules do the same, which is kept once
 */
export function* compilingRule(
  id: string,
  rule: Rule,
  groups: Groups,
  actions: Map<string, RelayWithTls>,
): InPieces<CompiledRule> {
  const { name, position, criteria } = rule
  const action = shared(actions, rule.actions.relayWithTls)
  const source = onlyRecipient(criteria) ?? criteria
  return { id, name, position, action, conditions: yield* conditionsOf(rule, groups), source }
}

/** The same rule with the groups as they are now: what was added to one since holds for this rule too. */
export function* compilingAgain(rule: CompiledRule, groups: Groups): InPieces<CompiledRule> {
  const { conditions } = rule
  if (conditions === null) return rule
  return {
    ...rule,
    conditions: { ...conditions, criteria: yield* compilingCriteria(criteriaOf(rule), groups) },
  }
}

function* conditionsOf(rule: Rule, groups: Groups): InPieces<Conditions | null> {
  const report = rule.mode === 'report'
  const period = periodOf(rule)
  const always = period.from === -Infinity && period.until === Infinity
  if (always && !report && isFoundByAddress(rule.criteria)) return null
  return { period, report, criteria: yield* compilingCriteria(rule.criteria, groups) }
}

/** Whether the address by which the index finds a rule is all that it asks for. */
function isFoundByAddress(criteria: Criteria): boolean {
  const [field, ...others] = Object.keys(criteria)
  if (others.length > 0 || (field !== 'to' && field !== 'from')) return false
  return criteria[field]?.matchesNone === undefined
}

/** The one recipient pattern that is all that most rules ask for. */
function onlyRecipient(criteria: Criteria): string | undefined {
  const { matchesAny = [], matchesNone } = criteria.to ?? {}
  if (matchesAny.length !== 1 || matchesNone !== undefined || !isFoundByAddress(criteria)) return undefined
  return matchesAny[0]
}

/** Most rules of a list do the same. */
function shared(actions: Map<string, RelayWithTls>, action: RelayWithTls): RelayWithTls {
  const key = JSON.stringify(action)
  const known = actions.get(key) ?? action
  actions.set(key, known)
  return known
}
