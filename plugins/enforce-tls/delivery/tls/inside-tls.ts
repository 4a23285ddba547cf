/**
 * What a check asks inside TLS, as a delivery would: EHLO (HELO where that is refused) or LHLO, and with an
 * envelope MAIL and RCPT, then RSET. Never DATA. Never rejects: what goes wrong is the result, judged as what
 * Haraka 3.3.4 makes of it (`outbound/hmail.js`).
 */
import type { Socket } from 'node:net'
import { Dialogue, DialogueError, type DialogueFailures } from './smtp-dialogue.js'
import { failureBeforeFirstReply, failureOfEarlyEnd } from './handshake-failure.js'
import { BAD_CONNECTION, NOT_ACCEPTING, otherFailure, type AttemptFailure } from '../outcome.js'
import { oneLine } from '../../text/one-line.js'
import { offers } from './offers.js'
import { formatReply, INSIDE_TLS, mechanismsIn, type Reply } from './smtp-reply.js'

/** What is asked. */
export interface InsideTlsRequest {
  /** The name given in EHLO or LHLO. */
  readonly helo: string
  readonly lmtp: boolean
  /** Whether its greeting is still to come, as TLS came first (RFC 8314). @default false */
  readonly greets?: boolean
  /** Addresses as they stand between angle brackets; neither MAIL nor RCPT is said without. */
  readonly envelope: CheckEnvelope | undefined
  /** For each whole reply, in milliseconds. */
  readonly timeout: number
}

/** Whose mail is asked about, and for whom. */
export interface CheckEnvelope {
  /** Empty for `<>`. */
  readonly sender: string
  readonly recipient: string
}

/** One command and its reply, a line each. */
export interface Exchange {
  readonly asked: string
  /** `null` where none came. */
  readonly answered: string | null
}

/** What was asked and answered. */
export interface InsideAnswer {
  readonly exchanges: readonly Exchange[]
  /** The mechanisms of AUTH that it offers; `null` where it did not come to that. */
  readonly mechanisms: readonly string[] | null
  /** Whether the reply to EHLO offers REQUIRETLS; `null` where none came. */
  readonly requiretls: boolean | null
  /** Why mail could not go on; `null` where all was answered well. */
  readonly failure: AttemptFailure | null
}

/** RFC 3463 X.5.1: invalid command, which is what Haraka calls a reply that is none. */
const NO_REPLY_AT_ALL = '5.1'
const SHOWN_MAX = 300

/** Asks, and leaves with QUIT; the socket is closed in the end. */
export async function askInsideTls(socket: Socket, question: InsideTlsRequest): Promise<InsideAnswer> {
  const exchanges: Exchange[] = []
  let greeted = false
  let requiretls: boolean | null = null
  const failures: DialogueFailures = {
    ended: (step, error) =>
      greeted
        ? otherFailure(`closed the connection at ${step} inside TLS`, { status: BAD_CONNECTION })
        : failureBeforeFirstReply(error),
    garbled: (what, gibberish) =>
      otherFailure(`${what} inside TLS`, {
        temporary: !gibberish,
        status: gibberish ? NO_REPLY_AT_ALL : BAD_CONNECTION,
      }),
    late: (step) => otherFailure(`did not send ${step} inside TLS in time`),
  }
  const dialogue = new Dialogue(socket, failures, INSIDE_TLS)
  let mechanisms: readonly string[] | null = null
  const ask = async (asked: string): Promise<Reply> => {
    exchanges.push({ asked: oneLine(asked), answered: null })
    // A server may refuse before it is asked (RFC 5321 section 3.8); that is its reply, then.
    const reply = dialogue.unaskedRefusal
      ? await dialogue.reply(question.timeout)
      : await dialogue.command(asked, question.timeout)
    greeted = true
    // Nothing but a greeting has such a line (RFC 5321 section 4.1.1.1).
    requiretls ??= offers(reply, 'REQUIRETLS')
    exchanges.splice(-1, 1, {
      asked: oneLine(asked),
      answered: oneLine(formatReply(reply), SHOWN_MAX),
    })
    return reply
  }
  try {
    if (question.greets) demand(await dialogue.reply(question.timeout), 'the connection')
    const hello = await converse(ask, question)
    mechanisms = mechanismsIn(hello)
    return { exchanges, mechanisms, requiretls, failure: null }
  } catch (error) {
    if (!(error instanceof DialogueError)) throw error
    return { exchanges, mechanisms, requiretls, failure: error.failure }
  } finally {
    dialogue.quit()
  }
}

async function converse(
  ask: (command: string) => Promise<Reply>,
  { helo, lmtp, envelope }: InsideTlsRequest,
): Promise<Reply> {
  const hello = await ask(`${lmtp ? 'LHLO' : 'EHLO'} ${helo}`)
  if (hello.code >= 500 && !lmtp) await helloOfOld(ask, helo, hello)
  else demand(hello, lmtp ? 'LHLO' : 'EHLO', 250)
  if (!envelope) return hello
  const { sender, recipient } = envelope
  const utf8 = /[^\0-\x7f]/.test(sender + recipient) && offers(hello, 'SMTPUTF8')
  demand(await ask(`MAIL FROM:<${sender}>${utf8 ? ' SMTPUTF8' : ''}`), 'MAIL')
  const answer = await ask(`RCPT TO:<${recipient}>`)
  // What becomes of the transaction changes nothing any more.
  await ask('RSET').catch(() => undefined)
  demand(answer, 'RCPT')
  return hello
}

/** Haraka goes on with HELO; a server that has refused and then closes has refused. */
async function helloOfOld(
  ask: (command: string) => Promise<Reply>,
  helo: string,
  { code, lines }: Reply,
): Promise<void> {
  const refusal = { code, text: lines.join(' ') }
  const answer = await ask(`HELO ${helo}`).catch((error: unknown) => {
    const closed = error instanceof DialogueError && error.failure.status === BAD_CONNECTION
    const failure = closed ? failureOfEarlyEnd({ error: null, cause: 'closed', refusal }) : null
    throw failure ? new DialogueError(failure) : error
  })
  demand(answer, 'HELO')
}

/** @throws {DialogueError} for a reply other than one of success. */
function demand(reply: Reply, to: string, success?: number): void {
  if (success === undefined ? reply.code < 300 : reply.code === success) return
  const failure = otherFailure(`answered ${to} inside TLS with ${formatReply(reply)}`, {
    temporary: reply.code < 500,
    status: enhancedStatus(reply) ?? NOT_ACCEPTING,
    reply: { code: reply.code, text: reply.lines.join(' ') },
  })
  throw new DialogueError(failure)
}

/** Subject and detail of the enhanced status code that a reply begins with (RFC 2034). */
function enhancedStatus({ lines }: Reply): string | null {
  return /^[245]\.(\d{1,3}\.\d{1,3})\b/.exec(lines.at(-1) ?? '')?.[1] ?? null
}
