/** One's own sessions: seen, and ended. And an invitation, with which the first one begins. */
import { parseUserName } from '../auth/account.js'
import { AccountProblem } from '../auth/people.js'
import { passwordProblem, PASSWORD_MAX } from '../auth/password.js'
import { shownId } from '../auth/sessions.js'
import { acceptInvitation } from '../auth/users.js'
import { param } from '../owner-access.js'
import { addressOf, beginSession, peopleOf, sessionOf, sessionSchema } from '../people-access.js'
import { notFound } from '../problem.js'
import { route, type Call, type Reply, type Schema } from '../route.js'
import { flag, list, nullable, object, text } from '../schemas.js'

const session = {
  id: text,
  createdAt: text,
  seenAt: { ...text, description: 'When it was last used; noted now and then.' },
  endsAt: { ...text, description: 'When it ends if it is not used.' },
  address: { ...nullable(text), description: 'Where it began.' },
  agent: { ...nullable(text), description: 'What the browser calls itself.' },
} as const
export const sessionsSchema: Schema = list(object(session))

interface AcceptBody {
  readonly name: string
  readonly secret: string
  readonly password: string
}

export const ownSessionRoutes = [
  route({
    method: 'get',
    path: '/sessions',
    operationId: 'listSessions',
    summary: 'Your own sessions.',
    needs: 'session',
    answers: { 200: list(object({ ...session, current: flag })) },
    handle: async ({ context, identity }) => {
      const { name, key } = sessionOf(identity)
      const mine = shownId(key)
      const found = await context.sessions.of(name)
      return { body: found.map((each) => ({ ...each, current: each.id === mine })) }
    },
  }),
  route({
    method: 'delete',
    path: '/sessions',
    operationId: 'endOtherSessions',
    summary: 'End all of your own sessions but this one.',
    needs: 'session',
    answers: { 204: null },
    handle: async ({ context, identity }) => {
      const { name, key } = sessionOf(identity)
      const mine = shownId(key)
      await context.sessions.endOf(name, (id) => id !== mine)
      return {}
    },
  }),
  route({
    method: 'delete',
    path: '/sessions/{id}',
    operationId: 'endSession',
    summary: 'End one of your own sessions.',
    needs: 'session',
    answers: { 204: null },
    handle: async (call) => {
      const { name } = sessionOf(call.identity)
      const wanted = param(call, 'id')
      if ((await call.context.sessions.endOf(name, (id) => id === wanted)) === 0) throw notFound('session')
      return {}
    },
  }),
  route<AcceptBody>({
    method: 'post',
    path: '/invitation',
    operationId: 'acceptInvitation',
    summary: 'Choose a password with an invitation, once; sets the session cookie.',
    needs: 'nobody',
    passwords: true,
    body: object({
      name: { type: 'string', maxLength: 200 },
      secret: { type: 'string', maxLength: 200 },
      password: { type: 'string', maxLength: PASSWORD_MAX },
    }),
    answers: { 200: sessionSchema },
    handle: accept,
  }),
]

async function accept(call: Call<AcceptBody>): Promise<Reply> {
  const { context, request, body } = call
  const { secret, password } = body
  // What is wrong with a password says nothing of users, and is no try.
  const problem = passwordProblem(password)
  if (problem !== null) throw new AccountProblem('bad-password', `the password ${problem}`)
  const parsed = parseUserName(body.name)
  const name = 'name' in parsed ? parsed.name : ''
  const user = await context.signIn.counted(addressOf(request), () =>
    acceptInvitation(peopleOf(call, name), name, secret, password),
  )
  return { body: await beginSession(call, name, user) }
}
