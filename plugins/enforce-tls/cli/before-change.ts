/**
 * What is said before a change that makes mail bounce, or leave in the clear, which it did not before: what it would do,
 * what the delivery log has seen, and what the mail servers say now. On a terminal it is asked once whether to go on.
 */
import { askedOf } from '../admin/asked.js'
import { formatImpact, formatMoreRules, type ImpactWords } from '../admin/format-impact.js'
import { impactOf, type Impact } from '../admin/impact.js'
import { formatLess } from '../admin/less-than-before.js'
import { asks as asksByStep, type Step } from '../admin/steps.js'
import { formatPartnerObservations, formatRuleObservations } from '../report/format-observed.js'
import { ruleObservations, partnerObservations, type RuleObservations } from '../report/rule-observed.js'
import type { OwnedRule } from '../rules/owner-entries.js'
import { actionOf, type Rule } from '../rules/rule.js'
import { ruleChanges, type EntryChange } from '../store/entry-change.js'
import { canAsk, isConfirmed } from './ask.js'
import type { Context } from './context.js'
import { effectsNow } from './effects.js'
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
 * Says what is known of a rule and of what becomes of it, and asks.
 *
 * @returns what the log has of the rule
 * @throws {Refusal} where the answer is not yes; nothing is written then.
 */
export async function beforeRuleChange(
  context: Context,
  { before, after, question }: RuleStep,
  options: BeforeChangeOptions,
): Promise<RuleObservations | null> {
  const { owner, id, rule } = after
  const { level } = actionOf(rule)
  const reports = rule.mode === 'report' || before?.mode === 'report'
  const isNew = before === null
  const observed =
    isNew || !rule.enabled
      ? null
      : await ruleObservations(context.deliveries(), after, level === 'none' ? null : level)
  if (!isNew && rule.enabled)
    for (const sentence of formatRuleObservations(observed, reports)) context.output.line(sentence)
  const expected = isNew ? null : JSON.stringify(before)
  const changes = ruleChanges(owner, [{ id, expected, value: JSON.stringify(rule) }])
  const impact = await impactToAsk(context, changes, options)
  if (impact.asks) {
    const words = await sayImpact(context, impact, options)
    if (options.check !== false) await warnAboutPartners(context, impact, words)
    await confirmed(context, question, options)
  }
  return observed
}

/** The same for a change of any entries. @param question of the rules that it is asked for */
export async function beforeChange(
  context: Context,
  changes: readonly EntryChange[],
  question: (impact: Impact) => string,
  options: BeforeChangeOptions,
): Promise<Impact> {
  const impact = await impactToAsk(context, changes, options)
  if (!impact.asks) return impact
  await sayKnown(context, impact, options)
  await confirmed(context, question(impact), options)
  return impact
}

/** What changes would do. A yes is for that alone: what would do something else by then is not written. */
export async function impactToAsk(
  context: Context,
  changes: readonly EntryChange[],
  options: BeforeChangeOptions,
): Promise<Impact> {
  const impact = await impactOf(context.store, changes)
  if (!asks(context, options)) return impact
  const toAsk = (these: readonly EntryChange[], of: Impact) =>
    askedOf(these, of, effectsNow(context, of.after))
  context.confirm({
    asked: await toAsk(changes, impact),
    askedNow: async (these) => toAsk(these, await impactOf(context.store, these)),
  })
  return impact
}

/**
 * Says what a change would do, what the delivery log has of the partners, and what their mail servers say.
 *
 * @param removes whether something is removed: then it is told of every rule that ends, asked or not
 */
export async function sayKnown(
  context: Context,
  impact: Impact,
  options: BeforeChangeOptions,
  removes = false,
): Promise<void> {
  const words = await sayImpact(context, impact, options, removes ? () => true : asksByStep)
  const added = new Set(impact.rules.flatMap((rule) => rule.added))
  const named = [...added].filter((pattern) => pattern !== '*')
  if (named.length > 0) {
    const observed = await partnerObservations(context.deliveries(), named)
    for (const sentence of formatPartnerObservations(observed, named)) context.output.line(sentence)
  }
  if (options.check !== false) await warnAboutPartners(context, impact, words)
}

/** Off a terminal only what takes something away: what the rules do is said after the change. */
async function sayImpact(
  context: Context,
  impact: Impact,
  options: BeforeChangeOptions,
  isSpoken: (step: Step) => boolean = asksByStep,
): Promise<ImpactWords> {
  const { output } = context
  const words = await formatImpact(impact, effectsNow(context, impact.after), isSpoken)
  if (!asks(context, options)) {
    for (const less of new Set(impact.rules.map(formatLess))) if (less !== null) output.line(less)
    return words
  }
  for (const { impact: each, sentences } of words.rules) {
    const { owner, id, rule } = each.owned
    output.line(`Rule ${id === NEW_RULE ? '' : `${id} `}of ${owner} (${rule.name}):`)
    for (const sentence of sentences) output.item(sentence)
  }
  const more = formatMoreRules(words)
  if (more !== null) output.line(more)
  return words
}

/** Stands for the id of a rule that is not there yet. */
export const NEW_RULE = 'new'

function asks({ output }: Context, { yes }: BeforeChangeOptions): boolean {
  return yes !== true && canAsk(output)
}

async function confirmed(context: Context, question: string, options: BeforeChangeOptions): Promise<void> {
  if (!asks(context, options) || (await isConfirmed(context.output, question))) return
  throw new Refusal(['nothing was changed'])
}
