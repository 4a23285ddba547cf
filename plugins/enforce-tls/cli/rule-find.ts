/** `enforce-tls rule list --all` and `--matching`: rules of all owners, or those that have a text in them. */
import { findRules, type FoundRule } from '../admin/find-rules.js'
import { ownerProblem } from '../admin/entry-problems.js'
import { ownerState, readOwner, rulePlace } from '../admin/owner-state.js'
import { made } from '../report/tallies.js'
import type { OwnedRule } from '../rules/owner-entries.js'
import type { Context } from './context.js'
import { Refusal } from './refusal.js'
import { rowOf, sayRemarks } from './rule-show.js'

/**
 * Lists the valid rules that fit.
 *
 * @param owner whose; `null` for all
 * @throws {Refusal} afterwards, where others that fit are not valid, or some can't be read
 */
export async function findByUser(
  context: Context,
  owner: string | null,
  text: string | undefined,
): Promise<void> {
  const { store, output } = context
  const owners =
    owner === null ? (await store.owners()).filter((each) => ownerProblem(each) === null) : [owner]
  const found: FoundRule[] = []
  const unreadable: string[] = []
  for await (const each of findRules(store, owners, { text }))
    if (each.rule) found.push(each.rule)
    else if (each.unreadable !== null) unreadable.push(each.unreadable)
  const valid = found.flatMap(({ owner: whose, id, rule, problem }) =>
    rule && problem === null ? [{ owner: whose, id, rule }] : [],
  )
  output.data(valid)
  if (valid.length > 0)
    output.table(
      ['owner', '#', 'on', 'name', 'to', 'level', 'id'],
      valid.map((owned) => [owned.owner, ...rowOf(owned)]),
    )
  else if (found.length === 0 && unreadable.length === 0)
    output.line(text === undefined ? 'There are no rules.' : 'No rule fits.')
  if (!output.json) await remarkOn(context, valid)
  const invalid = found
    .filter(({ problem }) => problem !== null)
    .map(({ owner: whose, id, problem }) => `${store.placeOf(rulePlace(whose, id))}: ${problem ?? ''}`)
  const [first, ...rest] = [...unreadable, ...invalid]
  if (first !== undefined) throw new Refusal([first, ...rest])
}

async function remarkOn(context: Context, shown: readonly OwnedRule[]): Promise<void> {
  const idsOf = new Map<string, Set<string>>()
  for (const { owner, id } of shown) made(idsOf, owner, () => new Set()).add(id)
  for (const [owner, ids] of idsOf) {
    const { rules } = await ownerState(await readOwner(context.store, owner))
    await sayRemarks(context, rules, (id) => ids.has(id))
  }
}
