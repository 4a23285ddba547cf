/**
 * An encrypted session with a server that may serve more messages than one, what it showed of itself, and when it
 * is too old or was used too often for another. Holds no message.
 */
import type { SecureContext, TLSSocket } from 'node:tls'
import type { Tested } from '../outcome.js'
import type { SessionSlot } from '../tls/session-cache.js'
import type { TlsSession } from '../tls/session.js'
import { type LoggedSession, validAt, type Dates } from '../tls/certificate.js'

/** No connection is used longer, in milliseconds (Postfix's `smtp_connection_reuse_time_limit`). */
const LIFETIME = 300_000

/** What a connection was opened for; what differs in any of it goes over another one. */
export interface ConnectionPurpose {
  /** Where it goes: an address and port, or the path of a socket. */
  readonly place: string
  /** All else that a message needs of it, see `connectionKey`. */
  readonly key: string
  /** The TLS settings; a change of them makes another context. */
  readonly context: SecureContext
}

/** One such session. */
export interface Connection extends ConnectionPurpose {
  readonly socket: TLSSocket
  readonly session: TlsSession
  readonly logged: LoggedSession
  /** What a policy of mode `testing` makes of it; absent where there is none. */
  readonly tested?: Tested
  /** Where the TLS session is cached; `null` where none is. */
  readonly slot: SessionSlot | null
  /** How long the server may be silent, in milliseconds; 0 for no limit. */
  readonly idle: number
  /** When its certificates are valid; `undefined` where dates do not count. */
  readonly dates: Dates | undefined
  /** When the session began, as `performance.now()`. */
  readonly since: number
  /** The messages that its server has taken. */
  messages: number
  /** Whether its server has offered REQUIRETLS to a message that asked for it. */
  offersRequireTls: boolean
  /** Whether its server has taken our credentials. */
  isAuthenticated: boolean
}

/** Whether a connection may serve one more message. */
export function isUsable(connection: Connection, messagesMax: number): boolean {
  const { socket, messages, dates } = connection
  const isOpen = !socket.destroyed && socket.writable && socket.readable
  return isOpen && messages < messagesMax && timeLeft(connection) > 0 && validAt(dates, Date.now())
}

/** For how long a connection may be used, in milliseconds; not above zero when its time is over. */
export function timeLeft({ since, dates }: Connection): number {
  return Math.min(since + LIFETIME - performance.now(), (dates?.to ?? Infinity) - Date.now())
}
