/**
 * What it says of an attempt that a session ended inside TLS before the server had taken EHLO. Only the socket
 * knows how it ended, and Haraka does not report it. Pure.
 */
import { failureBeforeFirstReply } from './handshake-failure.js'
import { NOT_ACCEPTING, otherFailure, type AttemptFailure, type PeerReply } from '../outcome.js'

/** The end of such a session. */
export interface EarlyEnd {
  /** Of the connection or of TLS; `null` where the server closed in order. */
  readonly error: Error | null
  /** Who ended it, or why this side did. */
  readonly cause: 'closed' | 'silent' | 'garbled'
  /** The server's refusal of EHLO, if that is what it said before it closed. */
  readonly refusal: PeerReply | null
}

/** The failure; `null` where TLS is not to blame and the server said nothing that could be reported. */
export function failureOfEarlyEnd({ error, cause, refusal }: EarlyEnd): AttemptFailure | null {
  if (refusal && cause !== 'silent')
    return otherFailure(`answered EHLO inside TLS with ${refusal.code} ${refusal.text}`.trim(), {
      temporary: refusal.code < 500,
      status: NOT_ACCEPTING,
      reply: refusal,
    })
  return cause === 'closed' ? failureBeforeFirstReply(error) : null
}
