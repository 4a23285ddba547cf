/**
 * What is said in the clear before TLS: greeting, EHLO or LHLO, STARTTLS, and nothing else (RFC 3207). Says
 * with a class why a server does not get as far as agreeing to TLS.
 */
import { DialogueError, type Dialogue } from './smtp-dialogue.js'
import { NOT_ACCEPTING, otherFailure, tlsFailure } from '../outcome.js'
import { offers } from './offers.js'
import { formatReply, type Reply } from './smtp-reply.js'
import type { TlsRequest } from './request.js'

/** The server said no, and both sides still understand each other: the session ends with QUIT. */
export class Goodbye extends DialogueError {}

/**
 * Goes as far as the server's agreement to TLS.
 *
 * @returns what is left of the time for the handshake, in milliseconds
 * @throws {DialogueError} for whatever else the server does.
 */
export async function startTls(
  dialogue: Dialogue,
  { helo, lmtp, timeouts }: Pick<TlsRequest, 'helo' | 'lmtp' | 'timeouts'>,
): Promise<number> {
  const greeting = await dialogue.reply(timeouts.reply)
  if (greeting.code !== 220) throw refused('greeting', greeting)
  const hello = await dialogue.command(`${lmtp ? 'LHLO' : 'EHLO'} ${helo}`, timeouts.reply)
  if (hello.code >= 500) {
    const detail = `rejected ${lmtp ? 'LHLO' : 'EHLO'}, so it cannot offer TLS`
    throw new Goodbye(tlsFailure('starttls-not-supported', detail, { reply: peerReply(hello) }))
  }
  if (hello.code !== 250) throw refused(lmtp ? 'LHLO' : 'EHLO', hello)
  if (!offers(hello, 'STARTTLS'))
    throw new Goodbye(tlsFailure('starttls-not-supported', 'does not offer STARTTLS'))
  const begun = performance.now()
  const answer = await dialogue.command('STARTTLS', timeouts.handshake)
  if (answer.code !== 220) {
    const name =
      answer.code >= 500 ? 'starttls-refused' : answer.code >= 400 ? 'starttls-deferred' : 'handshake-failure'
    const detail = `answered STARTTLS with ${formatReply(answer)}`
    throw new Goodbye(tlsFailure(name, detail, { reply: peerReply(answer) }))
  }
  // One turn of the event loop, so that bytes which follow in a packet of their own are seen as well.
  await new Promise((resolve) => setImmediate(resolve))
  dialogue.assertOpen()
  if (dialogue.unaskedAlert)
    throw new DialogueError(tlsFailure('handshake-failure', 'answered STARTTLS with 220 and a TLS alert'))
  if (dialogue.unasked)
    throw new DialogueError(tlsFailure('starttls-injection', 'sent more data after its reply to STARTTLS'))
  return timeouts.handshake - (performance.now() - begun)
}

function refused(step: string, reply: Reply): DialogueError {
  const detail = `answered ${step === 'greeting' ? 'the connection' : step} with ${formatReply(reply)}`
  return reply.code >= 400
    ? new Goodbye(
        otherFailure(detail, {
          temporary: reply.code < 500,
          status: NOT_ACCEPTING,
          reply: peerReply(reply),
        }),
      )
    : new DialogueError(tlsFailure('handshake-failure', detail))
}

function peerReply(reply: Reply): { code: number; text: string } {
  return { code: reply.code, text: reply.lines.join(' ') }
}
