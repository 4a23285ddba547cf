/** What rules do as things stand, for who asks: rules that one may not see are not named. */
import { EFFECT_STATUSES, type FormattedEffect } from '../admin/format-effect.js'
import { RuleEffects, type NamedEffect } from '../admin/rule-effects.js'
import type { RulesView } from '../admin/store-after.js'
import { AT_A_GLANCE, THOROUGH, type EffectBounds, type RuleEffect } from '../rules/effect.js'
import type { DecidedBy, Requirement } from '../rules/requirement.js'
import { StoreError } from '../store/rule-store.js'
import { askedOf } from '../admin/asked.js'
import { impactOf, type Impact } from '../admin/impact.js'
import type { EntryChange } from '../store/entry-change.js'
import { maySee } from './auth/permission.js'
import type { Call, Schema } from './route.js'
import { list, object, text } from './schemas.js'

/** How many rules are spoken of after a change that concerns many. */
const RULES_MAX = 10

const words = {
  status: { type: 'string', enum: [...EFFECT_STATUSES] },
  summary: { ...text, description: 'The same in a few words.' },
  sentences: { ...list(text), description: 'For a person: what the rule does, and what limits it.' },
} as const

/** What one rule does. */
export const effectSchema: Schema = object(words)
/** What rules do that a change concerns. */
export const effectsSchema: Schema = {
  ...list(object({ owner: text, id: text, name: text, ...words })),
  description: 'What the rules that are on and that this concerns do now; the first ten.',
}

interface EffectBody {
  readonly status: FormattedEffect['status']
  readonly summary: string
  readonly sentences: readonly string[]
}

/** Effects of rules as the store holds them now, or as they would be in another one. */
export function effectsFor(
  { context, identity }: Pick<Call, 'context' | 'identity'>,
  bounds: EffectBounds = THOROUGH,
  read: RulesView = context.store,
): RuleEffects {
  const named = (rule: DecidedBy): DecidedBy =>
    maySee(identity, rule.owner) ? rule : { ...rule, id: '', name: 'a rule of the whole service' }
  const redacted = <T extends Requirement | null>(requirement: T): T =>
    requirement && { ...requirement, decidedBy: requirement.decidedBy.map(named) }
  return new RuleEffects(read, {
    reportOnly: context.settings().main.reportOnly,
    offersTls: context.offersTls(),
    bounds,
    visible: (effect): RuleEffect => ({
      ...effect,
      above: effect.above.map((each) => ({ ...each, still: redacted(each.still) })),
      also: effect.also.map((each) => ({ ...each, requirement: redacted(each.requirement) })),
      mayRequire: effect.mayRequire.map(named),
      mayExempt: effect.mayExempt.map(named),
      broken: effect.broken.map((each) =>
        maySee(identity, each.owner) ? each : { ...each, id: '', problem: '' },
      ),
    }),
  })
}

/** What changes do, and what is asked about that. @throws {StoreError} where the store can't be read. */
export async function impactAsked(
  call: Pick<Call, 'context' | 'identity'>,
  changes: readonly EntryChange[],
): Promise<{ readonly impact: Impact; readonly asked: string }> {
  const impact = await impactOf(call.context.store, changes)
  return { impact, asked: await askedOf(changes, impact, effectsFor(call, undefined, impact.after)) }
}

/** The effect of one rule; `null` for what is no valid rule. */
export async function effectOfRule(call: Call, owner: string, id: string): Promise<EffectBody | null> {
  const effect = await effectsFor(call).at(owner, id)
  return effect && bodyOf(effect)
}

/** The effects of a list of rules, by id, without going into details. */
export async function glances(
  call: Call,
  owner: string,
  ids: readonly string[],
  read?: RulesView,
): Promise<ReadonlyMap<string, EffectBody | null>> {
  const effects = effectsFor(call, AT_A_GLANCE, read)
  const found = new Map<string, EffectBody | null>()
  try {
    for (const id of ids) {
      const effect = await effects.at(owner, id)
      found.set(id, effect && bodyOf(effect))
    }
  } catch (error) {
    // What a wider owner's rules leave for them is unknown where those can't be read; the list is shown all the same.
    if (!(error instanceof StoreError) || error.code !== 'STORE_CORRUPT') throw error
  }
  return found
}

/** The effects of rules that a change concerns, as far as they are on and may be seen. */
export async function effectsOf(
  call: Call,
  rules: readonly { readonly owner: string; readonly id: string }[],
): Promise<readonly object[]> {
  const effects = effectsFor(call)
  const shown: object[] = []
  for (const { owner, id } of rules) {
    if (shown.length === RULES_MAX) break
    const effect = maySee(call.identity, owner) ? await effects.at(owner, id) : null
    if (effect && effect.status !== 'off') shown.push({ owner, id, name: effect.name, ...bodyOf(effect) })
  }
  return shown
}

function bodyOf({ status, summary, is, more }: NamedEffect): EffectBody {
  return { status, summary, sentences: [`The rule is ${is}.`, ...more] }
}
