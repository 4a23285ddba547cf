/** Small changes of one rule: on or off, its place in the list, and its end. */
import { checkingRule } from './entry-problems.js'
import { moveChanges, movedRule, type Moved, type MoveTo } from '../rules/rule-order.js'
import { hasAction, type Rule } from '../rules/rule.js'
import { parseRule } from '../rules/check-rule.js'
import { ruleChanges, type EntryChange } from '../store/entry-change.js'
import { inPieces } from '../work/turns.js'
import { changing, type Editor } from './editor.js'
import { noRule, ownerState, ruleIn, rulePlace, ruleText, type OwnerRead } from './owner-state.js'
import { AdminProblem } from './problem.js'
import { readAfter, type ChangedRule } from './write-rule.js'

/**
 * The rule as it is before it is switched. One whose group is not valid can be switched off, and not on.
 *
 * @throws {AdminProblem} where it is not there, or not valid.
 */
export async function switchableRule(
  { entries, groups }: OwnerRead,
  id: string,
  enabled: boolean,
): Promise<Rule> {
  const rule = await ruleIn(entries, id)
  if (!enabled || rule.enabled) return rule
  const { owner } = entries
  if (!hasAction(rule)) throw new AdminProblem({ code: 'no-action', owner, id, name: rule.name })
  const checked = await inPieces(checkingRule(owner, id, ruleText(entries, id), groups))
  if ('rule' in checked) return rule
  const place = rulePlace(owner, id)
  throw new AdminProblem({ code: 'not-valid', place, problem: checked.problem })
}

/** Switches a rule on or off. @throws {AdminProblem} as `switchableRule`. */
export function switchRule(
  editor: Editor,
  owner: string,
  id: string,
  enabled: boolean,
  seen?: OwnerRead,
): Promise<ChangedRule> {
  return changing(editor, owner, seen, async (read) => {
    const before = await switchableRule(read, id, enabled)
    const rule = { ...before, enabled }
    if (before.enabled === enabled) return { owned: { owner, id, rule }, changed: false, read }
    const value = JSON.stringify(rule)
    await editor.write(ruleChanges(owner, [{ id, expected: ruleText(read.entries, id), value }]))
    return { owned: { owner, id, rule }, changed: true, read: readAfter(read, id, value) }
  })
}

/**
 * Moves a rule. Rules that are not valid have no place in the order, and stay as they are.
 *
 * @throws {AdminProblem} where one of the two rules is not there or not valid.
 */
export function moveRule(
  editor: Editor,
  owner: string,
  id: string,
  to: MoveTo,
  seen?: OwnerRead,
): Promise<Moved & { readonly read: OwnerRead }> {
  return changing(editor, owner, seen, async (read) => {
    const { moved, changes } = await plannedMove(read, id, to)
    if (moved.changed) await editor.write(changes)
    return { ...moved, read }
  })
}

/** The move as it would be. @throws {AdminProblem} as `moveRule`. */
export async function plannedMove(
  read: OwnerRead,
  id: string,
  to: MoveTo,
): Promise<{ readonly moved: Moved; readonly changes: readonly EntryChange[] }> {
  const beside = to.before ?? to.after
  if (beside === id) throw new AdminProblem({ code: 'beside-itself', value: id })
  const { rules } = await ownerState(read)
  for (const [field, named] of Object.entries({ id, before: to.before, after: to.after }))
    if (named !== undefined && !rules.some((rule) => rule.id === named))
      throw await noPlace(read, named, field as 'id' | 'before' | 'after')
  const moved = movedRule(rules, id, to, rules.length < read.entries.rules.size)
  const changes = moved.changed ? await inPieces(moveChanges(rules, moved.list, read.entries.rules)) : []
  return { moved, changes: ruleChanges(read.entries.owner, changes) }
}

/** Why a rule is not among those that decide. */
async function noPlace(
  { entries, groups }: OwnerRead,
  id: string,
  field: 'id' | 'before' | 'after',
): Promise<AdminProblem> {
  const { owner, rules } = entries
  const json = rules.get(id)
  if (json === undefined) return new AdminProblem({ code: 'no-place', field, cause: noRule(entries, id) })
  const checked = await inPieces(checkingRule(owner, id, json, groups))
  const problem = 'problem' in checked ? checked.problem : ''
  const place = rulePlace(owner, id)
  return new AdminProblem({ code: 'no-place', field, cause: { code: 'not-valid', place, problem } })
}

/** Deletes a rule, also one that is not valid: that is one way out of it. @returns what was there, `null` if not valid */
export function deleteRule(
  editor: Editor,
  owner: string,
  id: string,
  seen?: OwnerRead,
): Promise<{ readonly rule: Rule | null; readonly read: OwnerRead }> {
  return changing(editor, owner, seen, async (read) => {
    const expected = ruleText(read.entries, id)
    await editor.write(ruleChanges(owner, [{ id, expected, value: null }]))
    const checked = await inPieces(parseRule(expected))
    return { rule: 'rule' in checked ? checked.rule : null, read: readAfter(read, id, null) }
  })
}
