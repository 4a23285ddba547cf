/** An explanation as text. */
import { listed } from '../text/list.js'
import { placedProblem } from '../rules/format-problem.js'
import type { Effect } from '../rules/entry-problem.js'
import type { ExplainedOwner, ExplainedRule, ExplainedState, Explanation } from '../rules/explanation.js'
import { formatEnvelopeAddress } from '../rules/explanation-data.js'
import type { FieldOutcome, MessageView } from '../rules/match.js'
import { EVERYONE, serviceDomainOf } from '../rules/owner.js'
import type { DecidedBy } from '../rules/requirement.js'
import type { Ruling } from '../rules/rule-list.js'
import { actionOf, type Rule } from '../rules/rule.js'
import type { Context } from './context.js'
import { formatLevelOf } from '../admin/format-published.js'
import { formatRequirement } from '../admin/format-requirement.js'
import { formatLeaves } from '../admin/format-rule.js'

/** Prints owners, rules and the result. */
export function showExplanation(context: Context, message: MessageView, explanation: Explanation): void {
  const { output } = context
  const { owners, ruling, open } = explanation
  const kind = message.direction === 'outgoing' ? 'Mail' : 'Incoming mail'
  output.line(
    `${kind} from ${formatEnvelopeAddress(message.sender)} to ${formatEnvelopeAddress(message.recipient)}:`,
  )
  for (const owner of owners) showOwner(context, owner)
  if (ruling === null) {
    showWait(context, owners)
    return
  }
  output.line(formatRuling(message, ruling, owners))
  for (const reported of ruling.reported)
    output.line(
      `In mode report, ${formatRules(reported.decidedBy)} would require ${formatLevelOf(reported)}.`,
    )
  for (const rule of open) output.line(formatOpen(rule))
}

function formatOpen({ owner, id, rule: { name }, fields }: ExplainedRule): string {
  const asked = fields.filter(({ met }) => met === null).map(({ field }) => field)
  return `Depends on the message's header: rule ${id} of ${owner} (${name}) looks at ${listed(asked)}; give the message with --message.`
}

/** What nobody can say, and why. */
function showWait({ output, store }: Context, owners: readonly ExplainedOwner[]): void {
  output.line('Unknown: the message waits until these entries are valid, or deleted.')
  for (const { waitsFor } of owners) if (waitsFor) output.item(placedProblem(waitsFor, store))
  output.line('A Haraka that has read a valid version of them goes by that one, beside the rules above.')
}

function showOwner(context: Context, { owner, awake, rules, problems, problemCount }: ExplainedOwner): void {
  const { output, command, store } = context
  const name = owner === EVERYONE ? `${owner} (the whole service)` : owner
  if (rules.length === 0 && problemCount === 0) {
    output.item(`${name}: no rules`)
    return
  }
  const domain = serviceDomainOf(owner)
  const asleep =
    awake || domain === null
      ? ''
      : `, inactive: message rules are switched off for the domain; switch them on with: ${command('domain', 'enable', domain)}`
  output.item(`${name}${asleep}`)
  for (const rule of rules) output.item(formatExplainedRule(rule), 2)
  for (const each of problems)
    output.item(`not valid (${PARTS[each.effect]}): ${placedProblem(each, store)}`, 2)
  if (problemCount > problems.length)
    output.item(`and ${problemCount - problems.length} more that are not valid`, 2)
}

/** What a broken entry comes to where nothing is known of it from before. */
const PARTS: Readonly<Record<Effect, string>> = {
  waits: 'unknown',
  'last-valid': 'its last valid version is in force',
  off: 'off, as it says',
  reports: 'only reports, as it says',
  sleeps: 'message rules are switched off',
}

function formatExplainedRule({ id, rule, state, part, fields }: ExplainedRule): string {
  const parts = { decides: ' -> decides', exempts: ' -> exempts', reports: ' -> reports' } as const
  const below = state === 'matched' || (state === 'unknown' && !exempts(rule))
  const without =
    rule.mode === 'report' && exempts(rule)
      ? ', only reports, without effect'
      : ', below the rule that decides'
  const end = part === null ? (below ? without : '') : parts[part]
  const why = fields.map(formatField).join(', ')
  return `${rule.position}. ${id} (${rule.name}): ${formatState(state, rule)}${end}${why === '' ? '' : ` [${why}]`}`
}

function formatState(state: ExplainedState, rule: Rule): string {
  if (state === 'asleep') return 'inactive'
  if (state !== 'unknown') return state
  return exempts(rule) ? 'unknown, counts as no match because it exempts' : 'unknown, counts as a match'
}

function exempts(rule: Rule): boolean {
  return actionOf(rule).level === 'none'
}

function formatField({ field, met, value, why }: FieldOutcome): string {
  if (met === null) return why === undefined ? `${field}: unknown` : `${field}: unknown, because ${why}`
  if (met) return value === null ? `${field}: no exception matches` : `${field}: matches ${value}`
  return value === null ? `${field}: no match` : `${field}: excepted by ${value}`
}

function formatRuling(
  { direction }: MessageView,
  { requirement, reported }: Ruling,
  owners: readonly ExplainedOwner[],
): string {
  if (requirement) {
    const end =
      direction === 'outgoing'
        ? `it ${formatLeaves(requirement)}`
        : 'it is rejected at RCPT unless it comes over TLS'
    return `Required: ${formatRequirement(requirement)}; by ${formatRules(requirement.decidedBy)}; ${end}.`
  }
  const exempting = owners.flatMap(({ owner, rules }) =>
    rules.filter(({ part }) => part === 'exempts').map(({ id, rule: { name } }) => ({ owner, id, name })),
  )
  if (exempting.length > 0) return `TLS is not required: exempted by ${formatRules(exempting)}.`
  return reported.length > 0
    ? 'TLS is not required: the message is delivered as usual.'
    : 'No rule applies: the message is delivered as usual.'
}

function formatRules(rules: readonly DecidedBy[]): string {
  return rules.map(({ owner, id, name }) => `rule ${id} of ${owner} (${name})`).join(' and ')
}
