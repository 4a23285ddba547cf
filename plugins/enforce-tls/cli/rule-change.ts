/** `enforce-tls rule enable`, `disable`, `move` and `delete`: small changes of one rule. */
import { deleteRule, moveRule, plannedMove, switchableRule, switchRule } from '../admin/change-rule.js'
import { readOwner, ruleText } from '../admin/owner-state.js'
import { inPieces } from '../work/turns.js'
import { parseRule } from '../rules/check-rule.js'
import { ruleChanges } from '../store/entry-change.js'
import { quote } from '../text/quote.js'
import { canAsk, confirmRemoval } from './ask.js'
import {
  beforeChange,
  beforeRuleChange,
  impactToAsk,
  sayKnown,
  type BeforeChangeOptions,
} from './before-change.js'
import type { Context } from './context.js'
import { effectsNow, showEffect } from './effects.js'
import { WrongUse } from './refusal.js'
import { warnAboutRule } from './rule-check.js'
import { warnOfBroken } from './rule-entries.js'

/** Switches a rule on, after what is known was said and asked, or off. */
export async function switchByUser(
  context: Context,
  owner: string,
  id: string,
  enabled: boolean,
  options: BeforeChangeOptions = {},
): Promise<void> {
  const { output, store } = context
  const before = await switchableRule(await readOwner(store, owner), id, enabled)
  const question = `Switch ${enabled ? 'on' : 'off'} rule ${id} of ${owner} (${before.name})?`
  const after = { owner, id, rule: { ...before, enabled } }
  const seen = await beforeRuleChange(context, { before, after, question }, options)
  // Nothing changes then, but who says it again wants to know how the partners are.
  if (enabled && before.enabled && options.check !== false) await warnAboutRule(context, after)
  const { owned, changed, read } = await switchRule(context, owner, id, enabled)
  output.data(owned.rule.mode === 'report' && enabled ? { ...owned, reports: seen } : owned)
  const already = changed ? '' : ' already'
  await showEffect(context, owned, `Rule ${id} of ${owner} (${owned.rule.name}) is${already}`)
  await warnOfBroken(context, read)
}

/** Where to; exactly one of them. */
export interface MoveOptions extends BeforeChangeOptions {
  readonly top?: true | undefined
  readonly bottom?: true | undefined
  readonly before?: string | undefined
  readonly after?: string | undefined
}

/** Moves a rule. @throws {WrongUse} when it is not said where to, or in two ways. */
export async function moveByUser(
  context: Context,
  owner: string,
  id: string,
  options: MoveOptions,
): Promise<void> {
  const { output } = context
  const { yes, ...to } = options
  if (Object.values(to).filter((value) => value !== undefined).length !== 1)
    throw new WrongUse(['say where to with one of --top, --bottom, --before <id>, --after <id>'])
  const { changes } = await plannedMove(await readOwner(context.store, owner), id, to)
  await beforeChange(context, changes, () => `Move rule ${id} of ${owner}?`, { yes })
  const { list, changed, read } = await moveRule(context, owner, id, to)
  const place = list.findIndex((rule) => rule.id === id)
  const moved = list[place]
  output.data(list)
  output.line(
    `Rule ${id} of ${owner} (${moved?.rule.name ?? ''}) is ${changed ? '' : 'already '}number ${place + 1} of ${list.length}.`,
  )
  if (moved?.rule.enabled) await showEffect(context, moved, 'It is')
  await warnOfBroken(context, read)
}

/** Deletes a rule; it asks first where somebody can answer. @param yes do not ask, not even on a terminal */
export async function deleteByUser(context: Context, owner: string, id: string, yes: boolean): Promise<void> {
  const { store, output, command } = context
  const text = ruleText(await store.readOwner(owner), id)
  const found = await inPieces(parseRule(text))
  const deletion = ruleChanges(owner, [{ id, expected: text, value: null }])
  if (!yes && canAsk(output)) await sayKnown(context, await impactToAsk(context, deletion, {}), {}, true)
  const name = 'rule' in found ? found.rule.name : 'it is not valid'
  await confirmRemoval(output, yes, {
    question: `Delete rule ${id} of ${owner} (${name})?`,
    refused: `nothing deleted: rule ${quote(id)} of ${owner} is still there`,
    command: command('rule', 'delete', owner, id, '--yes'),
  })
  const { rule, read } = await deleteRule(context, owner, id)
  output.data({ owner, id, rule })
  output.line(`Deleted rule ${id} of ${owner} (${name}).`)
  if (rule?.enabled && !output.json)
    for (const sentence of (await effectsNow(context).of({ owner, id, rule })).more) output.line(sentence)
  await warnOfBroken(context, read)
}
