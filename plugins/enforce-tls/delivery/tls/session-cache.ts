/**
 * TLS sessions to be resumed (RFC 8446 section 2.2, RFC 5077): one for each server and requirement, together
 * with what its certificate was when it was verified. Bounded in number, bytes and time. Losing one costs a
 * full handshake, nothing else.
 *
 * Tickets of TLS 1.3 are used again until the server gives a new one. RFC 8446 appendix C.4 advises against
 * it so that an observer can't tell that two connections have the same client; a mail server shows its
 * address and its EHLO name in the clear before each handshake, so there is nothing to hide. Forward secrecy
 * is not given up (OpenSSL resumes with a new key exchange only), and no early data is sent that could be
 * replayed. A server that takes each ticket once gets a full handshake the second time.
 */
import type { TLSSocket } from 'node:tls'
import { LRUCache } from 'lru-cache'
import { hostDemandKey, type HostRequirement } from '../../published/host-requirement.js'
import { type PeerIdentity, datesCount, datesOf, validAt, type Dates } from './certificate.js'
import { withoutCertificate } from './session-der.js'

/** How long a verification is relied on, in milliseconds; Postfix's `smtp_tls_session_cache_timeout`, too. */
const LIFETIME = 60 * 60_000
const SESSIONS_MAX = 10_000
/** All sessions together, and one alone, in bytes; servers choose how long their tickets are. */
const BYTES_MAX = 32 * 1024 * 1024
const SESSION_BYTES_MAX = 16 * 1024

/** A session whose handshake fulfilled the requirement that it is kept for. */
export interface VerifiedSession {
  /** OpenSSL's own form of it, without the certificate. */
  readonly data: Buffer
  /** What was verified: Node.js has no certificate for a resumed session of a client. */
  readonly peer: PeerIdentity
  /** When the full handshake was that all of this began with, as `performance.now()`. */
  readonly verifiedAt: number
}

/** The place of one server's session under one requirement. */
export interface SessionSlot {
  /** The session to resume, if there is one that still counts. */
  known(): VerifiedSession | undefined
  keep(session: VerifiedSession): void
  /** The server breaks when it is to resume: for a while, it is not asked to. */
  avoid(): void
}

interface CachedSession extends VerifiedSession {
  /** The dates between which the certificates are valid, in milliseconds; absent where dates don't count. */
  readonly dates: Dates | undefined
}

/** The clocks in use, in milliseconds. */
export interface Clocks {
  /** The time of day: certificates have dates. */
  readonly now: () => number
  /** A clock that nobody sets. */
  readonly steady: () => number
}

/** Sessions of one set of TLS settings: trust anchors, own certificate, versions, ciphers. */
export class SessionCache {
  readonly #sessions: LRUCache<string, CachedSession | 'avoided'>
  readonly #now: () => number

  constructor({ now, steady }: Clocks = { now: Date.now, steady: () => performance.now() }) {
    this.#now = now
    this.#sessions = new LRUCache({
      max: SESSIONS_MAX,
      maxSize: BYTES_MAX,
      sizeCalculation: (session) => (session === 'avoided' ? 1 : session.data.length),
      ttl: LIFETIME,
      ttlResolution: 0,
      perf: { now: steady },
    })
  }

  /**
   * The place of a server's session.
   *
   * @param host the MX host's name, or its address where it has none
   * @param place address and port, or the path of a socket
   */
  slot(host: string, place: string, requirement: HostRequirement): SessionSlot {
    const key = JSON.stringify([host.toLowerCase(), place, hostDemandKey(requirement)])
    return {
      known: () => this.#known(key),
      keep: (session) => this.#keep(key, session, datesCount(session.peer, requirement)),
      avoid: () => void this.#sessions.set(key, 'avoided'),
    }
  }

  #known(key: string): VerifiedSession | undefined {
    const session = this.#sessions.get(key)
    if (session === undefined || session === 'avoided') return undefined
    if (validAt(session.dates, this.#now())) return session
    this.#sessions.delete(key)
    return undefined
  }

  #keep(key: string, session: VerifiedSession, dated: boolean): void {
    if (session.data.length > SESSION_BYTES_MAX || this.#sessions.get(key) === 'avoided') return
    const dates = dated ? datesOf(session.peer.certificate) : undefined
    // A session that came of a resumed one counts no longer than the first.
    this.#sessions.set(key, { ...session, dates }, { start: session.verifiedAt })
  }
}

/** Collects the sessions that a server gives; they go nowhere before verification has passed. */
export class NewSessions {
  #latest: Buffer | undefined
  #keep: (() => void) | undefined

  /** @param socket one whose handshake is not done yet */
  constructor(socket: TLSSocket) {
    socket.on('session', (data: Buffer) => {
      this.#latest = data
      this.#keep?.()
    })
  }

  /** Verification has passed: sessions are kept, also those that come later (RFC 8446 section 4.6.1). */
  keepIn(slot: SessionSlot, verified: Omit<VerifiedSession, 'data'>): void {
    this.#keep = () => {
      if (this.#latest) slot.keep({ ...verified, data: withoutCertificate(this.#latest) })
    }
    this.#keep()
  }
}
