/**
 * What a change makes of a rule that is in force, before or after it, now or at a later time, and which of these changes ask before they are made:
 * those after which mail bounces, or leaves in the clear, which it did not before, unless that is what was plainly
 * said. One table for the command and the console. Pure.
 */
import { definitionOf } from '../rules/levels.js'
import { actionOf, type AnyAndNone, type Criteria, type Rule } from '../rules/rule.js'

/** One row of the table. */
interface StepDefinition {
  /** Whether it shows what it would do, and asks. */
  readonly asks: boolean
  /** Whether mail to the partners has to fulfil something that it had not to before. */
  readonly requires: boolean
}

/** Every step that a rule can take; `nothing` is none. */
export const STEPS = {
  /** Switched on, from report to enforce, its service switched on, created or brought back: it requires TLS. */
  enforces: { asks: true, requires: true },
  /** The same, or its level lowered to `none`: mail that matches needs no TLS by the rules below it. */
  exempts: { asks: true, requires: false },
  /** In force before and after, and requires something else: raised as well as lowered. */
  'requires-other': { asks: true, requires: true },
  /** In force before and after, and matches more: another partner, also in a group, or a condition less. */
  'more-mail': { asks: true, requires: true },
  /** An exemption that ends, or matches less: the rules below it get that mail. */
  'exempts-less': { asks: true, requires: false },
  /** Not changed itself, and decides for mail of a rule that ends, matches less or moves: it demands more than that did. */
  'takes-over': { asks: true, requires: true },
  /** It requires TLS and stays on, and its dates leave it a time without: it starts later, or ends earlier. */
  lapses: { asks: true, requires: false },
  /** Another place in the list, after which another rule decides for some mail. */
  order: { asks: true, requires: false },
  /** A rule of the whole service that no longer requires TLS of anybody. */
  'service-wide-ends': { asks: true, requires: false },
  /** Switched off, deleted, its service switched off, from enforce to report: that is what was said. */
  ends: { asks: false, requires: false },
  /** Matches less: what was taken out was named. */
  'less-mail': { asks: false, requires: false },
  nothing: { asks: false, requires: false },
} as const satisfies Readonly<Record<string, StepDefinition>>

export type Step = keyof typeof STEPS

/** Whether a step asks. */
export function asks(step: Step): boolean {
  return STEPS[step].asks
}

/**
 * The step of one rule.
 *
 * @param before the rule as far as it was in force, its groups expanded; `null` where it was not
 * @param after the same after the change
 * @param everyone whether it is a rule of the whole service
 */
export function stepOf(before: Rule | null, after: Rule | null, everyone: boolean): Step {
  if (after === null) return before === null ? 'nothing' : endOf(before, everyone)
  const exempts = !requiresTls(after)
  if (before === null || requiresTls(before) === exempts) return exempts ? 'exempts' : 'enforces'
  if (!isSame(before.actions, after.actions) || before.direction !== after.direction) return 'requires-other'
  if (matchesMore(before.criteria, after.criteria)) return 'more-mail'
  if (!matchesMore(after.criteria, before.criteria)) return 'nothing'
  return exempts ? 'exempts-less' : 'less-mail'
}

function endOf(before: Rule, everyone: boolean): Step {
  if (!requiresTls(before)) return 'exempts-less'
  return everyone ? 'service-wide-ends' : 'ends'
}

function requiresTls(rule: Rule): boolean {
  return definitionOf(actionOf(rule).level).encrypted
}

/** The entries that a list has more than another one. */
export function newPatterns(
  before: readonly string[] | undefined,
  after: readonly string[] | undefined,
): readonly string[] {
  const known = new Set(before ?? [])
  return (after ?? []).filter((pattern) => !known.has(pattern))
}

/** Whether mail may match that did not before; where that is not plain, it may. */
export function matchesMore(before: Criteria, after: Criteria): boolean {
  if ((['to', 'from', 'subject'] as const).some((field) => isWider(before[field], after[field]))) return true
  const [were, are] = [before.header ?? [], after.header ?? []]
  return were.some((header) => !are.some((each) => isSame(each, header)))
}

function isWider(before: AnyAndNone | undefined, after: AnyAndNone | undefined): boolean {
  const { matchesAny: were, matchesNone: wereNot } = before ?? {}
  const { matchesAny: are, matchesNone: areNot } = after ?? {}
  const more = were !== undefined && (are === undefined || newPatterns(were, are).length > 0)
  return more || newPatterns(areNot, wereNot).length > 0
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
