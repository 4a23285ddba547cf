/**
 * The check that every rule passes whenever it is read or written. Pure; what does not validate is answered with the
 * field, the value and what is expected. In pieces, since a rule may name thousands of addresses.
 */
import { checkAction } from './action.js'
import { checkCriteria } from './criteria.js'
import { readJson } from './json.js'
import { storedPattern } from './pattern.js'
import { checkPeriod } from './period.js'
import type { InPieces } from '../work/pieces.js'
import { checkShape } from './rule-shape.js'
import type { AddressCriterion, Rule, RuleProblem } from './rule.js'

/** Either the rule, checked and with its patterns in their one spelling, or what is wrong with it. */
export type RuleCheck = { readonly rule: Rule } | RuleProblem

/**
 * Checks a rule that is to be written. Whether the groups that it refers to exist is for `groupsProblem`.
 *
 * @param value anything; never throws.
 */
export function* checkRule(value: unknown): InPieces<RuleCheck> {
  const shaped = yield* checkShape(value)
  return 'problem' in shaped ? shaped : yield* checkContent(shaped.rule, false)
}

/** Reads a rule as a store holds it, also in a spelling of earlier versions; never throws. */
export function* parseRule(json: string): InPieces<RuleCheck> {
  const read = readJson(json)
  if ('problem' in read) return { field: '', ...read }
  yield
  const shaped = yield* checkShape(read.value)
  if ('problem' in shaped) return shaped
  return yield* checkContent(yield* spelledToday(shaped.rule), true)
}

/** Checks a rule that somebody wrote as JSON text; never throws. */
export function* checkRuleText(json: string): InPieces<RuleCheck> {
  const read = readJson(json)
  yield
  return 'problem' in read ? { field: '', ...read } : yield* checkRule(read.value)
}

/** @param isStored see `checkCriteria` */
function* checkContent(rule: Rule, isStored: boolean): InPieces<RuleCheck> {
  if (rule.name.trim() === '') return { field: 'name', problem: 'is only white space', expected: 'a name' }
  const period = checkPeriod(rule)
  if (period !== null) return period
  const criteria = yield* checkCriteria(rule.criteria, rule.direction, isStored)
  if ('problem' in criteria) return criteria
  const relayWithTls = checkAction(rule.actions.relayWithTls, rule.direction)
  if ('problem' in relayWithTls) return relayWithTls
  return { rule: { ...rule, criteria, actions: { relayWithTls } } }
}

function* spelledToday(rule: Rule): InPieces<Rule> {
  const { to, from, ...others } = rule.criteria
  const criteria = {
    ...(to && { to: yield* spelledLists(to) }),
    ...(from && { from: yield* spelledLists(from) }),
    ...others,
  }
  return { ...rule, criteria }
}

function* spelledLists(lists: AddressCriterion): InPieces<AddressCriterion> {
  const spelled: Record<string, readonly string[]> = {}
  for (const [name, texts] of Object.entries(lists) as [string, readonly string[]][]) {
    const done: string[] = []
    for (const text of texts) if (done.push(storedPattern(text)) % PIECE === 0) yield
    spelled[name] = done
  }
  return spelled
}

/** So many addresses are spelled between two yields. */
const PIECE = 1000
