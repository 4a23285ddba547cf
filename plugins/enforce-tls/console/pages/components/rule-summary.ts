/** A rule in a line or two: what it looks at, and what it requires. */
import { html, type VNode } from '../preact.js'
import { plain } from '../plain.js'
import { mayLeaveInTheClear } from '../published-levels.js'
import { texts } from '../texts.js'
import { formatMoment } from '../times.js'
import type { Action, Effect, Lists, Rule } from '../types.js'
import { ruleTexts } from '../texts-rules.js'
import { EffectBadge } from './effect.js'
import { LevelBadge } from './level-badge.js'
import { RuleGroups } from './rule-groups.js'

const SHOWN = 3

export function RuleSummary(props: { readonly rule: Rule; readonly effect: Effect | null }): VNode {
  const { rule, effect } = props
  const { actions, criteria } = rule
  const action = actions.relayWithTls
  const lines = criteriaLines(rule)
  return html`<div class="rule-summary">
    ${lines.map((line) => html`<p key=${line}>${plain(line)}</p>`)}
    <${RuleGroups} criteria=${criteria} />
    <p class="row">
      <${ActionBadges} action=${action} />
      <${PeriodBadges} rule=${rule} />
      ${isInTime(rule) && html`<${EffectBadge} effect=${effect} />`}
    </p>
  </div>`
}

/** What the rule does; that nothing was chosen, and an exemption, are warnings. */
function ActionBadges({ action }: { readonly action: Action | undefined }): VNode {
  if (action === undefined) return html`<span class="badge badge-warn">${texts.actions.missing}</span>`
  const { level, minVersion, onFailure, via, requireOnward } = action
  return html`<${LevelBadge} level=${level} requireOnward=${requireOnward} />
    ${mayLeaveInTheClear(action) && html`<span class="badge badge-warn">${texts.actions.clearBadge}</span>`}
    ${minVersion !== undefined && html`<span class="badge">≥ ${texts.actions.version(minVersion)}</span>`}
    ${requireOnward !== undefined && html`<span class="badge">${texts.actions.requireOnwardNames[requireOnward]}</span>`}
    ${
      via !== undefined &&
      html`<span class="badge">
        ${texts.actions[onFailure === 'reroute' ? 'rerouteBadge' : 'viaBadge'](plain(via))}
      </span>`
    }`
}

/** What it looks at, a line for each field. */
export function criteriaLines({ criteria }: Pick<Rule, 'criteria'>): string[] {
  return [
    ...(['from', 'to', 'subject'] as const).flatMap((name) =>
      formatLists(texts.criteria.field[name], criteria[name]),
    ),
    ...(criteria.header ?? []).flatMap((header) =>
      formatLists(`${texts.criteria.field.header} ${header.name}`, header),
    ),
  ]
}

function isInTime({ startsAt, expiresAt }: Rule): boolean {
  const now = Date.now()
  const waits = startsAt !== undefined && Date.parse(startsAt) > now
  return !waits && (expiresAt === undefined || Date.parse(expiresAt) > now)
}

/** A rule that does not act yet, or not any more, says so. */
function PeriodBadges({ rule: { startsAt, expiresAt } }: { readonly rule: Rule }): VNode {
  const now = Date.now()
  const waits = startsAt !== undefined && Date.parse(startsAt) > now
  const over = expiresAt !== undefined && Date.parse(expiresAt) <= now
  return html`${waits && html`<span class="badge badge-warn">${texts.period.starts(formatMoment(startsAt))}</span>`}
  ${
    expiresAt !== undefined &&
    html`<span class=${`badge ${over ? 'badge-warn' : ''}`}>
      ${texts.period[over ? 'ended' : 'ends'](formatMoment(expiresAt))}
    </span>`
  }`
}

function formatLists(name: string, lists: Lists | undefined): string[] {
  const any = few(lists?.matchesAny ?? [])
  const none = few(lists?.matchesNone ?? [])
  if (any === '' && none === '') return []
  const except = none === '' ? '' : `${any === '' ? '' : ', '}${texts.rules.except} ${none}`
  return [`${name}: ${any}${except}`]
}

/** The first of a list, and how many more there are. */
export function few(values: readonly string[]): string {
  const shown = values
    .slice(0, SHOWN)
    .map((value) => (value === '*' ? ruleTexts.everyone : value))
    .join(', ')
  return values.length > SHOWN ? `${shown} ${texts.rules.more(values.length - SHOWN)}` : shown
}
