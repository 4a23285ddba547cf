/** What a change would do, in sentences: the same for the command and the console. */
import { GROUP_PREFIX } from '../rules/group-name.js'
import { listed, numbered } from '../text/list.js'
import { EVERYONE } from '../rules/owner.js'
import { definitionOf } from '../rules/levels.js'
import { actionOf } from '../rules/rule.js'
import type { Impact, RuleImpact } from './impact.js'
import { formatLessThanBefore } from './less-than-before.js'
import type { NamedEffect, RuleEffects } from './rule-effects.js'
import { asks, type Step } from './steps.js'

/** Of so many rules it is said what they would do. */
const RULES_MAX = 10

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
    const effect = await effects.of(impact.owned)
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

function sentencesOf({ owned, before, step }: RuleImpact, { is, more, status }: NamedEffect): string[] {
  const { rule } = owned
  const action = actionOf(rule)
  const less = before === null ? null : formatLessThanBefore(actionOf(before), action)
  return [
    ...(step === 'exempts-less' && status === 'off'
      ? ['It would no longer exempt its mail from the rules below it.']
      : step === 'ends'
        ? more.length > 0
          ? []
          : ['Its mail may leave unencrypted from then on, where no other rule requires TLS.']
        : [`It would be ${is}.`]),
    ...(step === 'exempts'
      ? ['This is an exemption: mail that it matches may leave without encryption.']
      : []),
    ...(less === null ? [] : [less]),
    ...(owned.owner === EVERYONE && status !== 'off' && definitionOf(action.level).encrypted
      ? [
          'It is a rule of the whole service: it covers mail of every sender, and mail without a sender (<>), such as bounces and delivery reports.',
        ]
      : []),
    ...more,
  ]
}

/** Who is in the groups: whom a rule is about is not seen from their names. */
function recipientsOf({ owned, named, added }: RuleImpact): string[] {
  const { matchesAny = [] } = owned.rule.criteria.to ?? {}
  if (!matchesAny.some((pattern) => pattern.startsWith(GROUP_PREFIX))) return []
  return added.length > 0 && added.length < named.length
    ? [`New recipients: ${listed(added, MEMBERS_MAX)}.`]
    : [`Recipients, with those in groups: ${listed(named, MEMBERS_MAX)}.`]
}
