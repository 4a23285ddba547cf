/**
 * The check that every rule passes whenever it is read or written. Pure; what does not validate is answered with the
 * field, the value and what is expected. In pieces, since a rule may name thousands of addresses.
 */
import { checkAction } from './action.js'
import { checkCriteria } from './criteria.js'
import { readJson } from './json.js'
import { storedPattern, PATTERN_LENGTH_MAX } from './pattern.js'
import { checkPeriod } from './period.js'
import type { InPieces } from '../work/pieces.js'
import type { AddressCriterion, Rule, RuleProblem } from './rule.js'
import { checkSchema, PATTERNS_MAX } from './rule-schema.js'

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

/** On, it would take mail out of the rules below it, which nobody has asked for. */
const NO_ACTION: RuleProblem = {
  field: 'actions.relayWithTls',
  problem: 'is missing',
  expected: 'an action, such as { "level": "encrypt" }, before the rule is switched on',
}

/** @param isStored see `checkCriteria` */
function* checkContent(rule: Rule, isStored: boolean): InPieces<RuleCheck> {
  if (rule.name.trim() === '') return { field: 'name', problem: 'is only white space', expected: 'a name' }
  const period = checkPeriod(rule)
  if (period !== null) return period
  const criteria = yield* checkCriteria(rule.criteria, rule.direction, isStored)
  if ('problem' in criteria) return criteria
  const { relayWithTls: action } = rule.actions
  if (action === undefined) return rule.enabled ? NO_ACTION : { rule: { ...rule, criteria } }
  const relayWithTls = checkAction(action, rule.direction)
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
    for (const text of texts) if (done.push(storedPattern(text)) % SPELLED === 0) yield
    spelled[name] = done
  }
  return spelled
}

/** So many addresses are spelled between two yields. */
const SPELLED = 1000
/** Lists up to this length are left to the schema. */
const SHORT = 200
/** So many texts are looked at between two yields. */
const LOOKED_AT = 2000

/**
 * `checkSchema`, in pieces: lists of addresses may hold thousands, which the schema would go through in one go. Gives the very same, save that of several problems it may find another one first.
 */
export function* checkShape(value: unknown): InPieces<{ readonly rule: Rule } | RuleProblem> {
  const long = longLists(value)
  if (long.length === 0) return checkSchema(value)
  const shaped = checkSchema(
    long.reduce((rule, { field, list }) => withList(rule, field, list.slice(0, 1)), value),
  )
  if ('problem' in shaped) return shaped
  yield
  for (const { field, list } of long) {
    for (const [index, text] of list.entries()) {
      if (!isPlain(text)) {
        const ofOne = checkSchema(withList(shaped.rule, field, [text]))
        if ('problem' in ofOne) return { ...ofOne, field: ofOne.field.replace(/\[0\]$/, `[${index}]`) }
      }
      if (index % LOOKED_AT === LOOKED_AT - 1) yield
    }
  }
  return { rule: value as Rule }
}

type Field = readonly [criterion: 'to' | 'from', list: 'matchesAny' | 'matchesNone']

const FIELDS: readonly Field[] = [
  ['to', 'matchesAny'],
  ['to', 'matchesNone'],
  ['from', 'matchesAny'],
  ['from', 'matchesNone'],
]

function longLists(value: unknown): readonly { readonly field: Field; readonly list: readonly unknown[] }[] {
  return FIELDS.flatMap((field) => {
    const list = ['criteria', ...field].reduce(fieldOf, value)
    // One that is too long is refused for its length alone, which takes no time.
    return Array.isArray(list) && list.length > SHORT && list.length <= PATTERNS_MAX ? [{ field, list }] : []
  })
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}

function isPlain(text: unknown): boolean {
  return typeof text === 'string' && text !== '' && text.length <= PATTERN_LENGTH_MAX
}

/** A rule that has the list in the place of its own. */
function withList(value: unknown, [criterion, name]: Field, list: readonly unknown[]): unknown {
  const criteria = fieldOf(value, 'criteria')
  const lists = { ...(fieldOf(criteria, criterion) as object), [name]: list }
  return { ...(value as object), criteria: { ...(criteria as object), [criterion]: lists } }
}
