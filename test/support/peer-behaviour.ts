/**
 * The words in which a test says how a receiving server behaves: which step of the dialogue is answered how.
 * Every step has a well-behaved default, so that a hostile server is one row of data.
 */
import type { TlsOptions } from 'node:tls'
import type { PeerSession } from './peer-session.js'

/**
 * Steps of the dialogue: `connect` is the greeting, `handshake` what happens after a 220 to STARTTLS,
 * `message` the final dot, `other` any verb that has no step.
 */
export type StepName =
  | 'connect'
  | 'EHLO'
  | 'HELO'
  | 'LHLO'
  | 'STARTTLS'
  | 'handshake'
  | 'AUTH'
  | 'MAIL'
  | 'RCPT'
  | 'DATA'
  | 'message'
  | 'RSET'
  | 'NOOP'
  | 'QUIT'
  | 'other'

/** Does whatever the step is to do; without a reply of its own the client waits. `line` is the command. */
export type Step = (session: PeerSession, line: string) => void | Promise<void>

/**
 * A text is sent as it is, in one packet, with a CRLF at its end (so `220 go\r\n250 x` smuggles a reply in);
 * a list is sent as lines in one packet; a function decides itself.
 */
export type Reply = string | readonly string[] | Step

export type Steps = Readonly<Partial<Record<StepName, Reply>>>

export interface PeerBehaviour {
  /** The name in greeting and EHLO reply. @default 'mx.peer.example' */
  readonly hostname?: string
  /** LHLO instead of EHLO, one reply for each recipient after the final dot. @default false */
  readonly lmtp?: boolean
  /** Whether STARTTLS is offered. @default true */
  readonly starttls?: boolean
  /** Further keywords of the EHLO reply. @default 8BITMIME, SMTPUTF8 and SIZE */
  readonly capabilities?: readonly string[]
  /** Whether REQUIRETLS is offered (RFC 8689): inside TLS, as it has to be, or only in the clear. @default not */
  readonly requiretls?: 'inside TLS' | 'in the clear'
  /** Key, certificate, versions, ciphers, SNICallback. @default a self-signed certificate of `hostname` */
  readonly tls?: TlsOptions
  /** Replies at RCPT by recipient address; others get 250. */
  readonly rcptReplies?: Readonly<Record<string, string>>
  /** Replies after the final dot by recipient address; for SMTP the first that applies decides. */
  readonly messageReplies?: Readonly<Record<string, string>>
  /** What the steps do instead of the default. */
  readonly on?: Steps
  /** The same for steps inside TLS only; goes before `on`. */
  readonly onSecure?: Steps
}
