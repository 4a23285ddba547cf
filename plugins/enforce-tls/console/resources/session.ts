/** Signing in and out, and one's own password. */
import { hashPassword, passwordProblem, PASSWORD_MAX } from '../auth/password.js'
import { cookieText, setSessionCookie } from '../auth/identity.js'
import { ROLES } from '../auth/account.js'
import type { Session } from '../auth/sessions.js'
import { Problem } from '../problem.js'
import { route, type Call, type Reply, type Schema } from '../route.js'
import { list, nullable, object, text } from '../schemas.js'

const session: Schema = object({
  user: text,
  role: { type: 'string', enum: ROLES },
  domains: list(text),
  csrf: { ...nullable(text), description: 'For X-CSRF-Token; null for an API token, which needs none.' },
})
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
    body: object({ old: password, new: password }),
    answers: { 204: null },
    handle: changePassword,
  }),
]

async function signIn({ context, request, response, body }: Call<SignInBody>): Promise<Reply> {
  const { name, user } = await context.signIn.check(body.user, body.password, addressOf(request))
  // A session that somebody else may have planted is not continued.
  const before = cookieText(request)
  const planted = before === null ? null : await context.sessions.find(before)
  if (planted !== null) await context.sessions.end(planted)
  const { session: begun, text: cookie } = await context.sessions.begin(name, user)
  setSessionCookie(request, response, cookie)
  return { body: { user: name, role: user.role, domains: user.domains, csrf: begun.csrf } }
}

async function signOut({ context, identity, request, response }: Call): Promise<Reply> {
  await context.sessions.end(sessionOf(identity))
  setSessionCookie(request, response, null)
  return {}
}

async function changePassword({ context, identity, request, body }: Call<PasswordBody>): Promise<Reply> {
  const session = sessionOf(identity)
  const problem = passwordProblem(body.new)
  if (problem !== null) throw new Problem(422, 'invalid', `The new password ${problem}.`, { field: 'new' })
  const { accounts, sessions } = context
  const { user } = await context.signIn.check(session.name, body.old, addressOf(request)).catch(wrongOld)
  const changed = {
    ...user,
    password: await hashPassword(body.new),
    changedAt: new Date().toISOString(),
  }
  await accounts.write('users', session.name, JSON.stringify(user), JSON.stringify(changed))
  await sessions.keep(session, changed)
  return {}
}

/** Not 401: the session itself holds. */
function wrongOld(error: unknown): never {
  if (error instanceof Problem && error.status === 401)
    throw new Problem(422, 'wrong-password', 'The current password is wrong.', { field: 'old' })
  throw error
}

function sessionOf({ session }: Call['identity']): Session {
  if (session === null) throw new Problem(403, 'forbidden', 'Only signed-in users can do this.')
  return session
}

/** Of a unix socket there is none. */
function addressOf({ ip }: Call['request']): string {
  return ip ?? 'local'
}
