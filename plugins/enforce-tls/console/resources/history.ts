/** Who changed what, and taking it back. */
import { findingGroupProblem, findingRuleProblem } from '../../admin/entry-problems.js'
import { spellingOf } from '../../admin/canonical.js'
import { valueOf } from '../../store/difference.js'
import { comparingEntry } from '../../admin/history-difference.js'
import { Groups } from '../../rules/group.js'
import { EVERYONE } from '../../rules/owner.js'
import { quote } from '../../text/quote.js'
import type { InPieces } from '../../work/pieces.js'
import type { EntryChange } from '../../store/entry-change.js'
import type { HistoryEntry } from '../../store/history.js'
import { StoreError } from '../../store/rule-store.js'
import { inPieces } from '../../work/turns.js'
import { digest } from '../auth/account.js'
import { mayChange, maySee } from '../auth/permission.js'
import { effectsOf, effectsSchema } from '../effects.js'
import { param, visibleOwner } from '../owner-access.js'
import { badCursor, cursorOf, Page, pageQuery, pageReply } from '../paging.js'
import { notFound, Problem } from '../problem.js'
import { route, type Call, type Reply, type Schema } from '../route.js'
import { flag, list, object, shortText, text } from '../schemas.js'
import { assertUnused } from './groups.js'

const COUNT = 50

const entry: Schema = object({
  id: { ...text, description: 'For undo.' },
  change: { ...text, description: 'The same for all entries that were written in one step.' },
  at: text,
  by: text,
  key: { type: 'string', enum: ['rules', 'domains', 'groups'] },
  owner: text,
  field: { ...text, description: 'The rule id, the domain or the group.' },
  from: { description: 'What stood there before; null for nothing.' },
  to: { description: 'What stood there then; null for nothing.' },
  leftOut: {
    ...flag,
    description: '`from` and `to` are too long to be kept: they are null, and the change can not be undone.',
  },
  differences: { ...list(text), description: 'What differs, in short lines.' },
})

export const historyRoutes = [
  route({
    method: 'get',
    path: '/history',
    operationId: 'listHistory',
    summary: 'Changes made with this console, its API and the command, latest first.',
    needs: 'reader',
    query: {
      owner: shortText,
      count: { ...pageQuery['limit'], default: COUNT, description: 'As limit.' },
      ...pageQuery,
      limit: { ...pageQuery['limit'], default: COUNT },
    },
    paged: true,
    answers: { 200: list(entry) },
    handle: listHistory,
  }),
  route({
    method: 'post',
    path: '/history/{id}/undo',
    operationId: 'undoChange',
    summary: 'Take back a change, with all that was written in the same step.',
    needs: 'editor',
    answers: { 200: object({ undone: list(entry), effects: effectsSchema }) },
    handle: undo,
  }),
]

async function listHistory(call: Call): Promise<Reply> {
  const { context, identity, query } = call
  const owner = query['owner'] === undefined ? undefined : visibleOwner(call, String(query['owner']))
  const page = new Page<object>(call, Number(query['count'] ?? COUNT))
  let after = cursorOf(call)
  let last: string | null = null
  const accepts = (place: { readonly owner: string }): boolean => maySee(identity, place.owner)
  for await (const each of context.store.historyEntries({ owner, accepts })) {
    const id = idOf(each)
    if (after !== null) {
      if (id === after) after = null
      continue
    }
    const shown = await inPieces(toEntry(each))
    if (!page.add(shown, (each.from?.length ?? 0) + (each.to?.length ?? 0)))
      return { body: page.entries, ...pageReply(call, last, null) }
    last = id
  }
  if (after !== null) throw badCursor(after)
  return { body: page.entries, ...pageReply(call, null, null) }
}

async function undo(call: Call): Promise<Reply> {
  const { context, identity } = call
  const step = await stepWith(call, param(call, 'id'))
  if (!step.every((each) => mayChange(identity, each.key === 'groups' ? EVERYONE : each.owner)))
    throw new Problem(403, 'forbidden', 'That change was made together with others that you may not change.')
  assertInHistory(step)
  await assertUndoable(call, step)
  const back: EntryChange[] = []
  for (const { key, owner, field, from, to } of step) {
    const value = from === null ? null : await inPieces(spellingOf(key, from))
    back.push({ key, owner, field, expected: to, value })
  }
  try {
    await context.store.writeAll(back, { by: identity.author })
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'STORE_CONFLICT') throw error
    throw new Problem(
      409,
      'changed-since',
      'It was changed again since then; take back the later change first, or change it by hand.',
    )
  }
  const undone: object[] = []
  for (const each of step) undone.push(await inPieces(toEntry(each)))
  const rules = step.flatMap(({ key, owner, field }) => (key === 'rules' ? [{ owner, id: field }] : []))
  return { body: { undone, effects: await effectsOf(call, rules) } }
}

/**
 * The step that an entry belongs to. Its entries lie together in the history; the look ends behind them.
 *
 * @throws {Problem} 404 where there is none, or it is not for these eyes.
 */
async function stepWith({ context, identity }: Call, id: string): Promise<HistoryEntry[]> {
  let step: HistoryEntry[] = []
  let found: HistoryEntry | null = null
  for await (const each of context.store.historyEntries({})) {
    if (step[0] && changeOf(step[0]) !== changeOf(each)) {
      if (found) break
      step = []
    }
    step.push(each)
    if (idOf(each) === id) found = each
  }
  if (found === null || !maySee(identity, found.owner)) throw notFound(`change ${quote(id)}`)
  return step
}

/** @throws {Problem} 409 where the history has forgotten a part of what was written in that step. */
function assertInHistory(step: readonly HistoryEntry[]): void {
  const entries = step[0]?.step?.entries ?? step.length
  if (entries === step.length && step.every(({ leftOut }) => leftOut === null)) return
  throw new Problem(
    409,
    'not-kept',
    'The history does not keep all of that change any more, so it can not be taken back as a whole; change it by hand.',
  )
}

/** What is brought back must be valid now: a broken entry makes mail wait. */
async function assertUndoable(call: Call, step: readonly HistoryEntry[]): Promise<void> {
  const made = step.filter(({ key, from }) => key === 'groups' && from === null)
  await assertUnused(
    call,
    made.map(({ field }) => field),
  )
  const problem = await inPieces(findingProblem(step, new Groups(await call.context.store.groups())))
  if (problem !== null)
    throw new Problem(409, 'not-valid', `What was there before is not valid any more: ${problem}.`)
}

function* findingProblem(step: readonly HistoryEntry[], groups: Groups): InPieces<string | null> {
  for (const { key, owner, field, from } of step) {
    if (from === null || key === 'domains') continue
    const problem =
      key === 'rules'
        ? yield* findingRuleProblem(owner, field, from, groups)
        : yield* findingGroupProblem(field, from)
    if (problem !== null) return problem
    yield
  }
  return null
}

/** An entry is named by what it says: what is written in one step differs in its place. */
function idOf({ at, by, key, owner, field, from, to, step }: HistoryEntry): string {
  const said = step === null ? [at, by, key, owner, field, from, to] : [step.id, key, owner, field]
  return digest(JSON.stringify(said)).slice(0, 22)
}

/** What is written in one step has its name; before steps had names, one time and one author. */
function changeOf({ at, by, step }: HistoryEntry): string {
  return digest(JSON.stringify(step === null ? [at, by] : [step.id])).slice(0, 22)
}

function* toEntry(each: HistoryEntry): InPieces<object> {
  const { at, by, key, owner, field } = each
  const from = valueOf(each.from)
  yield
  const to = valueOf(each.to)
  yield
  const differences = yield* comparingEntry(each)
  const leftOut = each.leftOut !== null
  return { id: idOf(each), change: changeOf(each), at, by, key, owner, field, from, to, leftOut, differences }
}
