/** What a change would do, in sentences: the same for the command and the console. */
import { GROUP_PREFIX } from '../rules/group-name.js'
import { capital } from '../text/capital.js'
import { listed, numbered } from '../text/list.js'
import { EVERYONE } from '../rules/owner.js'
import { definitionOf } from '../rules/levels.js'
import { ANYONE } from '../rules/pattern.js'
import { actionOf } from '../rules/rule.js'
import type { Impact } from './impact.js'
import type { RuleImpact } from './rule-impact.js'
import { formatInstead } from './format-instead.js'
import { formatLess } from './less-than-before.js'
import type { NamedEffect, RuleEffects } from './rule-effects.js'
import { asks, type Step } from './steps.js'

/** Of so many rules it is said what they would do. */
const RULES_MAX = 10
/** So many partners are named whose mail another rule gets. */
const PATTERNS_MAX = 5

/** So many recipients are named where a rule has them in groups. */
const MEMBERS_MAX = 20

/** One rule, and what is to be known of it before. */
export interface FormattedImpact {
  readonly impact: RuleImpact
  readonly status: NamedEffect['status']
  readonly sentences: readonly string[]
}

/** What is said of a change. */
export interface ImpactWords {
  readonly rules: readonly FormattedImpact[]
  /** How many others there are. */
  readonly more: number
}

/**
 * Says it of the first rules that ask.
 *
 * @param isSpoken which rules are spoken of. @default those that ask
 * @param effects of the store as it would be
 * @throws {StoreError} where the store can't be read.
 */
export async function formatImpact(
  { rules }: Impact,
  effects: RuleEffects,
  isSpoken: (step: Step) => boolean = asks,
): Promise<ImpactWords> {
  const asking = rules.filter(({ step }) => isSpoken(step))
  const said: FormattedImpact[] = []
  for (const impact of asking.slice(0, RULES_MAX)) {
    const effect = await effects.of(impact.owned, impact.at ?? undefined)
    said.push({
      impact,
      status: effect.status,
      sentences: [...sentencesOf(impact, effect), ...recipientsOf(impact)],
    })
  }
  return { rules: said, more: asking.length - said.length }
}

/** How many rules are not spoken of, as a sentence; `null` for none. */
export function formatMoreRules({ more }: ImpactWords): string | null {
  return more > 0 ? `${numbered(more, 'more rule')} would change what happens to mail.` : null
}

function sentencesOf(impact: RuleImpact, effect: NamedEffect): string[] {
  const { owned, step, at } = impact
  const action = actionOf(owned.rule)
  const less = formatLess(impact)
  const isOverThen = at !== null && (step === 'lapses' || step === 'service-wide-ends')
  return [
    ...leadOf(impact, effect),
    ...(step === 'exempts'
      ? [`This is an exemption: ${fromThen(at, 'mail')} that it matches may leave without encryption.`]
      : []),
    ...(less === null ? [] : [less]),
    ...formatTurned(impact),
    ...(owned.owner === EVERYONE &&
    effect.status !== 'off' &&
    !isOverThen &&
    definitionOf(action.level).encrypted
      ? [
          'It is a rule of the whole service: it covers mail of every sender, and mail without a sender (<>), such as bounces and delivery reports.',
        ]
      : []),
    ...effect.more,
  ]
}

function leadOf(impact: RuleImpact, { is, more, status }: NamedEffect): string[] {
  const { step, at } = impact
  const itWould = capital(fromThen(at, 'it would'))
  const mayLeave = 'Its mail may leave unencrypted from then on, where no other rule requires TLS.'
  if (step === 'ends') return more.length > 0 ? [] : [mayLeave]
  if (step === 'exempts-less' && (status === 'off' || at !== null))
    return [`${itWould} no longer exempt its mail from the rules below it.`]
  if (at !== null && (step === 'lapses' || step === 'service-wide-ends'))
    return [`${itWould} no longer require TLS.`, ...(more.length > 0 ? [] : [mayLeave])]
  const whatIs = `${itWould} be ${is}.`
  return step === 'takes-over' ? [formatTakenOver(impact), whatIs] : [whatIs]
}

/** Whose mail it decides for then, which another rule did before. */
function formatTakenOver({ owned: { rule }, named, at, instead = [] }: RuleImpact): string {
  const partners = named.filter((pattern) => pattern !== ANYONE)
  const rest = partners.length - PATTERNS_MAX
  const shown = [...partners.slice(0, PATTERNS_MAX), ...(rest > 0 ? [`${rest} more`] : [])]
  const side = rule.direction === 'outgoing' ? 'to' : 'from'
  const mail = shown.length === 0 ? 'other mail' : `mail ${side} ${listed(shown)}`
  return `${capital(fromThen(at, mail))} would have to fulfil this rule instead, which ${formatInstead(instead, actionOf(rule))}.`
}

/** That a rule is about the other way of mail then. */
function formatTurned({ owned: { rule }, before }: RuleImpact): string[] {
  if (before === null || before.direction === rule.direction) return []
  const leave = before.direction === 'outgoing' ? 'leave' : 'arrive'
  return definitionOf(actionOf(before).level).encrypted
    ? [
        `It would no longer cover ${before.direction} mail, which may ${leave} unencrypted where no other rule requires TLS.`,
      ]
    : [`It would no longer exempt ${before.direction} mail from the rules below it.`]
}

function fromThen(at: number | null, what: string): string {
  return at === null ? what : `from ${new Date(at).toISOString().replace('.000Z', 'Z')} on ${what}`
}

/** Who is in the groups: whom a rule is about is not seen from their names. */
function recipientsOf({ owned, named, added }: RuleImpact): string[] {
  const { matchesAny = [] } = owned.rule.criteria.to ?? {}
  if (!matchesAny.some((pattern) => pattern.startsWith(GROUP_PREFIX))) return []
  return added.length > 0 && added.length < named.length
    ? [`New recipients: ${listed(added, MEMBERS_MAX)}.`]
    : [`Recipients, with those in groups: ${listed(named, MEMBERS_MAX)}.`]
}
