/** Signing in and out, and one's own password. */
import { passwordProblem, PASSWORD_MAX } from '../auth/password.js'
import { accountConflict } from '../auth/account-store.js'
import { setSessionCookie } from '../auth/identity.js'
import { readUser, setPassword } from '../auth/users.js'
import { addressOf, beginSession, peopleOf, sessionOf, sessionSchema as session } from '../people-access.js'
import { Problem } from '../problem.js'
import { route, type Call, type Reply, type Schema } from '../route.js'
import { object } from '../schemas.js'

const password: Schema = { type: 'string', maxLength: PASSWORD_MAX }

interface SignInBody {
  readonly user: string
  readonly password: string
}

interface PasswordBody {
  readonly old: string
  readonly new: string
}

export const sessionRoutes = [
  route<SignInBody>({
    method: 'post',
    path: '/session',
    operationId: 'signIn',
    summary: 'Sign in; sets the session cookie.',
    needs: 'nobody',
    passwords: true,
    body: object({ user: { type: 'string', maxLength: 200 }, password }),
    answers: { 200: session },
    handle: signIn,
  }),
  route({
    method: 'get',
    path: '/session',
    operationId: 'getSession',
    summary: 'Who is signed in.',
    needs: 'reader',
    answers: { 200: session },
    handle: ({ identity: { author, role, domains, session: mine } }) =>
      Promise.resolve({ body: { user: author, role, domains, csrf: mine?.csrf ?? null } }),
  }),
  route({
    method: 'delete',
    path: '/session',
    operationId: 'signOut',
    summary: 'Sign out.',
    needs: 'session',
    answers: { 204: null },
    handle: signOut,
  }),
  route<PasswordBody>({
    method: 'put',
    path: '/session/password',
    operationId: 'changePassword',
    summary: 'Change your own password; all your other sessions end.',
    needs: 'session',
    passwords: true,
    body: object({ old: password, new: password }),
    answers: { 204: null },
    handle: changePassword,
  }),
]

async function signIn(call: Call<SignInBody>): Promise<Reply> {
  const { context, request, body } = call
  const { name, user } = await context.signIn.check(body.user, body.password, addressOf(request))
  return { body: await beginSession(call, name, user) }
}

async function signOut({ context, identity, request, response }: Call): Promise<Reply> {
  await context.sessions.end(sessionOf(identity))
  setSessionCookie(request, response, null)
  return {}
}

async function changePassword(call: Call<PasswordBody>): Promise<Reply> {
  const { context, identity, request, body } = call
  const session = sessionOf(identity)
  const problem = passwordProblem(body.new)
  if (problem !== null) throw new Problem(422, 'invalid', `The new password ${problem}.`, { field: 'new' })
  const { user } = await context.signIn.check(session.name, body.old, addressOf(request)).catch(wrongOld)
  const people = peopleOf(call)
  const seen = await readUser(people, session.name)
  // Another password by now: what was asked for is no longer the old one.
  if (seen.user?.password !== user.password) throw accountConflict(`user ${session.name}`)
  await context.sessions.keep(session, await setPassword(people, seen, body.new, 'own password changed'))
  return {}
}

/** Not 401: the session itself holds. */
function wrongOld(error: unknown): never {
  if (error instanceof Problem && error.status === 401)
    throw new Problem(422, 'wrong-password', 'The current password is wrong.', { field: 'old' })
  throw error
}
