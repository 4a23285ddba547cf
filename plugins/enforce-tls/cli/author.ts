/** Who runs the command, as the history names them. */
import { hostname, userInfo } from 'node:os'
import { quote } from '../text/quote.js'
import { WrongUse } from './refusal.js'

/** Says who it is where the user of the system does not: in scripts, and where many share one login. */
const VARIABLE = 'ENFORCE_TLS_USER'
const LENGTH_MAX = 200

/**
 * The name that goes into the history: `--as`, or the variable, or user@host of the system.
 *
 * @throws {WrongUse} for a name that would not be readable there.
 */
export function authorOf(as: string | undefined, env: NodeJS.ProcessEnv): string {
  if (as !== undefined) return checked('--as', as)
  const fromEnvironment = env[VARIABLE]
  if (fromEnvironment !== undefined && fromEnvironment !== '') return checked(VARIABLE, fromEnvironment)
  return `${userName()}@${hostname()}`
}

function checked(source: string, name: string): string {
  const expected = 'expected: a name for the history, such as ann@helpdesk'
  if (name.trim() === '') throw new WrongUse([`${source} is empty; ${expected}`])
  if (name.length > LENGTH_MAX)
    throw new WrongUse([`${source} ${quote(name)} is longer than ${LENGTH_MAX} characters; ${expected}`])
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(name))
    throw new WrongUse([`${source} ${quote(name)} contains a control character or a line break; ${expected}`])
  return name
}

/** A user id may have no name, as in a container. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return `uid ${process.getuid?.() ?? '?'}`
  }
}
