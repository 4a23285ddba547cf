/** Groups: named lists of patterns. Everybody may see them, since rules of every owner can refer to them. */
import { spellingOf } from '../../admin/canonical.js'
import { findingGroupProblem } from '../../admin/entry-problems.js'
import { valueOf } from '../../store/difference.js'
import { referringRules } from '../../admin/referring-rules.js'
import { newPatterns } from '../../admin/risky-change.js'
import { seenOf } from '../../report/rule-observed.js'
import { partnerSentences } from '../../report/format-observed.js'
import { checkGroup, parseGroup, type StoredGroups } from '../../rules/group.js'
import { groupNameProblem } from '../../rules/group-name.js'
import { quote } from '../../text/quote.js'
import { sorting, type InPieces } from '../../work/pieces.js'
import { inPieces } from '../../work/turns.js'
import { assertSeen, etagOf } from '../etag.js'
import { effectsOf, effectsSchema } from '../effects.js'
import { param } from '../owner-access.js'
import { cursorOf, Page, pageQuery, pageReply } from '../paging.js'
import { notFound, Problem } from '../problem.js'
import { route, type Call, type Reply, type Schema } from '../route.js'
import { etag, list, object, problem, text } from '../schemas.js'

interface GroupBody {
  readonly patterns: readonly string[]
}

const groupFields = {
  name: text,
  patterns: { description: 'Domains and addresses; where `problem` is not null, whatever stands there.' },
  etag,
  problem,
} as const
const group: Schema = object(groupFields)
const changedGroup: Schema = object({
  ...groupFields,
  effects: effectsSchema,
  seen: {
    ...list(text),
    description:
      'What the delivery log knows of those that came in, where rules that are on refer to the group.',
  },
})

export const groupRoutes = [
  route({
    method: 'get',
    path: '/groups',
    operationId: 'listGroups',
    summary: 'All groups.',
    needs: 'reader',
    query: pageQuery,
    paged: true,
    answers: { 200: list(group) },
    handle: async (call) => inPieces(listing(call, await call.context.store.groups())),
  }),
  route({
    method: 'get',
    path: '/groups/{name}',
    operationId: 'getGroup',
    summary: 'One group.',
    needs: 'reader',
    answers: { 200: group },
    handle: async (call) => {
      const name = param(call, 'name')
      const json = (await call.context.store.groups()).get(name)
      if (json === undefined) throw notFound(`group ${quote(name)}`)
      return { body: await inPieces(toGroup(name, json)), etag: etagOf(json) }
    },
  }),
  route<GroupBody>({
    method: 'put',
    path: '/groups/{name}',
    operationId: 'setGroup',
    summary: 'Make a group of these patterns; a change holds at once for all rules that refer to it.',
    needs: 'admin',
    precondition: true,
    body: object({ patterns: list(text) }),
    answers: { 200: changedGroup, 201: changedGroup },
    handle: setGroup,
  }),
  route({
    method: 'delete',
    path: '/groups/{name}',
    operationId: 'deleteGroup',
    summary: 'Delete a group that no rule refers to.',
    needs: 'admin',
    precondition: true,
    answers: { 204: null },
    handle: deleteGroup,
  }),
]

async function setGroup(call: Call<GroupBody>): Promise<Reply> {
  const { context, identity, body } = call
  const name = param(call, 'name')
  const nameProblem = groupNameProblem(name)
  if (nameProblem !== null)
    throw new Problem(422, 'invalid', `${quote(name)} ${nameProblem}`, { field: 'name' })
  const checked = await inPieces(checkGroup(body.patterns))
  if ('problem' in checked)
    throw new Problem(422, 'invalid', checked.problem, {
      field: `patterns${checked.value}`,
      suggestion: checked.suggestion,
    })
  const before = (await context.store.groups()).get(name) ?? null
  assertSeen(call, `group ${name}`, ...(before === null ? [] : [etagOf(before)]))
  const json = JSON.stringify(checked.patterns)
  await context.store.writeGroup(name, before, json, { by: identity.author })
  const rules = before === null ? [] : (await referringRules(context.store, name)).rules
  const effects = await effectsOf(call, rules)
  const added = newPatterns(await inPieces(membersIn(before)), checked.patterns)
  const domains = new Set(
    added.map((pattern) => pattern.slice(pattern.lastIndexOf('@') + 1).replace(/^\./, '')),
  )
  const asked = effects.length > 0 && added.length > 0 && context.settings().evidence.stream
  const seen = asked ? partnerSentences(await seenOf(context.deliveries, domains), added) : []
  return {
    status: before === null ? 201 : 200,
    body: { ...(await inPieces(toGroup(name, json))), effects, seen },
    etag: etagOf(json),
  }
}

async function deleteGroup(call: Call): Promise<Reply> {
  const { context, identity } = call
  const name = param(call, 'name')
  const json = (await context.store.groups()).get(name)
  if (json === undefined) throw notFound(`group ${quote(name)}`)
  assertSeen(call, `group ${name}`, etagOf(json))
  await assertUnused(call, [name])
  await context.store.writeGroup(name, json, null, { by: identity.author })
  return {}
}

/** @throws {Problem} 409 where rules would lose the group: their owners' mail would wait. */
export async function assertUnused({ context }: Call, names: readonly string[]): Promise<void> {
  if (names.length === 0) return
  const { rules: referring, problems } = await referringRules(context.store, null)
  if (problems.length > 0)
    throw new Problem(
      409,
      'unknown',
      `Group ${names.join(', ')} is not deleted, because it is unknown whether rules need it: ${problems.join('; ')}.`,
    )
  const needed = new Set(referring.flatMap(({ groups }) => groups))
  const name = names.find((each) => needed.has(each))
  if (name === undefined) return
  const rules = referring.filter(({ groups }) => groups.includes(name))
  const shown = rules.slice(0, 5).map(({ owner, id }) => `${id} of ${owner}`)
  const more = rules.length > shown.length ? ` and ${rules.length - shown.length} more` : ''
  throw new Problem(
    409,
    'in-use',
    `Group ${name} is needed by rules, whose mail would wait without it; change these first: ${shown.join(', ')}${more}.`,
  )
}

function* membersIn(json: string | null): InPieces<readonly string[]> {
  const checked = json === null ? null : yield* parseGroup(json)
  return checked && 'patterns' in checked ? checked.patterns : []
}

function* listing(call: Call, groups: StoredGroups): InPieces<Reply> {
  const inOrder = yield* sorting([...groups], ([a], [b]) => (a < b ? -1 : 1))
  const after = cursorOf(call)
  const page = new Page<object>(call)
  let last: string | null = null
  for (const [name, json] of inOrder) {
    if (after !== null && name <= after) continue
    if (!page.add(yield* toGroup(name, json), json.length))
      return { body: page.entries, ...pageReply(call, last, inOrder.length) }
    last = name
    yield
  }
  return { body: page.entries, ...pageReply(call, null, inOrder.length) }
}

function* toGroup(name: string, json: string): InPieces<object> {
  const patterns = valueOf(yield* spellingOf('groups', json))
  yield
  const wrong = yield* findingGroupProblem(name, json)
  return { name, patterns, etag: etagOf(json), problem: wrong }
}
