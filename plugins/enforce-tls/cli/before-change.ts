/**
 * What is known before a change that makes mail bounce, or leave in the clear, which it did not before: what the
 * delivery log has seen, and what the mail servers say now. On a terminal it is asked once whether to go on.
 */
import { otherwiseOf } from '../admin/format-published.js'
import { formatLessThanBefore } from '../admin/less-than-before.js'
import { isRisky } from '../admin/risky-change.js'
import { domainsIn } from '../admin/set-group.js'
import { storeAfter, type RulesView } from '../admin/store-after.js'
import { formatPartnerObservations, formatRuleObservations } from '../report/format-observed.js'
import { ruleObservations, partnerObservations, type RuleObservations } from '../report/rule-observed.js'
import { GROUP_PREFIX } from '../rules/group-name.js'
import { definitionOf } from '../rules/levels.js'
import type { OwnedRule } from '../rules/owner-entries.js'
import { actionOf, type Rule } from '../rules/rule.js'
import { ruleChanges } from '../store/entry-change.js'
import { canAsk, isConfirmed } from './ask.js'
import { isGroupReference } from './check-targets.js'
import type { Context } from './context.js'
import { Refusal } from './refusal.js'
import { warnAboutPartners } from './rule-check.js'

/** How the user wants it. */
export interface BeforeChangeOptions {
  /** Does not ask. */
  readonly yes?: true | undefined
  /** Asks the mail servers. @default true */
  readonly check?: boolean
}

/** A change of one rule. */
export interface RuleStep {
  /** `null`: it is new. */
  readonly before: Rule | null
  readonly after: OwnedRule
  /** Such as `Switch on rule k3m8r2pq7x of acme.example (Bank)?` */
  readonly question: string
}

/**
 * Tells what is known, and asks.
 *
 * @returns what the log has of the rule
 * @throws {Refusal} where the answer is not yes; nothing is written then.
 */
export async function beforeRuleChange(
  context: Context,
  { before, after, question }: RuleStep,
  { yes, check = true }: BeforeChangeOptions,
): Promise<RuleObservations | null> {
  const { rule } = after
  const { level } = actionOf(rule)
  const reports = rule.mode === 'report' || before?.mode === 'report'
  const isNew = before === null
  const observed = isNew
    ? null
    : await ruleObservations(context.deliveries(), after, level === 'none' ? null : level)
  if (!isNew) for (const sentence of formatRuleObservations(observed, reports)) context.output.line(sentence)
  if (!isRisky(before, rule)) return observed
  const less = before?.enabled
    ? formatLessThanBefore(actionOf(before), actionOf(rule))
    : null
  if (less !== null) context.output.line(less)
  if (check) await warnAboutPartners(context, [after], viewWith(context, after))
  await confirmed(context, question, yes)
  return observed
}

/** The same for a group that gets new members. @param rules that refer to it, as they are. */
export async function beforeGroupChange(
  context: Context,
  name: string,
  added: readonly string[],
  rules: readonly OwnedRule[],
  options: BeforeChangeOptions,
): Promise<void> {
  const enforcing = rules.filter(
    ({ rule }) =>
      rule.enabled && rule.mode !== 'report' && rule.criteria.to?.matchesAny?.includes(GROUP_PREFIX + name),
  )
  if (added.length === 0 || enforcing.length === 0) return
  const [strictest] = strictestFirst(enforcing).map((owned) => ({
    ...owned,
    rule: { ...owned.rule, criteria: { ...owned.rule.criteria, to: { matchesAny: added } } },
  }))
  if (strictest) await sayKnown(context, [strictest], viewWith(context, strictest), options)
  await confirmed(
    context,
    `Add to group ${name}, which ${enforcing.length === 1 ? '1 rule that is on refers' : `${enforcing.length} rules that are on refer`} to?`,
    options.yes,
  )
}

/** The same for a change that brings many rules into force. @param after the store as it would be */
export async function beforeRulesChange(
  context: Context,
  rules: readonly OwnedRule[],
  after: RulesView,
  question: string,
  options: BeforeChangeOptions,
): Promise<void> {
  if (rules.length === 0) return
  await sayKnown(context, rules, after, options)
  await confirmed(context, question, options.yes)
}

/** Says what the delivery log has of the partners that rules name, and what their mail servers say. */
export async function sayKnown(
  context: Context,
  rules: readonly OwnedRule[],
  after: RulesView,
  { check = true }: BeforeChangeOptions,
): Promise<void> {
  const patterns = rules.flatMap(({ rule }) => rule.criteria.to?.matchesAny ?? [])
  const named = [...new Set(patterns)].filter((pattern) => pattern !== '*' && !isGroupReference(pattern))
  if (named.length > 0) {
    const observed = await partnerObservations(context.deliveries(), domainsIn(named))
    for (const sentence of formatPartnerObservations(observed, named)) context.output.line(sentence)
  }
  if (check) await warnAboutPartners(context, rules, after)
}

/** The store with a rule in its place. */
export function viewWith({ store }: Pick<Context, 'store'>, { owner, id, rule }: OwnedRule): RulesView {
  return storeAfter(store, ruleChanges(owner, [{ id, expected: null, value: JSON.stringify(rule) }]))
}

function strictestFirst(rules: readonly OwnedRule[]): readonly OwnedRule[] {
  const weight = ({ rule }: OwnedRule): number => {
    const relayWithTls = actionOf(rule)
    const { trusted, pinned, names, published } = definitionOf(relayWithTls.level)
    if (published !== null) return { defer: 4, encrypt: 1, none: 0 }[otherwiseOf(relayWithTls) ?? 'defer']
    return Number(trusted) * 2 + Number(pinned) + Number(names === 'domain')
  }
  return [...rules].sort((a, b) => weight(b) - weight(a))
}

async function confirmed({ output }: Context, question: string, yes: true | undefined): Promise<void> {
  if (yes || !canAsk(output) || (await isConfirmed(output, question))) return
  throw new Refusal(['nothing was changed'])
}
