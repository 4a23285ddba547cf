/** What a rule does, in sentences: the same for the command, the console and its API. Pure. */
import { listed, numbered } from '../text/list.js'
import type { Above, Also, RuleEffect } from '../rules/effect.js'
import { definitionOf } from '../rules/levels.js'
import type { OwnedRule } from '../rules/owner-entries.js'
import type { DecidedBy } from '../rules/requirement.js'
import type { Part } from '../rules/tally.js'
import { formatLeftOpen, formatLevel, formatLevelOf } from './format-published.js'
import { formatCovered, formatMail, formatAction, formatSender } from './format-rule.js'
import { actionOf } from '../rules/rule.js'

/**
 * `active`: it does what it says. `partly`: for some of its mail. `reports`: it changes no delivery. `no-effect`:
 * rules above it come first for all of its mail. `inactive`: on, and not in force. `waits`: another entry is not
 * valid.
 */
export const EFFECT_STATUSES = [
  'active',
  'partly',
  'reports',
  'no-effect',
  'inactive',
  'waits',
  'off',
] as const

/** A rule's effect for a person. */
export interface FormattedEffect {
  readonly status: (typeof EFFECT_STATUSES)[number]
  /** A few words for a list. */
  readonly summary: string
  /** What follows on "The rule is". */
  readonly is: string
  /** Whole sentences that belong to it. */
  readonly more: readonly string[]
  /** What would bring it into force. */
  readonly wayOut: { readonly enable: string } | { readonly moveBefore: string } | null
}

/** What is known beside the rules. */
export interface EffectSurroundings {
  /** `[main] report_only` of the settings. */
  readonly reportOnly: boolean
  /** Whether Haraka offers STARTTLS to those who bring mail; `null` where that is not known. */
  readonly offersTls: boolean | null
  /** Own domains whose bounces the rule covers. */
  readonly bouncesTo: readonly string[]
}

/** Says what a rule does. */
export function formatEffect(
  owned: OwnedRule,
  effect: RuleEffect,
  around: EffectSurroundings,
): FormattedEffect {
  const { rule } = owned
  const others = formatBroken(effect)
  if (!rule.enabled || effect.inactive?.why === 'disabled')
    return {
      status: 'off',
      summary: 'off',
      is: 'off',
      more: [...formatOtherwise(effect), ...others],
      wayOut: null,
    }
  if (effect.inactive !== null) {
    const why = formatInactive(owned, effect.inactive)
    return {
      status: 'inactive',
      summary: `inactive: ${why.summary}`,
      is: `on, but inactive: ${why.is}`,
      more: [...formatOtherwise(effect), ...others],
      wayOut: effect.inactive.why === 'service-off' ? { enable: effect.inactive.domain } : null,
    }
  }
  const whole = effect.above.filter(({ certain, own }) => certain && own > 0)
  if (whole.length > 0 && effect.checked > 0 && coversAll(whole, effect)) {
    const [first] = whole
    return {
      status: 'no-effect',
      summary: `no effect: ${first ? `rule “${first.rule.name}” comes first` : ''}`,
      is: `on, but has no effect: ${whole.map((above) => `${formatRule(above.rule)} above it ${formatDoes(above)}`).join('; ')}`,
      more: [...formatBound(effect), ...others],
      wayOut: first && first.rule.id !== '' ? { moveBefore: first.rule.id } : null,
    }
  }
  const limited = effect.above.length > 0
  const reports = rule.mode === 'report' || around.reportOnly
  const status = others.length > 0 ? 'waits' : reports ? 'reports' : limited ? 'partly' : 'active'
  const summaries = {
    waits: 'another rule is not valid',
    reports: 'only reports',
    partly: 'not for all of its mail',
    active: 'active',
  } as const
  return {
    status,
    summary: summaries[status],
    is: `on: ${formatActive(owned, around)}`,
    more: [
      ...effect.above.map((above) => formatAbove(above)),
      ...effect.also.map((also) => formatAlso(also, owned)),
      ...formatDependsOn(effect),
      ...formatBound(effect),
      ...formatIncoming(owned, around),
      ...formatOwnBounces(around),
      ...others,
    ],
    wayOut: null,
  }
}

/** Says the same of a rule that does not validate, such as one whose group is gone. */
export function formatInvalid({ owner, id, rule }: OwnedRule, problem: string): FormattedEffect {
  const is = `not valid: ${problem}`
  const more = rule.enabled ? formatBroken({ broken: [{ owner, id, problem }] }) : []
  return { status: rule.enabled ? 'waits' : 'off', summary: 'not valid', is, more, wayOut: null }
}

/** All own mail is covered by the parts together. */
function coversAll(parts: readonly Above[], { checked }: RuleEffect): boolean {
  return parts.some(({ all }) => all) || parts.reduce((sum, { own }) => sum + own, 0) >= checked
}

function formatActive({ owner, rule }: OwnedRule, { reportOnly }: EffectSurroundings): string {
  const relayWithTls = actionOf(rule)
  const { startsAt, expiresAt } = rule
  const encrypted = definitionOf(relayWithTls.level).encrypted
  const clause = [
    encrypted
      ? formatCovered(owner, rule)
      : `${formatMail(owner, rule)} does not require TLS by the rules below it`,
    ` (${formatAction(relayWithTls)})`,
    startsAt === undefined ? '' : `, from ${startsAt} on`,
    expiresAt === undefined ? '' : `, until ${expiresAt}`,
  ].join('')
  if (rule.mode === 'report' && !encrypted)
    return `it only reports, and a rule of level none has nothing to report; once it enforces, ${clause}`
  if (rule.mode === 'report')
    return `it only reports; once it enforces, ${clause}. Until then, enforce-tls report and, from level NOTICE on, Haraka's log say what would have happened`
  return reportOnly ? `nothing is enforced, because report_only=true is set; without it, ${clause}` : clause
}

function formatInactive(
  { rule }: OwnedRule,
  inactive: NonNullable<RuleEffect['inactive']>,
): { readonly is: string; readonly summary: string } {
  switch (inactive.why) {
    case 'service-off':
      return {
        is: `message rules are switched off for ${inactive.domain}`,
        summary: 'switched off for the domain',
      }
    case 'over':
      return { is: `it expired at ${rule.expiresAt ?? ''}`, summary: 'expired' }
    case 'not-begun':
      return { is: `it starts at ${rule.startsAt ?? ''}`, summary: 'not started' }
    case 'nobody':
      return { is: 'no mail can match it', summary: 'matches no mail' }
    case 'disabled':
      return { is: 'it is off', summary: 'off' }
  }
}

/** What is required of the mail of a rule that is not in force. */
function formatOtherwise(effect: RuleEffect): string[] {
  const { also, mayRequire, mayExempt, othersKnown, broken, checked, named } = effect
  if (checked === 0) return []
  if (also.length + mayRequire.length + broken.length === 0 && othersKnown)
    return ['No other rule requires TLS for its mail, which is delivered as usual.']
  const required = also.map(({ requirement, certain, ...part }) => {
    const rules = requirement.decidedBy.map(formatRule).join(' and ')
    const mail = part.all && named <= checked ? 'all of its mail' : formatPart(part)
    const is = certain
      ? `is still required for ${mail}, by ${rules}`
      : `may still be required for ${mail}: it depends on the message's header, which ${rules} looks at`
    return `${[`Level ${requirement.level} ${is}`, ...formatLeftOpen(requirement)].join('; ')}.`
  })
  return [
    ...required,
    ...(mayExempt.length > 0
      ? [`Some of that mail may be exempt: see ${listed(mayExempt.map(formatRule))}.`]
      : []),
    ...(also.length > 0 ? formatBound(effect) : []),
    ...(mayRequire.length > 0
      ? [`TLS may still be required for some of its mail, by ${listed(mayRequire.map(formatRule))}.`]
      : []),
    ...(othersKnown
      ? []
      : ['Other rules may still require TLS for some of its mail; not all of them were looked at.']),
  ]
}

function formatAbove({ rule, certain, ...above }: Above): string {
  const does = formatDoes(above)
  const mail = above.all ? '' : ` for ${formatPart(above)}`
  return certain
    ? `Except${mail}: ${formatRule(rule)} above it ${does}.`
    : `Depends on the message's header${mail}: where that matches, ${formatRule(rule)} above it ${does}.`
}

function formatDoes({ does, action, still }: Pick<Above, 'does' | 'action' | 'still'>): string {
  if (does === 'decides') return `decides for this mail, at ${formatLevel(action)}`
  return still === null
    ? 'exempts this mail'
    : `exempts this mail from the rules of its owner, while ${still.decidedBy.map(formatRule).join(' and ')} still requires ${formatLevelOf(still)}`
}

function formatAlso({ requirement, certain, ...part }: Also, { owner, rule }: OwnedRule): string {
  const rules = requirement.decidedBy.map(formatRule).join(' and ')
  const mail = part.all ? '' : ` for ${formatPart(part)}`
  const may = certain ? '' : ", where the message's header matches"
  const { minVersion } = requirement
  const sum = `${formatLevelOf(requirement)}${minVersion ? `, ${minVersion} or later` : ''}`
  return actionOf(rule).level === 'none'
    ? `The exemption is from the rules of ${formatSender(owner)} alone: ${rules} requires ${sum}${mail}${may}.`
    : `That is the minimum${mail}: with ${rules}${may}, it is ${sum}.`
}

function formatDependsOn({ dependsOn }: RuleEffect): string[] {
  if (dependsOn.length === 0) return []
  return [`Whether it matches depends on the message: it looks at ${listed(dependsOn)}.`]
}

function formatBound({ checked, named }: RuleEffect): string[] {
  if (named <= checked) return []
  return [`Only the first ${checked} of the ${numbered(named, 'recipient')} that it names were looked at.`]
}

function formatIncoming({ rule }: OwnedRule, { offersTls }: EffectSurroundings): string[] {
  if (rule.direction !== 'incoming' || offersTls !== false) return []
  if (!definitionOf(actionOf(rule).level).encrypted) return []
  return [
    'All of that mail is rejected, because Haraka does not offer STARTTLS: its plugin tls is not loaded. Add the line tls to config/plugins.',
  ]
}

function formatOwnBounces({ bouncesTo }: EffectSurroundings): string[] {
  if (bouncesTo.length === 0) return []
  return [
    `It covers bounces to your own domains as well (${listed(bouncesTo)}): where their mail server does not accept TLS, senders do not get their bounces. To leave these out, put a rule of * with level none for these recipients above it.`,
  ]
}

function formatBroken({ broken }: Pick<RuleEffect, 'broken'>): string[] {
  return broken.map(({ owner, id, problem }) => {
    const what = id === null ? `The switch of ${owner}` : `Rule ${id} of ${owner}`
    if (id === '') return 'Mail may wait, because a rule of the whole service is not valid.'
    return `${what} is not valid (${problem}). Where Haraka knows no valid version of it, all mail of ${formatSender(owner)} waits until that is fixed.`
  })
}

/** A rule by name, with the id that a command needs; one that is not to be named has no id. */
function formatRule({ owner, id, name }: DecidedBy): string {
  return id === '' ? name : `rule ${id} of ${owner} (${name})`
}

function formatPart({ patterns, count }: Part): string {
  const shown = patterns.slice(0, 5)
  const rest = count - shown.length
  return shown.join(', ') + (rest > 0 ? ` and ${rest} more` : '')
}
