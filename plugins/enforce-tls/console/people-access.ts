/** What the routes of accounts and sessions share: whose session it is, and accounts changed in the name of whoever asks. */
import { ROLES, type User } from './auth/account.js'
import { cookieText, setSessionCookie } from './auth/identity.js'
import { peopleIn, type People } from './auth/people.js'
import type { Session } from './auth/sessions.js'
import { Problem } from './problem.js'
import type { Call, Schema } from './route.js'
import { list, nullable, object, text } from './schemas.js'

/** Whoever is signed in. */
export const sessionSchema: Schema = object({
  user: text,
  role: { type: 'string', enum: ROLES },
  domains: list(text),
  csrf: { ...nullable(text), description: 'For X-CSRF-Token; null for an API token, which needs none.' },
})

/** Accounts, changed in the name of whoever asks. */
export function peopleOf({ context, identity }: Pick<Call, 'context' | 'identity'>, by?: string): People {
  const { accounts, logError } = context
  return peopleIn(accounts, by ?? identity.author, (problem) => logError(`console: ${problem}`))
}

/** The session of whoever asks. */
export function sessionOf({ session }: Call['identity']): Session {
  if (session === null) throw new Problem(403, 'forbidden', 'Only signed-in users can do this.')
  return session
}

/** Begins a session for a user, and gives what the browser needs of it. */
export async function beginSession(
  { context: { sessions }, request, response }: Pick<Call, 'context' | 'request' | 'response'>,
  name: string,
  user: User,
): Promise<object> {
  // A session that somebody else may have planted is not continued.
  const before = cookieText(request)
  const planted = before === null ? null : await sessions.find(before)
  if (planted !== null) await sessions.end(planted)
  const from = { address: addressOf(request), agent: request.headers['user-agent'] ?? '' }
  const { session, text: cookie } = await sessions.begin(name, user, from)
  setSessionCookie(request, response, cookie)
  return { user: name, role: user.role, domains: user.domains, csrf: session.csrf }
}

/** Of a unix socket there is none. */
export function addressOf({ ip }: Call['request']): string {
  return ip ?? 'local'
}
