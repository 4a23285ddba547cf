/** What a change in the history has changed, and taking it back, with all that was written in the same step. */
import { createHash } from 'node:crypto'
import type { EntryPlace } from '../rules/entry-problem.js'
import { Groups } from '../rules/group.js'
import type { InPieces } from '../work/pieces.js'
import { isChange, type EntryChange } from '../store/entry-change.js'
import type { HistoryEntry } from '../store/history.js'
import type { ReadStore } from '../store/rule-store.js'
import { inPieces } from '../work/turns.js'
import { spellingOf } from './canonical.js'
import { isConflict, type Editor } from './editor.js'
import { findingGroupProblem, findingRuleProblem } from './entry-problems.js'
import { eventLines, isEventKey } from './format-event.js'
import { givingPositions, type OwnPositions } from './own-positions.js'
import { AdminProblem } from './problem.js'
import { assertUnused } from './set-group.js'
import { comparingTexts } from '../store/difference.js'

/** Stands for texts that are not there. */
const NOT_KEPT = 'the texts before and after are not kept, because together they are longer than 4 MB'

/** The differences, in pieces. */
export function* comparingEntry({ key, from, to, leftOut }: HistoryEntry): InPieces<readonly string[]> {
  if (isEventKey(key)) return eventLines(key, to)
  if (leftOut !== null) return [...leftOut, NOT_KEPT]
  // A service comes into being by being switched on.
  return yield* comparingTexts(key === 'domains' && to !== null ? (from ?? '{}') : from, to)
}

/** An entry is named by what it says: what is written in one step differs in its place. */
export function entryId({ at, by, key, owner, field, from, to, step }: HistoryEntry): string {
  return named(step === null ? [at, by, key, owner, field, from, to] : [step.id, key, owner, field])
}

/** What is written in one step has its name; before steps had names, one time and one author. */
export function stepId({ at, by, step }: HistoryEntry): string {
  return named(step === null ? [at, by] : [step.id])
}

function named(said: unknown): string {
  return createHash('sha256').update(JSON.stringify(said)).digest('base64url').slice(0, 22)
}

/**
 * The step that an entry belongs to. Its entries lie together in the history; the look ends behind them.
 *
 * @returns the entries, that of the id first among them as `found`
 * @throws {AdminProblem} where there is none.
 */
export async function stepWith(
  store: ReadStore,
  id: string,
): Promise<{ readonly found: HistoryEntry; readonly step: readonly HistoryEntry[] }> {
  let step: HistoryEntry[] = []
  let found: HistoryEntry | null = null
  for await (const each of store.historyEntries({})) {
    if (step[0] && stepId(step[0]) !== stepId(each)) {
      if (found) break
      step = []
    }
    step.push(each)
    if (entryId(each) === id) found = each
  }
  if (found === null) throw new AdminProblem({ code: 'no-change', value: id })
  return { found, step }
}

/**
 * Takes back a step. What is brought back must be valid now: a broken entry makes mail wait.
 *
 * @returns where rules stand whose position another one has by now, in sentences
 * @throws {AdminProblem} where the history has forgotten a part of it, or what it changed is another by now.
 */
export async function undo(editor: Editor, step: readonly HistoryEntry[]): Promise<readonly string[]> {
  const { changes, places } = await plannedUndo(editor.store, step)
  try {
    await editor.write(changes)
  } catch (error) {
    throw isConflict(error) ? new AdminProblem({ code: 'changed-since', place: null }) : error
  }
  return places
}

/** What taking back a step writes. @throws {AdminProblem} as `undo`. */
export async function plannedUndo(store: ReadStore, step: readonly HistoryEntry[]): Promise<OwnPositions> {
  if (!isOfEntries(step)) throw new AdminProblem({ code: 'is-event' })
  const entries = step[0]?.step?.entries ?? step.length
  if (entries !== step.length || step.some(({ leftOut }) => leftOut !== null))
    throw new AdminProblem({ code: 'not-kept' })
  const made = step.filter(({ key, from }) => key === 'groups' && from === null)
  await assertUnused(
    store,
    made.map(({ field }) => field),
  )
  const groups = await store.groups()
  const problem = await inPieces(findingProblem(step, new Groups(groups)))
  if (problem !== null) throw problem
  const planned: EntryChange[] = []
  const places: string[] = []
  for (const owner of new Set(step.map((each) => each.owner))) {
    const own = step.filter((each) => each.owner === owner)
    const { rules, service } = await store.readOwner(owner)
    const back: EntryChange[] = []
    for (const { key, field, from, to } of own) {
      const held = { rules: rules.get(field), groups: groups.get(field), domains: service }[key] ?? null
      const place = { key, owner, field }
      if (held !== to && held !== from) throw new AdminProblem({ code: 'changed-since', place })
      // What is as it was before the change already only has to stay so.
      const value = from === null || held === from ? from : await inPieces(spellingOf(key, from))
      back.push({ ...place, expected: held, value })
    }
    const isRule = ({ key }: EntryChange): boolean => key === 'rules'
    const given = await inPieces(givingPositions(owner, rules, back.filter(isRule)))
    planned.push(...back.filter((each) => !isRule(each)), ...given.changes)
    places.push(...given.places)
  }
  const [first] = planned
  if (first && !planned.some(isChange)) throw new AdminProblem({ code: 'changed-since', place: first })
  return { changes: planned, places }
}

function* findingProblem(
  step: readonly (HistoryEntry & EntryPlace)[],
  groups: Groups,
): InPieces<AdminProblem | null> {
  for (const { key, owner, field, from } of step) {
    if (from === null || key === 'domains') continue
    const problem =
      key === 'rules'
        ? yield* findingRuleProblem(owner, field, from, groups)
        : yield* findingGroupProblem(field, from)
    if (problem !== null)
      return new AdminProblem({ code: 'no-longer-valid', place: { key, owner, field }, problem })
    yield
  }
  return null
}

/** A message that went its way cannot be called back, and accounts are changed among the people. */
function isOfEntries(step: readonly HistoryEntry[]): step is readonly (HistoryEntry & EntryPlace)[] {
  return step.every(({ key }) => !isEventKey(key))
}
