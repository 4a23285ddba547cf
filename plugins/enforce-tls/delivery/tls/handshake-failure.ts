/**
 * What an error on the way to an encrypted session, or before the server has taken EHLO inside it, says of an attempt.
 * The network may have cut a connection, so a later try may end otherwise; what TLS itself refuses, it will
 * refuse again. Pure.
 */
import { tlsFailure, type AttemptFailure, NOT_ACCEPTING, otherFailure, type PeerReply } from '../outcome.js'

/** The other side closed the connection where TLS had more to say. */
export class ConnectionCut extends Error {
  readonly code = 'CONNECTION_CUT'
}

/** Bytes that are not a TLS record at the place of one, in OpenSSL's words. */
const NOT_A_TLS_RECORD = new Set(['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_HTTP_REQUEST'])

/** The ends of a connection that come from OpenSSL or Node.js and not from the operating system. */
const CUT = new Set(['CONNECTION_CUT', 'ECONNRESET', 'ERR_SSL_UNEXPECTED_EOF_WHILE_READING'])

type TlsError = Error & { readonly code?: string; readonly errno?: number; readonly reason?: string }

/** An error of a handshake, as a failure. */
export function handshakeFailure(error: unknown): AttemptFailure {
  const { code, message, reason } = error as TlsError
  if (code !== undefined && NOT_A_TLS_RECORD.has(code))
    return tlsFailure('starttls-injection', 'sent data that is not TLS after its reply to STARTTLS')
  if (isCut(error))
    return tlsFailure('handshake-failure', 'closed the connection during the TLS handshake', {
      temporary: true,
    })
  return tlsFailure('handshake-failure', `failed the TLS handshake: ${reason ?? message}`)
}

/**
 * The end of a session before the first reply inside it, as a failure. With TLS 1.3 a server can refuse a
 * handshake after the client counts it as done (RFC 8446 section 4.4.2.4: a missing client certificate).
 *
 * @param error `null` where the server closed the connection without one
 */
export function failureBeforeFirstReply(error: Error | null): AttemptFailure {
  if (error === null || isCut(error))
    return tlsFailure(
      'handshake-failure',
      'closed the connection right after the TLS handshake, without a reply',
      { temporary: true },
    )
  const { message, reason } = error as TlsError
  return tlsFailure('handshake-failure', `ended TLS right after the handshake: ${reason ?? message}`)
}

/** Errors of the operating system have a number; those of OpenSSL have none. */
function isCut(error: unknown): boolean {
  const { code, errno } = error as TlsError
  return errno !== undefined || (code !== undefined && CUT.has(code))
}

/** A session that ended inside TLS before EHLO was taken: only the socket knows how, and Haraka does not report it. */
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
