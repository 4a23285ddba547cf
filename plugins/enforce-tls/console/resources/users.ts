/** Users of the console, for administrators: who may sign in, with which role; their sessions. */
import { quote } from '../../text/quote.js'
import { parseRights, parseUserName, ROLES, type Rights } from '../auth/account.js'
import { PASSWORD_MAX } from '../auth/password.js'
import type { ReadUser } from '../auth/users.js'
import { addUser, allUsers, invite, readUser, removeUser, setPassword, setRights } from '../auth/users.js'
import { assertSeen, etagOf } from '../etag.js'
import { param } from '../owner-access.js'
import { peopleOf } from '../people-access.js'
import { notFound, Problem } from '../problem.js'
import { route, type Call, type Reply, type Schema } from '../route.js'
import { etag, list, nullable, object, text } from '../schemas.js'
import { sessionsSchema } from './sessions.js'

const user: Schema = object({
  name: text,
  role: { ...nullable({ type: 'string', enum: ROLES }), description: 'Null for an entry that is not valid.' },
  domains: list(text),
  passwordSetAt: { ...nullable(text), description: 'Null if the user was invited and has none yet.' },
  invitedUntil: { ...nullable(text), description: 'Until when an invitation can be used; null if none can.' },
  etag,
})
const invitation: Schema = object({
  secret: { ...text, description: 'Shown once. The page #/invitation/{name}/{secret} takes it.' },
  expiresAt: text,
})
const rights = {
  role: { type: 'string', enum: ROLES },
  domains: { type: 'array', items: { type: 'string', maxLength: 300 }, maxItems: 10_000 },
} as const
const password: Schema = { type: 'string', maxLength: PASSWORD_MAX }

interface PasswordBody {
  readonly password: string
}
interface AddBody extends Rights {
  readonly name: string
  readonly password?: string
}

const shared = { needs: 'admin-session', precondition: true } as const

export const userRoutes = [
  route({
    method: 'get',
    path: '/users',
    operationId: 'listUsers',
    summary: 'All users of the console.',
    needs: 'admin-session',
    answers: { 200: list(user) },
    handle: async (call) => ({ body: (await allUsers(peopleOf(call))).map(toUser) }),
  }),
  route<AddBody>({
    method: 'post',
    path: '/users',
    operationId: 'addUser',
    summary: 'Add a user, with a password or with a one-time invitation to choose one.',
    needs: 'admin-session',
    passwords: true,
    body: object({ name: { type: 'string', maxLength: 200 }, ...rights, password }, 'password'),
    answers: { 201: object({ user, invitation: nullable(invitation) }) },
    handle: add,
  }),
  route({
    method: 'get',
    path: '/users/{name}',
    operationId: 'getUser',
    summary: 'One user.',
    needs: 'admin-session',
    answers: { 200: user },
    handle: async (call) => reply(await readUser(peopleOf(call), param(call, 'name'))),
  }),
  route<Rights>({
    ...shared,
    method: 'put',
    path: '/users/{name}',
    operationId: 'setUserRole',
    summary: 'Change role and domains; it counts at once, in all sessions of the user.',
    body: object(rights),
    answers: { 200: user },
    handle: changeRights,
  }),
  route({
    ...shared,
    method: 'delete',
    path: '/users/{name}',
    operationId: 'removeUser',
    summary: 'Remove a user: sessions, and tokens that the user made here, end at once.',
    answers: { 200: object({ endedTokens: list(text) }) },
    handle: async (call) => ({
      body: { endedTokens: await removeUser(peopleOf(call), await seenUser(call)) },
    }),
  }),
  route<PasswordBody>({
    ...shared,
    method: 'put',
    path: '/users/{name}/password',
    operationId: 'setUserPassword',
    summary: "Set somebody else's password; all sessions of the user end.",
    passwords: true,
    body: object({ password }),
    answers: { 200: user },
    handle: async (call) => {
      assertOther(call)
      await setPassword(peopleOf(call), await seenUser(call), call.body.password, 'password set')
      return reply(await readUser(peopleOf(call), param(call, 'name')))
    },
  }),
  route({
    ...shared,
    method: 'post',
    path: '/users/{name}/invitation',
    operationId: 'inviteUser',
    summary: 'Make a one-time invitation to choose a new password; an earlier one ends.',
    answers: { 200: invitation },
    handle: async (call) => {
      assertOther(call)
      return { body: await invite(peopleOf(call), await seenUser(call)) }
    },
  }),
  route({
    method: 'get',
    path: '/users/{name}/sessions',
    operationId: 'listUserSessions',
    summary: 'The sessions of a user.',
    needs: 'admin-session',
    answers: { 200: sessionsSchema },
    handle: async (call) => {
      const { name } = await readUser(peopleOf(call), param(call, 'name'))
      return { body: await call.context.sessions.of(name) }
    },
  }),
  route({
    method: 'delete',
    path: '/users/{name}/sessions',
    operationId: 'endUserSessions',
    summary: 'End all sessions of a user.',
    needs: 'admin-session',
    answers: { 204: null },
    handle: (call) => end(call, () => true),
  }),
  route({
    method: 'delete',
    path: '/users/{name}/sessions/{id}',
    operationId: 'endUserSession',
    summary: 'End a session of a user.',
    needs: 'admin-session',
    answers: { 204: null },
    handle: async (call) => {
      const wanted = param(call, 'id')
      return await end(call, (id) => id === wanted, 'session')
    },
  }),
]

async function add(call: Call<AddBody>): Promise<Reply> {
  const { body } = call
  const parsed = parseUserName(body.name)
  if ('problem' in parsed) throw invalid('name', `${quote(body.name)} ${parsed.problem}`)
  const people = peopleOf(call)
  const invitation = await addUser(people, parsed.name, checkedRights(body), body.password ?? null)
  const made = await readUser(people, parsed.name)
  return { status: 201, body: { user: toUser(made), invitation }, etag: etagOf(made.json) }
}

async function changeRights(call: Call<Rights>): Promise<Reply> {
  const people = peopleOf(call)
  const seen = await seenUser(call)
  await setRights(people, seen, checkedRights(call.body))
  return reply(await readUser(people, seen.name))
}

/** @throws {Problem} 404 where a session is meant and none ends. */
async function end(call: Call, isMeant: (id: string) => boolean, what?: string): Promise<Reply> {
  const people = peopleOf(call)
  const { name } = await readUser(people, param(call, 'name'))
  const ended = await call.context.sessions.endOf(name, isMeant)
  if (ended === 0 && what !== undefined) throw notFound(what)
  const did = what === undefined ? 'all sessions ended' : 'session ended'
  if (ended > 0) await people.record('users', name, { did })
  return {}
}

/** The user of the path, as the request says that it was seen. */
async function seenUser(call: Call): Promise<ReadUser> {
  const seen = await readUser(peopleOf(call), param(call, 'name'))
  assertSeen(call, `user ${seen.name}`, etagOf(seen.json))
  return seen
}

/** One's own password is asked for before it changes: whoever finds a session open has not got it. */
function assertOther(call: Call): void {
  if (call.identity.session?.name !== param(call, 'name')) return
  throw new Problem(409, 'own-password', 'Change your own password under Your account.')
}

/** @throws {Problem} 422 for a role or domains that can't be meant. */
export function checkedRights({ role, domains }: Rights): Rights {
  const parsed = parseRights(role, domains)
  if ('rights' in parsed) return parsed.rights
  throw invalid('domains', parsed.problem)
}

function invalid(field: string, problem: string): Problem {
  return new Problem(422, 'invalid', `${problem.charAt(0).toUpperCase()}${problem.slice(1)}.`, { field })
}

function reply(read: ReadUser): Reply {
  return { body: toUser(read), etag: etagOf(read.json) }
}

function toUser({ name, json, user: found }: ReadUser): object {
  const { invitation } = found ?? {}
  const open = invitation !== undefined && Date.parse(invitation.expiresAt) > Date.now()
  return {
    name,
    role: found?.role ?? null,
    domains: found?.domains ?? [],
    passwordSetAt: found === null || found.pending === true ? null : found.changedAt,
    invitedUntil: open ? invitation.expiresAt : null,
    etag: etagOf(json),
  }
}
