/** Who changed what, and taking it back. */
import { Successors } from '../../admin/history-standing.js'
import { entryId, stepId, stepWith, undo, comparingEntry } from '../../admin/undo.js'
import { EVERYONE } from '../../rules/owner.js'
import { valueOf } from '../../store/difference.js'
import type { HistoryEntry } from '../../store/history.js'
import { quote } from '../../text/quote.js'
import type { InPieces } from '../../work/pieces.js'
import { inPieces } from '../../work/turns.js'
import { mayChange, maySee } from '../auth/permission.js'
import { effectsOf, effectsSchema } from '../effects.js'
import { editorOf, param, visibleOwner } from '../owner-access.js'
import { periodOf } from '../period.js'
import { badCursor, cursorOf, Page, pageQuery, pageReply } from '../paging.js'
import { notFound, Problem } from '../problem.js'
import { route, type Call, type Reply, type Schema } from '../route.js'
import { flag, list, nullable, object, shortText, text } from '../schemas.js'

const COUNT = 50

const entryFields = {
  id: { ...text, description: 'For undo.' },
  change: { ...text, description: 'The same for all entries that were written in one step.' },
  at: text,
  by: text,
  key: { type: 'string', enum: ['rules', 'domains', 'groups', 'releases', 'users', 'tokens'] },
  owner: text,
  field: {
    ...text,
    description: 'The rule id, the domain, the group, the released message, the user, or the token id.',
  },
  from: { description: 'What stood there before; null for nothing.' },
  to: { description: 'What stood there then; null for nothing.' },
  leftOut: {
    ...flag,
    description: '`from` and `to` are too long to be kept: they are null, and the change cannot be undone.',
  },
  differences: { ...list(text), description: 'What differs, in short lines.' },
}
const entry: Schema = object(entryFields)
const listed: Schema = object({
  ...entryFields,
  standing: {
    type: 'string',
    enum: ['latest', 'undone', 'changed', 'event'],
    description:
      'Whether it is the latest change of what it is about, was undone or changed again, or is an event that changed no entry. Only the latest can be undone.',
  },
  next: {
    ...nullable(object({ by: text, at: text })),
    description: 'The change that followed, of the same; null for none.',
  },
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
      by: { ...shortText, description: 'The name of who did it: of a user, or the id or name of a token.' },
      rule: { ...shortText, description: 'The id of a rule, or part of its name.' },
      since: shortText,
      until: shortText,
      count: { ...pageQuery['limit'], default: COUNT, description: 'As limit.' },
      ...pageQuery,
      limit: { ...pageQuery['limit'], default: COUNT },
    },
    paged: true,
    answers: { 200: list(listed) },
    handle: listHistory,
  }),
  route({
    method: 'post',
    path: '/history/{id}/undo',
    operationId: 'undoChange',
    rules: 'changed',
    summary: 'Take back a change, with all that was written in the same step.',
    needs: 'editor',
    confirms: true,
    answers: {
      200: object({
        undone: list(entry),
        places: {
          ...list(text),
          description:
            'Of each rule whose position another one has by now: where it stands, which is just before that one.',
        },
        effects: effectsSchema,
      }),
    },
    handle: takeBack,
  }),
]

async function listHistory(call: Call): Promise<Reply> {
  const { context, identity, query } = call
  const owner = query['owner'] === undefined ? undefined : visibleOwner(call, String(query['owner']))
  const page = new Page<object>(call, Number(query['count'] ?? COUNT))
  let after = cursorOf(call)
  let last: string | null = null
  const accepts = (place: { readonly owner: string }): boolean => maySee(identity, place.owner)
  const isMeant = filterOf(call)
  const successors = new Successors()
  const changes = context.store.historyEntries({ owner, accepts })
  const withAccounts = maySee(identity, EVERYONE) && (owner === undefined || owner === EVERYONE)
  for await (const each of withAccounts ? latestFirst(changes, context.accounts.recorded()) : changes) {
    const standing = successors.pass(each)
    if (!(await inPieces(isMeant(each)))) continue
    const id = entryId(each)
    if (after !== null) {
      if (id === after) after = null
      continue
    }
    const shown = { ...(await inPieces(toEntry(each))), ...standing }
    if (!page.add(shown, (each.from?.length ?? 0) + (each.to?.length ?? 0)))
      return { body: page.entries, ...pageReply(call, last, null) }
    last = id
  }
  if (after !== null) throw badCursor(after)
  return { body: page.entries, ...pageReply(call, null, null) }
}

/** Two histories as one. */
async function* latestFirst(
  first: AsyncIterable<HistoryEntry>,
  second: AsyncIterable<HistoryEntry>,
): AsyncGenerator<HistoryEntry> {
  const [one, other] = [first[Symbol.asyncIterator](), second[Symbol.asyncIterator]()]
  let [a, b] = [await one.next(), await other.next()]
  while (a.done !== true || b.done !== true) {
    const isOther = a.done === true || (b.done !== true && b.value.at > a.value.at)
    if (isOther) {
      yield b.value as HistoryEntry
      b = await other.next()
    } else {
      yield a.value
      a = await one.next()
    }
  }
}

/** Which changes of those that may be seen are asked for. */
function filterOf(call: Call): (each: HistoryEntry) => InPieces<boolean> {
  const { query } = call
  const by = textOf(query['by'])
  const rule = textOf(query['rule'])
  const { since, until } = periodOf(call, new Date(Date.now() + 1), '1970-01-01')
  return function* (each) {
    const at = new Date(each.at)
    if (at < since || at >= until) return false
    if (by !== null && !namesOfAuthor(each).includes(by)) return false
    if (rule === null) return true
    if (each.key !== 'rules') return false
    return each.field.toLowerCase() === rule || (yield* namesOf(each)).some((name) => name.includes(rule))
  }
}

function textOf(given: string | number | undefined): string | null {
  return given === undefined ? null : String(given).trim().toLowerCase()
}

/** Who did it, as somebody may ask: the whole name, since `ann` is not `joann`. A token also by its id or its name. */
function namesOfAuthor({ by }: HistoryEntry): string[] {
  const name = by.toLowerCase()
  return [name, ...(/^token (\S+) \((.*)\)$/.exec(name)?.slice(1) ?? [])]
}

/** The names that a rule had, before and after. */
function* namesOf({ from, to }: HistoryEntry): InPieces<string[]> {
  const names: string[] = []
  for (const text of [from, to]) {
    const name = (valueOf(text) as { readonly name?: unknown } | null)?.name
    if (typeof name === 'string') names.push(name.toLowerCase())
    yield
  }
  return names
}

async function takeBack(call: Call): Promise<Reply> {
  const { context, identity } = call
  const id = param(call, 'id')
  const { found, step } = await stepWith(context.store, id)
  if (!maySee(identity, found.owner)) throw notFound(`change ${quote(id)}`)
  if (!step.every((each) => mayChange(identity, each.key === 'groups' ? EVERYONE : each.owner)))
    throw new Problem(403, 'forbidden', 'That change was made together with others that you may not change.')
  const places = await undo(editorOf(call), step)
  const undone: object[] = []
  for (const each of step) undone.push(await inPieces(toEntry(each)))
  const rules = step.flatMap(({ key, owner, field }) => (key === 'rules' ? [{ owner, id: field }] : []))
  return { body: { undone, places, effects: await effectsOf(call, rules) } }
}

function* toEntry(each: HistoryEntry): InPieces<object> {
  const { at, by, key, owner, field } = each
  const from = valueOf(each.from)
  yield
  const to = valueOf(each.to)
  yield
  const differences = yield* comparingEntry(each)
  const leftOut = each.leftOut !== null
  return {
    id: entryId(each),
    change: stepId(each),
    at,
    by,
    key,
    owner,
    field,
    from,
    to,
    leftOut,
    differences,
  }
}
