/**
 * What a gateway is told inside TLS before Haraka talks to it: its greeting is taken where TLS came first, and the login
 * goes out (RFC 4954). Only for a session whose certificate was verified. Haraka writes what it says into its log, so it
 * never gets to see the login; nothing of it is in a failure either, whatever the gateway answers.
 */
import type { TLSSocket } from 'node:tls'
import type { Gateway } from '../../settings/gateways.js'
import { BAD_CONNECTION, tlsFailure, type AttemptFailure } from '../outcome.js'
import { leave } from './quit.js'
import { Dialogue, DialogueError, type DialogueFailures } from './smtp-dialogue.js'
import { enhancedCodeOf, INSIDE_TLS, mechanismsIn, type Reply } from './smtp-reply.js'

/** What a gateway failed for, inside TLS. */
export function gatewayFailure(detail: string, status?: string): AttemptFailure {
  return { ...tlsFailure('gateway-unavailable', detail), ...(status === undefined ? {} : { status }) }
}

const FAILURES: DialogueFailures = {
  ended: (step) => gatewayFailure(`closed the connection at ${step} inside TLS`, BAD_CONNECTION),
  garbled: () => gatewayFailure('sent something other than SMTP inside TLS', BAD_CONNECTION),
  late: (step) => gatewayFailure(`did not send ${step} inside TLS in time`, BAD_CONNECTION),
}

/**
 * Makes a fresh session ready for Haraka. Never rejects.
 *
 * @param helo the name given in EHLO
 * @param timeout for each whole reply, in milliseconds
 * @returns why that failed, with the session ended; `null` for a session that is ready
 */
export async function enterGateway(
  socket: TLSSocket,
  { implicitTls, login }: Pick<Gateway, 'implicitTls' | 'login'>,
  { helo, timeout }: { readonly helo: string; readonly timeout: number },
): Promise<AttemptFailure | null> {
  if (!implicitTls && !login) return null
  const dialogue = new Dialogue(socket, FAILURES, INSIDE_TLS)
  try {
    if (implicitTls) demand(await dialogue.reply(timeout), 'the connection')
    if (login) await logIn(dialogue, login, { helo, timeout })
    dialogue.assertOpen()
    if (dialogue.unasked) throw new DialogueError(FAILURES.garbled('more than its reply', false))
    dialogue.release()
    return null
  } catch (error) {
    dialogue.release()
    leave(socket)
    return error instanceof DialogueError ? error.failure : gatewayFailure('could not be talked to')
  }
}

async function logIn(
  dialogue: Dialogue,
  { user, password }: NonNullable<Gateway['login']>,
  { helo, timeout }: { readonly helo: string; readonly timeout: number },
): Promise<void> {
  const hello = await dialogue.command(`EHLO ${helo}`, timeout)
  demand(hello, 'EHLO')
  const offered = mechanismsIn(hello)
  const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64')
  if (offered.includes('PLAIN'))
    return demand(await dialogue.command(`AUTH PLAIN ${base64(`\0${user}\0${password}`)}`, timeout), 'AUTH')
  const problem = loginProblem(offered)
  if (problem !== null) throw new DialogueError(gatewayFailure(problem))
  for (const [line, code] of [
    ['AUTH LOGIN', 334],
    [base64(user), 334],
    [base64(password), 235],
  ] as const)
    demand(await dialogue.command(line, timeout, 'AUTH'), 'AUTH', code)
}

/** Why a server that offers these mechanisms of AUTH cannot be logged in to; `null` where it can. */
export function loginProblem(offered: readonly string[]): string | null {
  if (offered.includes('PLAIN') || offered.includes('LOGIN')) return null
  return offered.length === 0
    ? 'does not offer AUTH, but a user and password are set for it'
    : 'offers AUTH, but neither PLAIN nor LOGIN'
}

/** Only the code is repeated: a text may quote what it is the answer to. */
function demand({ code, lines }: Reply, to: string, wanted?: number): void {
  if (wanted === undefined ? code >= 200 && code < 300 : code === wanted) return
  const answer = [code, enhancedCodeOf(lines.at(-1) ?? '')].filter(Boolean).join(' ')
  throw new DialogueError(gatewayFailure(`answered ${to} inside TLS with ${answer}`))
}

/** What a gateway answers to MAIL that is about our login and not about the message (RFC 4954 section 6). */
const ABOUT_LOGIN = /^53[0458](?:[ -]|$)/

/**
 * What a line of a gateway says of the gateway and not of the message, while Haraka talks to it: Haraka would bounce for
 * it.
 *
 * @param asked the verb whose reply it is
 */
export function gatewayRefusal(asked: string | null, line: string): AttemptFailure | null {
  const [, code] = /^([2-5]\d\d)(?:[ -]|$)/.exec(line) ?? []
  if (code === undefined) return gatewayFailure('sent something other than SMTP inside TLS', BAD_CONNECTION)
  const isGreeting = asked === 'EHLO' || asked === 'HELO'
  const isAboutGateway = (isGreeting && code.startsWith('5')) || ABOUT_LOGIN.test(line)
  return isAboutGateway ? gatewayFailure(`answered ${asked ?? 'nothing'} inside TLS with ${code}`) : null
}
