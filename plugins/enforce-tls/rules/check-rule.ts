/**
 * The check that every rule passes whenever it is read or written. Pure; what does not validate is answered with the
 * field, the value and what is expected.
 */
import { checkAction } from './action.js'
import { checkingCriteria } from './criteria.js'
import { parseJson, notJson } from './json.js'
import { storedPattern } from './pattern.js'
import { checkPeriod } from './period.js'
import { atOnce, type InPieces } from '../work/pieces.js'
import { checkingShape } from './rule-shape.js'
import type { AddressCriterion, Rule, RuleProblem } from './rule.js'
import { flaw } from './flaw.js'

/** Either the rule, checked and with its patterns in their one spelling, or what is wrong with it. */
export type RuleCheck = { readonly rule: Rule } | RuleProblem

/**
 * Checks a rule that is to be written. Whether the groups that it refers to exist is for `compileCriteria`.
 *
 * @param value anything; never throws.
 */
export function checkRule(value: unknown): RuleCheck {
  return atOnce(checkingRule(value))
}

/** `checkRule`, in pieces. */
export function* checkingRule(value: unknown): InPieces<RuleCheck> {
  const shaped = yield* checkingShape(value)
  return 'problem' in shaped ? shaped : yield* checkingShaped(shaped.rule, false)
}

/** @param isStored see `checkingCriteria` */
function* checkingShaped(rule: Rule, isStored: boolean): InPieces<RuleCheck> {
  if (rule.name.trim() === '') return { field: 'name', ...flaw('is only white space', 'a name') }
  const period = checkPeriod(rule)
  if (period !== null) return period
  const criteria = yield* checkingCriteria(rule.criteria, rule.direction, isStored)
  if ('problem' in criteria) return criteria
  const relayWithTls = checkAction(rule.actions.relayWithTls, rule.direction)
  if ('problem' in relayWithTls) return relayWithTls
  return { rule: { ...rule, criteria, actions: { relayWithTls } } }
}

/** Reads a rule as a store holds it, also in a spelling of earlier versions; never throws. */
export function parseRule(json: string): RuleCheck {
  return atOnce(parsingRule(json))
}

/** `parseRule`, in pieces. */
export function* parsingRule(json: string): InPieces<RuleCheck> {
  const parsed = readJson(json)
  if ('problem' in parsed) return parsed
  yield
  const shaped = yield* checkingShape(parsed.value)
  if ('problem' in shaped) return shaped
  return yield* checkingShaped(yield* spellingToday(shaped.rule), true)
}

/** Checks a rule that somebody wrote as JSON text; never throws. */
export function checkRuleText(json: string): RuleCheck {
  return atOnce(checkingRuleText(json))
}

/** `checkRuleText`, in pieces. */
export function* checkingRuleText(json: string): InPieces<RuleCheck> {
  const parsed = readJson(json)
  yield
  return 'problem' in parsed ? parsed : yield* checkingRule(parsed.value)
}
function readJson(json: string): { readonly value: unknown } | RuleProblem {
  try {
    return { value: parseJson(json) }
  } catch (error) {
    return { field: '', problem: notJson(error) }
  }
}
function* spellingToday(rule: Rule): InPieces<Rule> {
  const { to, from, ...others } = rule.criteria
  const criteria = {
    ...(to && { to: yield* spellingLists(to) }),
    ...(from && { from: yield* spellingLists(from) }),
    ...others,
  }
  return { ...rule, criteria }
}
function* spellingLists(lists: AddressCriterion): InPieces<AddressCriterion> {
  const spelled: Record<string, readonly string[]> = {}
  for (const [name, texts] of Object.entries(lists) as [string, readonly string[]][]) {
    const done: string[] = []
    for (const text of texts) if (done.push(storedPattern(text)) % PIECE === 0) yield
    spelled[name] = done
  }
  return spelled
}

/** So many addresses are spelled between two yields. */
export const PIECE = 1000
