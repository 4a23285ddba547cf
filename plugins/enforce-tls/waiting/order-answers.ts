/** What orders for waiting mail have come to, as sentences without a full stop. */
import type { Ending } from '../delivery/waiting.js'

type Endings = Readonly<Record<Ending, readonly [done: boolean, says: string]>>

/** What is required now is not what was shown. */
export const CHANGED = 'its rules or recipients have changed since; look at it again'
export const OFF = 'releasing is switched off here ([failure] allow_release)'
export const RELEASED = 'it is released, and under way now'
export const RELEASED_UNKNOWN =
  'it is released, but its rules cannot be read now: it goes when they can be, if they still require the same'
export const ASKED_FOR =
  'its sender asks for REQUIRETLS, which nobody else can waive (RFC 8689): give it up, so that the sender knows'

/** What an order to give an item up has come to. */
export const FAIL_ENDINGS: Endings = {
  bounced: [true, 'it was given up, and its sender gets a bounce'],
  kept: [true, 'it was given up, and kept in the queue folder as error.*, since it has no sender to notify'],
  delivered: [false, 'it was delivered meanwhile'],
  released: [false, 'it was released meanwhile'],
  divided: [false, 'it was divided among its recipients meanwhile; look at its parts'],
  free: [false, 'no rule covers it any more, so it is delivered as usual'],
  other: [false, 'it waits for another reason now'],
}

/** What an order to release one has come to, where its item ended before it was tried under that leave. */
export const RELEASE_ENDINGS: Endings = {
  ...FAIL_ENDINGS,
  bounced: [false, 'it could not be tried any more, and its sender gets a bounce'],
  kept: [false, 'it could not be tried any more, and is kept in the queue folder as error.*'],
  released: [true, RELEASED],
  other: [true, 'it is released, but waits for another reason now'],
}
