/** Groups: named lists of patterns that rules refer to. */
import { checkGroup, type StoredGroups } from '../rules/group.js'
import { groupNameProblem } from '../rules/group-name.js'
import { namedChange } from '../store/entry-change.js'
import type { ReadStore } from '../store/rule-store.js'
import { inPieces } from '../work/turns.js'
import { retryConflicts, type Editor } from './editor.js'
import { AdminProblem } from './problem.js'
import { referringRules } from './referring-rules.js'

/** A group before and after a change. */
export interface ChangedGroup {
  /** As JSON; `null` where it is new. */
  readonly before: string | null
  readonly after: string
}

/**
 * The patterns of a group as they would be written.
 *
 * @throws {AdminProblem} for what is no name, or no list of patterns.
 */
export async function checkedGroup(name: string, patterns: readonly string[]): Promise<readonly string[]> {
  const problem = groupNameProblem(name)
  if (problem !== null) {
    const data = { field: 'name', value: name, problem }
    throw new AdminProblem({ code: 'invalid', what: 'group', problem: data })
  }
  const checked = await inPieces(checkGroup(patterns))
  if ('patterns' in checked) return checked.patterns
  const { at, ...wrong } = checked
  throw new AdminProblem({
    code: 'invalid',
    what: 'patterns',
    problem: { ...wrong, field: `patterns${at}` },
  })
}

/**
 * Makes a group of these patterns, in place of those that it has.
 *
 * @param patterns as `checkedGroup` gives them
 * @param seen the entry that somebody saw; without it, the change is made on what is there
 */
export function setGroup(
  { store, write }: Editor,
  name: string,
  patterns: readonly string[],
  seen?: string | null,
): Promise<ChangedGroup> {
  const after = JSON.stringify(patterns)
  const change = async (before: string | null): Promise<ChangedGroup> => {
    if (before !== after) await write([namedChange('groups', name, before, after)])
    return { before, after }
  }
  return seen === undefined
    ? retryConflicts(async () => change((await store.groups()).get(name) ?? null))
    : change(seen)
}

/** A group as it stands. @throws {AdminProblem} where it is not there. */
export function groupIn(groups: StoredGroups, name: string): string {
  const json = groups.get(name)
  if (json !== undefined) return json
  throw new AdminProblem({ code: 'no-group', value: name, known: groups })
}

/**
 * Deletes a group.
 *
 * @param seen the entry that somebody saw; without it, what is there is deleted
 * @returns the entry that was there
 * @throws {AdminProblem} where it is not there, or rules may need it.
 */
export async function deleteGroup(editor: Editor, name: string, seen?: string): Promise<string> {
  const { store, write } = editor
  const remove = async (json: string): Promise<string> => {
    await assertUnused(store, [name])
    await write([namedChange('groups', name, json, null)])
    return json
  }
  return seen === undefined
    ? retryConflicts(async () => remove(groupIn(await store.groups(), name)))
    : remove(seen)
}

/** @throws {AdminProblem} where rules may refer to one of these groups: their owners' mail would wait without it. */
export async function assertUnused(store: ReadStore, names: readonly string[]): Promise<void> {
  if (names.length === 0) return
  const { rules, broken, problems } = await referringRules(store, null)
  for (const group of names) {
    if (problems.length > 0) throw new AdminProblem({ code: 'unknown', group, problems })
    const needing = [...rules, ...broken].filter(({ groups }) => groups.includes(group))
    if (needing.length > 0) throw new AdminProblem({ code: 'in-use', group, rules: needing })
  }
}
