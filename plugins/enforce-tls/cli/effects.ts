/** What rules do as things stand, told at the terminal after a change. */
import { loadsPlugin } from '../check/outbound-settings.js'
import { RuleEffects, type NamedEffect } from '../admin/rule-effects.js'
import type { EffectBounds } from '../rules/effect.js'
import type { RulesView } from '../admin/store-after.js'
import type { OwnedRule } from '../rules/owner-entries.js'
import { numbered } from '../text/list.js'
import type { Context } from './context.js'

/** How many rules are spoken of after a change that concerns many. */
const RULES_SHOWN = 10

/** The effects of the rules as the store holds them now, or as they would be in another one. */
export function effectsNow(
  { store, settings, folder }: Context,
  read: RulesView = store,
  bounds?: EffectBounds,
): RuleEffects {
  return new RuleEffects(read, {
    ...(bounds ? { bounds } : {}),
    reportOnly: settings.main.reportOnly,
    offersTls: loadsPlugin(folder, 'tls'),
  })
}

/**
 * Says what a rule does: one sentence that goes on after `subject`, then what belongs to it.
 *
 * @param subject such as `Rule k3m8r2pq7x of acme.example (Bank) is`
 */
export async function showEffect(context: Context, owned: OwnedRule, subject: string): Promise<void> {
  if (context.output.json) return
  const effect = await effectsNow(context).of(owned)
  say(context, effect, subject)
}

/** Says what has become of rules that a change concerns; those that are off are left out. */
export async function showEffects(
  context: Context,
  rules: readonly { readonly owner: string; readonly id: string }[],
): Promise<void> {
  if (context.output.json) return
  const effects = effectsNow(context)
  let shown = 0
  for (const [index, { owner, id }] of rules.entries()) {
    if (shown === RULES_SHOWN) {
      context.output.line(`${numbered(rules.length - index, 'more rule')} not shown.`)
      return
    }
    const effect = await effects.at(owner, id)
    if (effect === null || effect.status === 'off') continue
    shown++
    say(context, effect, subjectOf(effect))
  }
}

function subjectOf({ owner, id, name }: Pick<NamedEffect, 'owner' | 'id' | 'name'>): string {
  return `Rule ${id} of ${owner} (${name}) is`
}

function say({ output, command }: Context, effect: NamedEffect, subject: string): void {
  const { owner, id, is, more, wayOut } = effect
  const way =
    wayOut === null
      ? ''
      : 'enable' in wayOut
        ? `; switch them on with: ${command('domain', 'enable', wayOut.enable)}`
        : `; move it up with: ${command('rule', 'move', owner, id, '--before', wayOut.moveBefore)}`
  output.line(`${subject} ${is}${way === '' ? '.' : way}`)
  for (const sentence of more) output.line(sentence)
}
