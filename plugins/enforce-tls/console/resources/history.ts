/** Who changed what, and taking it back. */
import { groupProblem, ruleProblem } from '../../entries/entry-problems.js'
import { textDifferences, valueOf } from '../../entries/difference.js'
import { EVERYONE, quote } from '../../rules/owner.js'
import type { EntryChange } from '../../store/entry-change.js'
import type { HistoryEntry } from '../../store/history.js'
import { StoreError } from '../../store/rule-store.js'
import { digest } from '../auth/account.js'
import { mayChange, maySee } from '../auth/permission.js'
import { effectsOf, effectsSchema } from '../effects.js'
import { param, visibleOwner } from '../owner-access.js'
import { notFound, Problem } from '../problem.js'
import { route, type Call, type Reply, type Schema } from '../route.js'
import { list, object, shortText, text } from '../schemas.js'
import { assertUnused } from './groups.js'

const COUNT = 50
/** More than any store keeps. */
const ALL = 20_000

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
  differences: { ...list(text), description: 'What differs, in short lines.' },
})

export const historyRoutes = [
  route({
    method: 'get',
    path: '/history',
    operationId: 'listHistory',
    summary: 'Changes made with this console, its API and the command, latest first.',
    needs: 'reader',
    query: { owner: shortText, count: { type: 'integer', minimum: 1, maximum: 1000 } },
    answers: { 200: list(entry) },
    handle: async (call) => {
      const { owner, count = COUNT } = call.query
      const asked = owner === undefined ? undefined : visibleOwner(call, String(owner))
      const entries = await entriesFor(call, asked, Number(count))
      return { body: entries.map(toEntry) }
    },
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

function entriesFor(
  { context, identity }: Call,
  owner: string | undefined,
  limit: number,
): Promise<readonly HistoryEntry[]> {
  return context.store.history({ owner, limit, accepts: (place) => maySee(identity, place.owner) })
}

async function undo(call: Call): Promise<Reply> {
  const { context, identity } = call
  const all = await context.store.history({ limit: ALL })
  const id = param(call, 'id')
  const found = all.find((each) => idOf(each) === id)
  if (found === undefined || !maySee(identity, found.owner)) throw notFound(`change ${quote(id)}`)
  const step = all.filter((each) => changeOf(each) === changeOf(found))
  if (!step.every((each) => mayChange(identity, each.key === 'groups' ? EVERYONE : each.owner)))
    throw new Problem(403, 'forbidden', 'That change was made together with others that you may not change.')
  for (const each of step) await assertUndoable(call, each)
  const back = step.map(({ key, owner, field, from, to }): EntryChange => ({
    key,
    owner,
    field,
    expected: to,
    value: from,
  }))
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
  const rules = step.flatMap(({ key, owner, field }) => (key === 'rules' ? [{ owner, id: field }] : []))
  return { body: { undone: step.map(toEntry), effects: await effectsOf(call, rules) } }
}

/** What is brought back must be valid now: a broken entry makes mail wait. */
async function assertUndoable(call: Call, { key, owner, field, from }: HistoryEntry): Promise<void> {
  if (key === 'groups' && from === null) return assertUnused(call, field)
  if (from === null || key === 'domains') return
  const groups = await call.context.store.groups()
  const problem = key === 'rules' ? ruleProblem(owner, field, from, groups) : groupProblem(field, from)
  if (problem !== null)
    throw new Problem(409, 'not-valid', `What was there before is not valid any more: ${problem}.`)
}

/** A history has no numbers: an entry is named by what it says. */
function idOf({ at, by, key, owner, field, from, to }: HistoryEntry): string {
  return digest(JSON.stringify([at, by, key, owner, field, from, to])).slice(0, 22)
}

/** What is written in one step has one time and one author. */
function changeOf({ at, by }: HistoryEntry): string {
  return digest(JSON.stringify([at, by])).slice(0, 22)
}

function toEntry(each: HistoryEntry): object {
  const { at, by, key, owner, field, from, to } = each
  return {
    id: idOf(each),
    change: changeOf(each),
    at,
    by,
    key,
    owner,
    field,
    from: valueOf(from),
    to: valueOf(to),
    differences: textDifferences(key === 'domains' && to !== null ? (from ?? '{}') : from, to),
  }
}
