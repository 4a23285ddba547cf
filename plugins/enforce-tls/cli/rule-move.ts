/** `enforce-tls rule move`: another place in the list of an owner, which is numbered from 1 again. */
import { quote } from '../text/quote.js'
import { atOnce } from '../work/pieces.js'
import { moveChanges, movedRule } from '../rules/rule-order.js'
import { ruleChanges } from '../store/entry-change.js'
import { readEntries } from '../policy/read-parts.js'
import { retryConflicts, type Context } from './context.js'
import { showEffect } from './effects.js'
import { Refusal, WrongUse } from './refusal.js'
import { inspect, ruleOf, warnOfProblems } from './rule-entries.js'

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
    const read = await readEntries(store, owner)
    const { entries } = read
    ruleOf(entries, id, store)
    const beside = options.before ?? options.after
    if (beside !== undefined) ruleOf(entries, beside, store)
    const { rules, problems } = inspect(read, store)
    const moved = movedRule(rules, id, options, problems.length > 0)
    if (moved.changed) await write(ruleChanges(owner, atOnce(moveChanges(rules, moved.list, entries.rules))))
    return { ...moved, problems }
  })
  const place = moved.list.findIndex((rule) => rule.id === id)
  output.data(moved.list)
  output.line(
    `Rule ${id} of ${owner} (${moved.list[place]?.rule.name ?? ''}) is ${moved.changed ? '' : 'already '}number ${place + 1} of ${moved.list.length}.`,
  )
  const rule = moved.list[place]
  if (rule?.rule.enabled && !output.json) await showEffect(context, rule, 'It is')
  warnOfProblems(output, owner, moved.problems)
}
