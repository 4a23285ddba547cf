/** Groups: named lists of patterns. Everybody may see them, since rules of every owner can refer to them. */
import { spellingOf } from '../../admin/canonical.js'
import { findingGroupProblem } from '../../admin/entry-problems.js'
import { referringRules, usesByGroup } from '../../admin/referring-rules.js'
import { membersOf } from '../../admin/expanded-rule.js'
import { newPatterns } from '../../admin/steps.js'
import { checkedGroup, deleteGroup, groupIn, setGroup } from '../../admin/set-group.js'
import { formatPartnerObservations } from '../../report/format-observed.js'
import { partnerObservations } from '../../report/rule-observed.js'
import type { StoredGroups } from '../../rules/group.js'
import { valueOf } from '../../store/difference.js'
import { sorting, type InPieces } from '../../work/pieces.js'
import { inPieces } from '../../work/turns.js'
import { effectsOf, effectsSchema } from '../effects.js'
import { maySee } from '../auth/permission.js'
import { assertSeen, etagOf } from '../etag.js'
import { editorOf, param } from '../owner-access.js'
import { cursorOf, Page, pageQuery, pageReply } from '../paging.js'
import { unreadFor } from '../scans.js'
import { route, type Call, type Reply, type Schema } from '../route.js'
import { count, etag, flag, list, object, problem, text, unread } from '../schemas.js'

/** Most rules that are named, and most of their owners in a list of groups. */
const USES_MAX = 500
const OWNERS_MAX = 20

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
const usedGroup: Schema = object({
  ...groupFields,
  usedBy: {
    ...list(object({ owner: text, id: text, name: text, enabled: flag, direction: text })),
    description: 'Rules that refer to it and that you may see; the first 500.',
  },
  usedByOthers: { ...count, description: 'How many more rules refer to it.' },
  unread,
})
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
    rules: 'shown',
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
    rules: 'shown',
    summary: 'One group.',
    needs: 'reader',
    answers: { 200: usedGroup },
    searches: true,
    handle: async (call) => {
      const name = param(call, 'name')
      const json = groupIn(await call.context.store.groups(), name)
      const shown = await inPieces(toGroup(name, json))
      return { body: { ...shown, ...(await usesOf(call, name)) }, etag: etagOf(json) }
    },
  }),
  route({
    method: 'get',
    path: '/group-uses',
    operationId: 'listGroupUses',
    rules: 'shown',
    summary: 'How many rules refer to each group that is in use, and of whom as far as you may see them.',
    needs: 'reader',
    answers: {
      200: object({
        uses: list(
          object({
            group: text,
            rules: count,
            owners: { ...list(text), description: 'The first 20 that you may see.' },
          }),
        ),
        unread,
      }),
    },
    searches: true,
    handle: async (call) => ({ body: await allUses(call) }),
  }),
  route<GroupBody>({
    method: 'put',
    path: '/groups/{name}',
    operationId: 'setGroup',
    rules: 'changed',
    summary: 'Make a group of these patterns; a change holds at once for all rules that refer to it.',
    needs: 'admin',
    confirms: true,
    precondition: true,
    body: object({ patterns: list(text) }),
    answers: { 200: changedGroup, 201: changedGroup },
    handle: set,
  }),
  route({
    method: 'delete',
    path: '/groups/{name}',
    operationId: 'deleteGroup',
    rules: 'changed',
    summary: 'Delete a group that no rule refers to.',
    needs: 'admin',
    precondition: true,
    answers: { 204: null },
    handle: remove,
  }),
]

async function set(call: Call<GroupBody>): Promise<Reply> {
  const { context, body } = call
  const { store } = context
  const name = param(call, 'name')
  const patterns = await checkedGroup(name, body.patterns)
  const groups = await store.groups()
  const seen = groups.get(name) ?? null
  assertSeen(call, `group ${name}`, ...(seen === null ? [] : [etagOf(seen)]))
  const added = newPatterns(await membersOf(groups, name), patterns)
  const { before, after } = await setGroup(editorOf(call), name, patterns, seen)
  const rules = before === null ? [] : (await referringRules(store, name)).rules
  const effects = await effectsOf(call, rules)
  const asked = effects.length > 0 && added.length > 0 && context.settings().evidence.stream
  return {
    status: before === null ? 201 : 200,
    body: {
      ...(await inPieces(toGroup(name, after))),
      effects,
      seen: asked
        ? formatPartnerObservations(await partnerObservations(context.deliveries, added), added)
        : [],
    },
    etag: etagOf(after),
  }
}

async function remove(call: Call): Promise<Reply> {
  const name = param(call, 'name')
  const json = groupIn(await call.context.store.groups(), name)
  assertSeen(call, `group ${name}`, etagOf(json))
  await deleteGroup(editorOf(call), name, json)
  return {}
}

async function usesOf(call: Call, name: string): Promise<object> {
  const { owned, broken, leftOut } = await referringRules(call.context.store, name)
  const usedBy = owned
    .filter(({ owner }) => maySee(call.identity, owner))
    .slice(0, USES_MAX)
    .map(({ owner, id, rule }) => ({
      ...{ owner, id, name: rule.name },
      ...{ enabled: rule.enabled, direction: rule.direction },
    }))
  const usedByOthers = owned.length + broken.length - usedBy.length
  return { usedBy, usedByOthers, unread: unreadFor(call, leftOut) }
}

async function allUses(call: Call): Promise<object> {
  const { context, identity } = call
  const { rules, leftOut } = await referringRules(context.store, null)
  const uses = [...usesByGroup(rules)].map(([group, { rules: number, owners }]) => {
    const visible = [...owners].filter((owner) => maySee(identity, owner))
    return { group, rules: number, owners: visible.slice(0, OWNERS_MAX) }
  })
  return { uses, unread: unreadFor(call, leftOut) }
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
