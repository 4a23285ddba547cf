/** What the rows of the matrix have in common. */
import type { PeerBehaviour } from '../../support/peer-behaviour.js'
import { failed, failedLater, notTls, type Outcome } from './outcomes.js'

/** One server: how it behaves, and what has to become of a covered message at every level. */
export interface Row {
  readonly name: string
  readonly behaviour: PeerBehaviour
  readonly outcome: Outcome
}

/** Between the bytes or lines of a server that drips, in milliseconds. */
export const TRICKLE = 100

export const NO_TLS = failed('starttls-not-supported')
export const INJECTION = failed('starttls-injection')
export const HANDSHAKE = failed('handshake-failure')
/** Silence before the server has agreed to TLS says nothing about TLS: it may just be busy. */
export const SLOW = failedLater('handshake-failure')
/** The connection was cut in the handshake, or before the first reply inside TLS: perhaps by the network. */
export const CUT = failedLater('handshake-failure')
/** The session went, for whatever reason. */
export const LOST = notTls('5.4.2', 2)
/** What comes from the server after TLS is Haraka's to judge; the wrong word bounces. */
export const GIBBERISH = notTls('5.5.1', 1)

/** An EHLO reply of these keyword lines. */
export function ehlo(...lines: string[]): PeerBehaviour {
  return { on: { EHLO: lines.map((line, index) => `250${index === lines.length - 1 ? ' ' : '-'}${line}`) } }
}
