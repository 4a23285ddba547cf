/**
 * A message rule: its shape as stored, and the check that every rule passes whenever it is read or written.
 * Pure; what does not validate is answered with the field, the value and what is expected.
 */
import { checkAction } from './action.js'
import { checkingCriteria } from './criteria.js'
import { notJson, parseJson } from './json.js'
import type { Level, TlsVersion } from './levels.js'
import { storedPattern } from './pattern.js'
import { checkPeriod } from './period.js'
import { atOnce, type InPieces } from './pieces.js'
import type { OnFailure } from './requirement.js'
import { checkingShape } from './rule-shape.js'

/** So many addresses are spelled between two yields. */
const PIECE = 1000

/** What a rule makes of the messages it matches. */
export interface RelayWithTls {
  readonly level: Level
  /** Lowest TLS version for this rule. @default `[tls] min_version` */
  readonly minVersion?: TlsVersion
  /** Level `secure`: names that the certificate may have besides the recipient's domain. @default none */
  readonly names?: readonly string[]
  /** Level `fingerprint`: SHA-256 fingerprints of certificates or public keys; one of them must fit. */
  readonly fingerprints?: readonly string[]
  /** What happens when no host fulfils the rule. @default `[failure] action` */
  readonly onFailure?: OnFailure
}

/** Conditions on one field: any of the one list matches, and none of the other; at least one list is there. */
export interface AnyAndNone {
  readonly matchesAny?: readonly string[]
  readonly matchesNone?: readonly string[]
}

/** Addresses: patterns, and `group:<name>` for all patterns of a group. */
export type AddressCriterion = AnyAndNone

/** Texts: words, or a regular expression written `/…/` or `/…/i`. */
export type TextCriterion = AnyAndNone

/** Texts of all header fields of one name, whatever its case. */
export interface HeaderCriterion extends TextCriterion {
  readonly name: string
}

/** Conditions on a message; all of them must hold, and there is at least one. */
export interface Criteria {
  /** The envelope recipient. */
  readonly to?: AddressCriterion
  /** The envelope sender. */
  readonly from?: AddressCriterion
  readonly subject?: TextCriterion
  readonly header?: readonly HeaderCriterion[]
}

/** Which mail a rule looks at: what leaves, or what comes in. */
export type Direction = 'outgoing' | 'incoming'

/** A message rule as it is stored, a field of `enforce-tls:rules:<owner>`. */
export interface Rule {
  readonly name: string
  /** What people want to remember about the rule. */
  readonly comment?: string
  readonly direction: Direction
  readonly enabled: boolean
  /** A rule in mode `report` never changes a delivery; what it would have required is told. @default enforce */
  readonly mode?: 'enforce' | 'report'
  /** Place in the owner's list, 1 is the top; equal positions are ordered by rule id. */
  readonly position: number
  /** From when on the rule acts, RFC 3339 with offset. @default always */
  readonly startsAt?: string
  /** When the rule no longer acts, RFC 3339 with offset. @default never */
  readonly expiresAt?: string
  readonly criteria: Criteria
  readonly actions: { readonly relayWithTls: RelayWithTls }
}

/** One thing wrong with a rule. */
export interface RuleProblem {
  /** Path of the field, such as `criteria.to.matchesAny[0]`; empty for the rule as a whole. */
  readonly field: string
  /** What is there and what is expected, a sentence without the field. */
  readonly problem: string
  /** Valid values to write in the place of the wrong one; absent where that can't be told. */
  readonly suggestion?: readonly string[]
}

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
  if (rule.name.trim() === '') return { field: 'name', problem: 'is only white space; a name is expected' }
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

/** A problem as one clause: `field criteria.to: …`, or about the whole when no field is to blame. */
export function formatProblem({ field, problem }: RuleProblem): string {
  return field === '' ? problem : `field ${field}: ${problem}`
}
