/** The outcomes of an attempt, and what all attempts of a round together mean for the message. Pure. */
import type { HostRequirement } from '../published/host-requirement.js'
import type { Requirement } from '../rules/requirement.js'
import type { Departure } from './own-socket.js'
import type { OnwardMail } from './tls/onward-mail.js'
import type { TlsSession } from './tls/session.js'
import { definitionOf, type FailureClass } from './failure-classes.js'

/** A reply of a peer, as it goes into a log line or a bounce. */
export interface PeerReply {
  readonly code: number
  /** The text, without codes; of unknown content. */
  readonly text: string
}

/** Why an attempt did not come to an encrypted session. */
export interface AttemptFailure {
  /** `null` where TLS is not to blame: no connection, a greeting of 4yz or 5yz, a lost session. */
  readonly class: FailureClass | null
  readonly temporary: boolean
  /** What was seen, one clause for a log line; of unknown content where it quotes a peer. */
  readonly detail: string
  readonly reply?: PeerReply
  /** Whether it is what a gateway answers to a message, so that another one may fare better. */
  readonly isAnswer?: true
  /** The message had to leave with REQUIRETLS, so that RFC 8689's codes tell of it. */
  readonly isOnward?: true
  /** Subject and detail of the enhanced status code, where the class does not say them. */
  readonly status?: string
}

/** One try at one host. */
export interface Attempt {
  /** The host's name, or the address or socket path where it has none. */
  readonly host: string
  /** Where the connection went: an address and port, or a socket path. */
  readonly to: string
  /** The address that this server connected from, once it has. */
  source?: string | undefined
  /** Whether it came to an encrypted session that fulfils the requirement. */
  secured: boolean
  /** What is required at this host; absent where it was not come to. */
  requirement?: HostRequirement
  /** The encrypted session it came to, whether or not that fulfils the requirement. */
  session: TlsSession | null
  /** Haraka has a connection of its own to the host, on which nothing is required. */
  isOwn?: boolean
  /** How MAIL was said over that connection; absent before. */
  departure?: Departure
  /** How MAIL was said with REQUIRETLS, or was to be where the server offers it; absent where nobody asks for it. */
  onward?: OnwardMail
  /** Whether it was sent the whole message, and no answer to that has come. */
  isUnanswered?: boolean
  /** What a policy of mode `testing` makes of the host; absent where there is none, or that is unknown. */
  tested?: Tested
  /** `null` while the attempt lasts, and for one that delivered. */
  failure: AttemptFailure | null
  /** The gateway that the host is, by name; absent for one of the recipients' own servers. */
  readonly gateway?: string
}

/** What a policy of mode `testing` would have made of a host, were its mode `enforce`. */
export interface Tested {
  /** `null` where it would have been content. */
  readonly failure: AttemptFailure | null
}

/** A failure for which TLS is to blame. */
export function tlsFailure(
  name: FailureClass,
  detail: string,
  more: { readonly reply?: PeerReply; readonly temporary?: boolean } = {},
): AttemptFailure {
  return { class: name, temporary: definitionOf(name).temporary, detail, ...more }
}

/** RFC 3463 X.4.1: no answer from host. */
const NO_ANSWER = '4.1'
/** RFC 3463 X.4.2: bad connection. */
export const BAD_CONNECTION = '4.2'

/** What is known of a host that may have the message, as the end of a sentence about it. */
export const UNCONFIRMED = 'was sent the whole message, and the session ended before it answered'

/** RFC 3463 X.3.2: system not accepting network messages. */
export const NOT_ACCEPTING = '3.2'

/** RFC 3463 X.3.5: system incorrectly configured. */
export const MISCONFIGURED = '3.5'

/** RFC 3463 X.4.4: unable to route. */
export const UNROUTABLE = '4.4'

/** What became of a host that Haraka does not connect to, as the end of a sentence about it. */
export const SKIPPED_BY_HARAKA = 'is this machine itself, which Haraka skips (local_mx_ok=false)'

/** RFC 3463 X.4.3: directory server failure. */
export const DIRECTORY_FAILURE = '4.3'

/** Whatever fails at a host that is held to what is published may end otherwise, once that is mended (RFC 7672, 8461). */
export function asItCounts(failure: AttemptFailure, { held }: Pick<HostRequirement, 'held'>): AttemptFailure {
  return held?.dane || held?.sts ? { ...failure, temporary: true } : failure
}

/**
 * Whether a failure may be over by itself: it does not say what a server or a domain is like, and nobody knows how the
 * next attempt ends.
 */
export function mayPass({ class: name, temporary }: AttemptFailure): boolean {
  return temporary && (name === null || definitionOf(name).mayPass === true)
}

/** A failure for which TLS is not to blame. */
export function otherFailure(
  detail: string,
  more: { readonly temporary?: boolean; readonly status?: string; readonly reply?: PeerReply } = {},
): AttemptFailure {
  return { class: null, temporary: true, status: NO_ANSWER, detail, ...more }
}

const GATEWAY_CLASSES: readonly (FailureClass | null)[] = ['gateway-misconfigured', 'gateway-loop']

/** Whatever fails at a gateway makes the message wait, and is never counted as a failure of the recipients' servers. */
export function atGateway(failure: AttemptFailure): AttemptFailure {
  return GATEWAY_CLASSES.includes(failure.class)
    ? failure
    : { ...failure, class: 'gateway-unavailable', temporary: true }
}

/** The attempts at the recipients' own servers; where there was none, those at the gateway. */
export function ownAttempts(attempts: readonly Attempt[]): readonly Attempt[] {
  const own = attempts.filter(({ gateway }) => gateway === undefined)
  return own.length > 0 ? own : attempts
}

/** What all attempts together mean for the message. */
export interface Verdict {
  /** A TLS reason is among the failures. */
  readonly tls: boolean
  /** Another try later may end otherwise: not every host failed permanently. */
  readonly temporary: boolean
}

/** Judges the attempts of one round over all hosts of a domain; each has failed. */
export function judge(attempts: readonly Attempt[]): Verdict {
  return {
    tls: attempts.some(({ failure }) => failure !== null && failure.class !== null),
    temporary: attempts.some(({ failure }) => failure === null || failure.temporary),
  }
}

/** An attempt that failed. */
export type FailedAttempt = Attempt & { readonly failure: AttemptFailure }

/** The attempt that a bounce names first: the last one that failed for a TLS reason, or else the last one. */
export function decisiveAttempt(attempts: readonly Attempt[]): FailedAttempt | null {
  const failed = attempts.filter((attempt): attempt is FailedAttempt => attempt.failure !== null)
  return failed.findLast(({ failure }) => failure.class !== null) ?? failed.at(-1) ?? null
}

/** The enhanced status code of a failure (RFC 3463). */
export function statusOf(failure: AttemptFailure, final: boolean): string {
  const cls = failure.temporary && !final ? 4 : 5
  if (!failure.class) return `${cls}.${failure.status ?? NO_ANSWER}`
  const { status, isOnward, isOurs, isGateway } = definitionOf(failure.class)
  const isAboutServer = !isOnward && !isOurs && !isGateway
  return `${cls}.${failure.isOnward && isAboutServer ? ENCRYPTION_NEEDED : status}`
}

/** RFC 5248's X.7.10: encryption needed. */
const ENCRYPTION_NEEDED = '7.10'

/**
 * How a failure counts for a message that must leave with REQUIRETLS: RFC 8689 section 4.2.1 has it come back when no
 * server will do. A partner that publishes nothing will not do, unless a rule waits for it.
 */
export function asOnward(
  failure: AttemptFailure,
  requirement: Pick<Requirement, 'onward' | 'published'> | null,
): AttemptFailure {
  if (requirement?.onward !== 'must' || failure.class === null) return failure
  const isFinal =
    failure.class === 'nothing-published' && requirement.published.every(({ isOnward }) => isOnward === true)
  return { ...failure, isOnward: true, ...(isFinal ? { temporary: false } : {}) }
}
