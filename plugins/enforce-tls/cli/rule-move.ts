/** `enforce-tls rule move`: another place in the list of an owner, which is numbered from 1 again. */
import { quote } from '../rules/owner.js'
import type { OwnedRule } from '../rules/owner-entries.js'
import { ruleChanges } from '../store/entry-change.js'
import { readRules } from '../store/read-rules.js'
import { retryConflicts, type Context } from './context.js'
import { Refusal, WrongUse } from './refusal.js'
import { inspect, ruleOf, textOf } from './rule-entries.js'

/** Where to; exactly one of them. */
export interface MoveOptions {
  readonly top?: true | undefined
  readonly bottom?: true | undefined
  readonly before?: string | undefined
  readonly after?: string | undefined
}

/**
 * Moves a rule. Rules that are not valid have no place in the order, and stay as they are.
 *
 * @throws {Refusal} when one of the two rules is not there or not valid.
 * @throws {WrongUse} when it is not said where to, or in two ways.
 */
export async function moveRule(
  context: Context,
  owner: string,
  id: string,
  options: MoveOptions,
): Promise<void> {
  const { store, write, output } = context
  if (Object.values(options).filter((value) => value !== undefined).length !== 1)
    throw new WrongUse(['say where to with one of --top, --bottom, --before <id>, --after <id>'])
  if (options.before === id || options.after === id)
    throw new Refusal([`rule ${quote(id)} can't be moved before or after itself`])
  const moved = await retryConflicts(async () => {
    const read = await readRules(store, owner)
    const { entries } = read
    ruleOf(entries, id, store)
    const beside = options.before ?? options.after
    if (beside !== undefined) ruleOf(entries, beside, store)
    const { rules } = inspect(read, store)
    const order = reordered(rules, id, options)
    const changed = !order.every((rule, index) => rule.id === rules[index]?.id)
    const numbered = order.map((owned, index) => ({
      ...owned,
      rule: { ...owned.rule, position: index + 1 },
    }))
    // Rules that keep their position are asked for as well: somebody may have moved them meanwhile.
    const changes = numbered.map(({ id: each, rule }, index) => {
      const expected = textOf(entries, each)
      const same = order[index]?.rule.position === rule.position
      return { id: each, expected, value: same ? expected : JSON.stringify(rule) }
    })
    if (changed) await write(ruleChanges(owner, changes))
    return { list: changed ? numbered : rules, changed }
  })
  const place = moved.list.findIndex((rule) => rule.id === id)
  output.data(moved.list)
  output.line(
    `Rule ${id} of ${owner} (${moved.list[place]?.rule.name ?? ''}) is ${moved.changed ? '' : 'already '}number ${place + 1} of ${moved.list.length}.`,
  )
}

function reordered(rules: readonly OwnedRule[], id: string, options: MoveOptions): readonly OwnedRule[] {
  const moving = rules.filter((rule) => rule.id === id)
  const others = rules.filter((rule) => rule.id !== id)
  return others.toSpliced(placeAmong(others, options), 0, ...moving)
}

function placeAmong(others: readonly OwnedRule[], { top, before, after }: MoveOptions): number {
  if (top) return 0
  if (before !== undefined) return others.findIndex((rule) => rule.id === before)
  if (after !== undefined) return others.findIndex((rule) => rule.id === after) + 1
  return others.length
}
