/** What is asked for when a connection is to be encrypted. */
import type { Socket } from 'node:net'
import type { SecureContext } from 'node:tls'
import type { AttemptFailure } from '../outcome.js'
import type { PeerIdentity } from './certificate.js'
import type { SessionSlot } from './session-cache.js'

/** A connected server and what the session with it has to be like. */
export interface TlsRequest {
  readonly socket: Socket
  /** The name given in EHLO or LHLO. */
  readonly helo: string
  readonly lmtp: boolean
  /** The server's name for SNI (RFC 6066 section 3); an IP address has none. */
  readonly serverName: string | undefined
  /** Protocol versions, ciphers, own certificate; throws where OpenSSL refuses the operator's. */
  readonly context: () => SecureContext
  /** Called once the server has agreed to TLS, before the handshake. */
  readonly agreed?: () => void
  /** Where the server's session is cached; no session is resumed without it. */
  readonly sessions?: (context: SecureContext) => SessionSlot | null
  /** Whether TLS comes first (RFC 8314), instead of STARTTLS. @default false */
  readonly implicitTls?: boolean
  /** Says what the server's certificate does not fulfil, if anything. */
  readonly verify: (peer: PeerIdentity) => AttemptFailure | null
  readonly timeouts: TlsTimeouts
}

/** How long a server may take, in milliseconds. */
export interface TlsTimeouts {
  /** For the whole of its greeting, and of its reply to EHLO. */
  readonly reply: number
  /** From STARTTLS to the established session. */
  readonly handshake: number
}
