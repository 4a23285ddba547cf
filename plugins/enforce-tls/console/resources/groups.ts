/** Groups: named lists of patterns. Everybody may see them, since rules of every owner can refer to them. */
import { groupProblem } from '../../entries/entry-problems.js'
import { valueOf } from '../../entries/difference.js'
import { referringRules } from '../../entries/referring-rules.js'
import { checkGroup, groupNameProblem } from '../../rules/group.js'
import { quote } from '../../rules/owner.js'
import { assertSeen, etagOf } from '../etag.js'
import { param } from '../owner-access.js'
import { notFound, Problem } from '../problem.js'
import { route, type Call, type Reply, type Schema } from '../route.js'
import { etag, list, object, problem, text } from '../schemas.js'

interface GroupBody {
  readonly patterns: readonly string[]
}

const group: Schema = object({
  name: text,
  patterns: { description: 'Domains and addresses; where `problem` is not null, whatever stands there.' },
  etag,
  problem,
})

export const groupRoutes = [
  route({
    method: 'get',
    path: '/groups',
    operationId: 'listGroups',
    summary: 'All groups.',
    needs: 'reader',
    answers: { 200: list(group) },
    handle: async ({ context }) => {
      const groups = [...(await context.store.groups())].sort(([a], [b]) => (a < b ? -1 : 1))
      return { body: groups.map(([name, json]) => toGroup(name, json)) }
    },
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
      return { body: toGroup(name, json), etag: etagOf(json) }
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
    answers: { 200: group, 201: group },
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
  const checked = checkGroup(body.patterns)
  if ('problem' in checked)
    throw new Problem(422, 'invalid', checked.problem, { field: `patterns${checked.value}` })
  const before = (await context.store.groups()).get(name) ?? null
  assertSeen(call, `group ${name}`, ...(before === null ? [] : [etagOf(before)]))
  const json = JSON.stringify(checked.patterns)
  await context.store.writeGroup(name, before, json, { by: identity.author })
  return { status: before === null ? 201 : 200, body: toGroup(name, json), etag: etagOf(json) }
}

async function deleteGroup(call: Call): Promise<Reply> {
  const { context, identity } = call
  const name = param(call, 'name')
  const json = (await context.store.groups()).get(name)
  if (json === undefined) throw notFound(`group ${quote(name)}`)
  assertSeen(call, `group ${name}`, etagOf(json))
  await assertUnused(call, name)
  await context.store.writeGroup(name, json, null, { by: identity.author })
  return {}
}

/** @throws {Problem} 409 where rules would lose the group: their owners' mail would wait. */
export async function assertUnused({ context }: Call, name: string): Promise<void> {
  const { rules, problems } = await referringRules(context.store, name)
  if (problems.length > 0)
    throw new Problem(
      409,
      'unknown',
      `Group ${name} is not deleted, because it is unknown whether rules need it: ${problems.join('; ')}.`,
    )
  if (rules.length === 0) return
  const shown = rules.slice(0, 5).map(({ owner, id }) => `${id} of ${owner}`)
  const more = rules.length > shown.length ? ` and ${rules.length - shown.length} more` : ''
  throw new Problem(
    409,
    'in-use',
    `Group ${name} is needed by rules, whose mail would wait without it; change these first: ${shown.join(', ')}${more}.`,
  )
}

function toGroup(name: string, json: string): object {
  return { name, patterns: valueOf(json), etag: etagOf(json), problem: groupProblem(name, json) }
}
