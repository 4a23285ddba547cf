/**
 * One round of attempts over all hosts of a domain: which were tried, how each ended, and what that means
 * for the message. Keeps record; does no I/O.
 */
import { isIP } from 'node:net'
import type { HarakaMx } from '../haraka/types.js'
import { failureWithout, type WithoutSecrets } from './gateway-secrets.js'
import { hostOf, placeOf } from './next-hop.js'
import {
  atGateway,
  BAD_CONNECTION,
  otherFailure,
  SKIPPED_BY_HARAKA,
  UNCONFIRMED,
  UNROUTABLE,
  type Attempt,
  type AttemptFailure,
} from './outcome.js'

/** The attempts of one round. */
export class Attempts {
  readonly #ended: (attempt: Attempt) => void
  readonly #asItCounts: (failure: AttemptFailure) => AttemptFailure
  readonly #attempts: Attempt[] = []
  readonly #unresolved = new Set<string>()
  #current: Attempt | null = null
  /** The gateway that all hosts from now on are, by name. */
  #gateway: string | null = null
  #without: WithoutSecrets = (text) => text
  #isSkipped: () => boolean = () => false

  /**
   * @param ended called with each attempt that has ended
   * @param asItCounts what a failure means for this message. @default what it means in general
   */
  constructor(
    ended: (attempt: Attempt) => void,
    asItCounts: (failure: AttemptFailure) => AttemptFailure = (failure) => failure,
  ) {
    this.#ended = ended
    this.#asItCounts = asItCounts
  }

  /** All attempts so far, in their order. */
  get attempts(): readonly Attempt[] {
    return this.#attempts
  }

  /**
   * From here on the hosts are those of a gateway.
   *
   * @param name as in `[gateways]`
   * @param without takes its login out of what it says. @default there is none
   */
  enterGateway(name: string, without: WithoutSecrets = (text) => text): void {
    this.#gateway = name
    this.#without = without
  }

  /** Goes on where another round has come to, with some of its recipients. */
  follow(other: Attempts): void {
    this.#attempts.push(...other.#attempts.map((attempt) => ({ ...attempt })))
    this.#gateway = other.#gateway
    this.#without = other.#without
  }

  /** Takes the hosts of the domain before their names are resolved. */
  expect(hosts: readonly HarakaMx[]): void {
    for (const { exchange } of hosts) if (exchange && !isIP(exchange)) this.#unresolved.add(exchange)
  }

  /** Takes what became of them: a host that has dropped out might have had TLS, had DNS answered. */
  resolved(hosts: readonly HarakaMx[]): void {
    for (const { exchange, from_dns } of hosts) {
      this.#unresolved.delete(exchange ?? '')
      this.#unresolved.delete(from_dns ?? '')
    }
    for (const host of this.#unresolved) {
      const attempt = this.#begun(host, host)
      this.fail(attempt, otherFailure('has no address, or DNS did not answer', { status: UNROUTABLE }))
    }
    this.#unresolved.clear()
  }

  /** Ends the attempt under way, if it has not ended yet: Haraka goes on to the next host. */
  endCurrent(): void {
    const attempt = this.#current
    this.#current = null
    if (!attempt || attempt.failure) return
    this.fail(attempt, this.#failureOf(attempt))
  }

  #failureOf({ secured, isOwn, departure, isUnanswered = false }: Attempt): AttemptFailure {
    if (isUnanswered) return otherFailure(UNCONFIRMED, { status: BAD_CONNECTION })
    if (secured) return otherFailure('ended the session before it answered', { status: BAD_CONNECTION })
    if (isOwn === true)
      return otherFailure(
        departure
          ? 'was sent MAIL, and the session ended before it answered'
          : 'was reached, and the session ended before MAIL was sent',
        { status: BAD_CONNECTION },
      )
    return otherFailure(this.#isSkipped() ? SKIPPED_BY_HARAKA : 'could not be reached')
  }

  /**
   * Begins an attempt.
   *
   * @param isSkipped whether Haraka skips this host without a word, because it is this machine; asked where it has not
   *   come to a connection
   */
  begin(mx: HarakaMx, isSkipped: () => boolean = () => false): void {
    this.#isSkipped = isSkipped
    this.#current = this.#begun(hostOf(mx), placeOf(mx))
  }

  /** Takes a host that was not tried, because of what DNS says of it. */
  lost(host: string, failure: AttemptFailure): void {
    this.fail(this.#begun(host, ''), failure)
  }

  /** Takes what an earlier round failed for at a host: it is no attempt of this one. */
  recall(host: string, failure: AttemptFailure): void {
    this.#begun(host, '').failure = failure
  }

  #begun(host: string, to: string): Attempt {
    const gateway = this.#gateway === null ? {} : { gateway: this.#gateway }
    const attempt: Attempt = { host, to, secured: false, session: null, failure: null, ...gateway }
    this.#attempts.push(attempt)
    return attempt
  }

  /** The attempt under way begins anew: as if it had not been. */
  forgetCurrent(): void {
    if (this.#attempts.at(-1) === this.#current) this.#attempts.pop()
    this.#current = null
  }

  /** The attempt under way. @throws {TypeError} when there is none: Haraka connects only after it has begun one. */
  get current(): Attempt {
    if (!this.#current) throw new TypeError('no attempt is under way')
    return this.#current
  }

  /** A gateway has not taken the message in the session under way, or in the last one. */
  failAtGateway(failure: AttemptFailure): void {
    const last = this.#attempts.at(-1)
    if (last?.gateway !== undefined && !last.failure) this.fail(last, failure)
  }

  /** Ends an attempt with what it failed for. */
  fail(attempt: Attempt, failed: AttemptFailure): void {
    const failure = this.#asItCounts(failed)
    attempt.failure =
      attempt.gateway === undefined ? failure : failureWithout(atGateway(failure), this.#without)
    this.#ended(attempt)
  }

  /** The attempt under way, if there is one, came to a server's last word; gives the last attempt of all. */
  finish(): Attempt | null {
    const attempt = this.#current
    this.#current = null
    // A line that is no reply ends it, too.
    if (attempt?.isUnanswered && !attempt.failure) this.fail(attempt, this.#failureOf(attempt))
    else if (attempt && !attempt.failure) this.#ended(attempt)
    return attempt ?? this.#attempts.at(-1) ?? null
  }
}
