/**
 * What is known before a change that makes mail bounce, or leave in the clear, which it did not before: what the
 * delivery log has seen, and what the mail servers say now. On a terminal it is asked once whether to go on.
 */
import { isRisky } from '../admin/risky-change.js'
import type { RuleSeen } from '../report/rule-observed.js'
import { seenBy, seenOf } from '../report/rule-observed.js'
import { partnerSentences, seenSentences } from '../report/format-observed.js'
import { parseGroup, type StoredGroups } from '../rules/group.js'
import { GROUP_PREFIX } from '../rules/group-name.js'
import { definitionOf } from '../rules/levels.js'
import type { OwnedRule } from '../rules/owner-entries.js'
import type { Rule } from '../rules/rule.js'
import { canAsk, isConfirmed } from './ask.js'
import type { Context } from './context.js'
import { Refusal } from './refusal.js'
import { warnAboutPartners } from './rule-check.js'
import { atOnce } from '../work/pieces.js'

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
 * @returns what the log has seen of the rule
 * @throws {Refusal} where the answer is not yes; nothing is written then.
 */
export async function beforeRuleChange(
  context: Context,
  { before, after, question }: RuleStep,
  { yes, check = true }: BeforeChangeOptions,
): Promise<RuleSeen | null> {
  const { rule } = after
  const { level } = rule.actions.relayWithTls
  const reports = rule.mode === 'report' || before?.mode === 'report'
  const isNew = before === null
  const seen = isNew ? null : await seenBy(context.deliveries(), after, level === 'none' ? null : level)
  if (!isNew) for (const sentence of seenSentences(seen, reports)) context.output.line(sentence)
  if (!isRisky(before, rule)) return seen
  if (check) await warnAboutPartners(context, after)
  await confirmed(context, question, yes)
  return seen
}

/** The same for a group that gets new members. @param rules that refer to it, as they are. */
export async function beforeGroupChange(
  context: Context,
  name: string,
  added: readonly string[],
  rules: readonly OwnedRule[],
  { yes, check = true }: BeforeChangeOptions,
): Promise<void> {
  const enforcing = rules.filter(
    ({ rule }) =>
      rule.enabled && rule.mode !== 'report' && rule.criteria.to?.matchesAny?.includes(GROUP_PREFIX + name),
  )
  if (added.length === 0 || enforcing.length === 0) return
  const domains = added.map((pattern) => pattern.slice(pattern.lastIndexOf('@') + 1).replace(/^\./, ''))
  const seen = await seenOf(context.deliveries(), new Set(domains))
  for (const sentence of partnerSentences(seen, added)) context.output.line(sentence)
  if (check)
    for (const { owner, id, rule } of strictestFirst(enforcing).slice(0, 1))
      await warnAboutPartners(context, {
        owner,
        id,
        rule: { ...rule, criteria: { ...rule.criteria, to: { matchesAny: added } } },
      })
  const which = enforcing.length === 1 ? '1 rule that is on' : `${enforcing.length} rules that are on`
  await confirmed(
    context,
    `Add to group ${name}, which ${which} refer${enforcing.length === 1 ? 's' : ''} to?`,
    yes,
  )
}

/** The members of a stored group; none where it is not there, or not valid. */
export function membersOf(groups: StoredGroups, name: string): readonly string[] {
  const json = groups.get(name)
  const checked = json === undefined ? null : atOnce(parseGroup(json))
  return checked && 'patterns' in checked ? checked.patterns : []
}

function strictestFirst(rules: readonly OwnedRule[]): readonly OwnedRule[] {
  const weight = ({ rule }: OwnedRule): number => {
    const { trusted, pinned, names } = definitionOf(rule.actions.relayWithTls.level)
    return Number(trusted) * 2 + Number(pinned) + Number(names === 'domain')
  }
  return [...rules].sort((a, b) => weight(b) - weight(a))
}

async function confirmed({ output }: Context, question: string, yes: true | undefined): Promise<void> {
  if (yes || !canAsk(output) || (await isConfirmed(output, question))) return
  throw new Refusal(['nothing was changed'])
}
