/**
 * A queue item under guard, as the parts of the guard share it: Haraka's own methods, what is required now, the
 * round of attempts under way, and the events of it. `guard.ts`, `host-attempt.ts` and `finish.ts` work on it,
 * and they alone touch the insides of an hmail (Haraka 3.3.4, `outbound/hmail.js`).
 */
import type { Socket } from 'node:net'
import type { HarakaAddress, HarakaMailItem, HarakaMx } from '../haraka/types.js'
import type { DomainFacts } from '../published/domain-facts.js'
import { isUnbound, type HostRequirement } from '../published/host-requirement.js'
import { withAsked } from '../requiretls/ask.js'
import { askingKindOf } from '../requiretls/note.js'
import { policyForDomain, policyForHosts } from '../requiretls/policy.js'
import { demandKey, knownByName, type Requirement } from '../rules/requirement.js'
import { Overrides } from './overrides.js'
import type { AskedFor, GuardContext } from './guard-context.js'
import { aboutItem, type Outcome } from './delivery-events.js'
import { noticeKept, noticeOutcome } from './notice-events.js'
import { asOnward, statusOf, type Attempt, type AttemptFailure } from './outcome.js'
import type { Departure } from './own-socket.js'
import { Attempts } from './attempts.js'
import type { GatewayRoute } from './gateway-route.js'
import { withoutLogin } from './gateway-secrets.js'
import type { Connection } from './connections/connection.js'
import { reasonWithoutTls } from './other-reason.js'
import type { GivingUp, Release } from './waiting.js'
import type { Place } from './connections/pool.js'

/** Haraka's methods that a guarded item has its own versions of. */
export const GUARDED_METHODS = [
  'send_email_respond',
  'get_mx_respond',
  'found_mx',
  'get_force_tls',
  'try_deliver',
  'try_deliver_host_on_socket',
  'temp_fail',
  'deferred_respond',
  'bounce_respond',
  'double_bounce',
  'split_to_new_recipients',
  'delivered',
] as const satisfies readonly (keyof HarakaMailItem)[]

/** One of them. */
export type GuardedMethod = (typeof GUARDED_METHODS)[number]

/** The item's own version of each. */
export type GuardedVersions = Readonly<Record<GuardedMethod, (...args: never[]) => unknown>>

/** Facts that an item has asked for. */
export interface AskedFacts {
  /** Of what was asked. */
  readonly key: string
  readonly facts: Promise<DomainFacts>
  /** Once they are there: what they are, and since when by a clock that nobody sets. */
  found: { readonly facts: DomainFacts; readonly at: number } | null
}

/** A message that asks for REQUIRETLS itself, and what rules require of it beside that. */
export interface Asked {
  readonly byRules: Requirement | null
}

/** A round that the item has left the queue for, and comes back to. */
interface Suspended {
  readonly round: Attempts
  /** The hosts that a plugin had named; `null` where DNS had. */
  readonly named: readonly HarakaMx[] | null
  readonly hosts: HarakaMx[]
  readonly route: GatewayRoute | null
  /** What was required then, and the gateway as the settings had it. */
  readonly demand: string
}

/** Of a bounce that no rule covers nothing is seen but how it ended. */
const SENDERS_SERVER = 'the mail server of the sender'

/** One item under guard. */
export class GuardedItem {
  readonly item: HarakaMailItem
  readonly context: GuardContext
  readonly haraka: Overrides<HarakaMailItem, GuardedMethod>
  /** What the rules require at this attempt; `null`: nothing goes out, for they have not spoken. */
  requirement: Requirement | null = null
  /** The same as it was decided: hosts that a plugin names change what it comes to. */
  decided: Requirement | null = null
  /** What rules alone require, of a message that asks for REQUIRETLS itself; `null` for one that does not. */
  asks: Asked | null = null
  /** The TLS reason of this round's last word, a deferral or a bounce. */
  tlsFailure: AttemptFailure | null = null
  /** This round's reason to put the item off or to bounce it, where it is in our words. */
  ownReason: string | null = null
  /** Whether MAIL was ever said: what a server says from then on, recipients' replies included, may quote the message. */
  mailSaid: boolean
  /** The gateway that this round has come to; `null` while it goes to the recipients' own servers. */
  route: GatewayRoute | null = null
  /** When the next try on Haraka's schedule is due, where this round's was none of it: ms since the epoch. */
  due: number | null = null
  /** Leave to go without what is required, at this attempt. */
  release: Release | null = null
  /** Who has ended the tries, and why. */
  givenUp: Pick<GivingUp, 'by' | 'reason'> | null = null
  /** What is known of the recipients' domain, where the requirement asks for it. */
  facts: DomainFacts | null = null
  /** Whether a plugin has named the hosts of this round (hook `get_mx`). */
  isNamed = false
  /** The hosts that a plugin has named; `null` where DNS has. */
  named: readonly HarakaMx[] | null = null
  /** What was asked about it, by a message that has given its turn back. */
  asked: AskedFacts | null = null
  /** An open connection that did not serve this message in this round: it needs a fresh one. */
  stale: { readonly connection: Connection; readonly hasEnded: boolean } | null = null
  /** Whether a server was sent the whole message in an earlier round, and gave no answer. */
  wasUnconfirmed = false
  /** Hosts that have ended a session over MAIL with REQUIRETLS: it is not said again where it need not be. */
  readonly cutOff = new Set<string>()
  /** What was required when it was last put off; `null` where it never was. */
  #putOffUnder: Requirement | null = null
  /** How many rounds have failed before this one. */
  #tries: number
  #round: Attempts
  #suspended: Suspended | null = null
  #place: Place | null = null
  /** The one that the latest attempt has gone over. */
  connection: Connection | null = null

  constructor(item: HarakaMailItem, context: GuardContext, versions: GuardedVersions) {
    this.item = item
    this.context = context
    // Recipients of a part, or of an earlier process, bring the replies that they got.
    this.mailSaid = item.todo.rcpt_to.some(({ dsn_smtp_code }) => dsn_smtp_code !== undefined)
    this.#tries = item.num_failures
    this.#round = this.#newRound()
    this.haraka = new Overrides(item, versions, (method, error) => {
      const what = error instanceof Error ? (error.stack ?? error.message) : String(error)
      item.logcrit(`enforce-tls: ${method} failed, so the message waits: ${what}`)
      this.postpone()
    })
  }

  /** The attempts since the item last left the queue. */
  get round(): Attempts {
    return this.#round
  }

  /** The item has left the queue: nothing is required yet, and nothing was tried. */
  beginRound(): void {
    this.requirement = null
    this.decided = null
    this.asks = null
    this.tlsFailure = null
    this.ownReason = null
    this.due = null
    this.release = null
    this.givenUp = null
    this.route = null
    this.facts = null
    this.isNamed = false
    this.stale = null
    this.connection = null
    this.#tries = this.item.num_failures
    this.wasUnconfirmed = this.mayBeDelivered
    this.#round = this.#newRound()
  }

  /** Whether a server may have the message, though nothing says so. */
  get mayBeDelivered(): boolean {
    return this.wasUnconfirmed || this.#round.attempts.some(({ isUnanswered }) => isUnanswered === true)
  }

  /** A plugin has named the hosts: each is known by its name, and has a policy of its own for REQUIRETLS. */
  takeNamed(hosts: readonly HarakaMx[]): void {
    const { requirement, asks } = this
    this.isNamed = true
    this.named = hosts
    if (!requirement?.onward) return
    this.requirement = knownByName(asks ? this.#withAsked(asks.byRules) : requirement)
  }

  /** What the message itself asks for, and what rules require; absent for one that asks for nothing. */
  get demands(): { readonly asked?: AskedFor } {
    const { asks } = this
    return asks ? { asked: { byRules: asks.byRules, bySender: this.#withAsked(null) } } : {}
  }

  #withAsked(byRules: Requirement | null): Requirement {
    const { item, context, named } = this
    const policies = context.requireTls()
    const ofDomain = policyForDomain(item.todo.domain, policies)
    const policy = this.isNamed && named ? policyForHosts(named, ofDomain, policies) : ofDomain
    return withAsked(byRules, policy, askingKindOf(item.todo))
  }

  /** The item leaves the queue in the middle of a round, to come back. */
  suspendRound(requirement: Requirement): void {
    const { mxlist: hosts = [] } = this.item
    const { route, isNamed } = this
    const named = isNamed ? this.named : null
    this.#suspended = { round: this.#round, named, hosts, route, demand: this.#demandOf(requirement) }
  }

  /** The item goes to a gateway from here on. */
  enterRoute(route: GatewayRoute): void {
    this.route = route
    this.#round.enterGateway(route.gateway.name, withoutLogin(route.gateway.login))
  }

  #demandOf(requirement: Requirement): string {
    const names = requirement.gateway?.names ?? []
    const gateways = this.context.settings().gateways.filter(({ name }) => names.includes(name))
    return JSON.stringify([demandKey(requirement), gateways])
  }

  /**
   * Goes on with a round that was suspended, if the same is required now; it is forgotten otherwise.
   *
   * @returns whether it goes on
   */
  resumeRound(): boolean {
    const suspended = this.#suspended
    this.#suspended = null
    if (suspended?.named) this.takeNamed(suspended.named)
    const { requirement, item } = this
    if (!suspended || !requirement || this.#demandOf(requirement) !== suspended.demand) return false
    this.#round = suspended.round
    this.route = suspended.route
    item.mxlist = suspended.hosts
    return true
  }

  /** Has one of a place's connections until the item goes on to another host, or leaves Haraka's hands. */
  enterPlace(place: Place): void {
    const { item } = this
    const done = item.next_cb
    this.#place = place
    item.next_cb = () => {
      place.leave()
      done.call(item)
    }
  }

  /** The connection of its place, from when it is open. */
  uses(socket: Socket): void {
    this.#place?.uses(socket)
  }

  /** Gives the place up, if it has one. @param isOpen whether its connection stays open, for others */
  leavePlace(isOpen = false): void {
    if (isOpen) this.#place?.handBack()
    else this.#place?.leave()
    this.#place = null
  }

  /** Puts the item back into the queue for a while, without counting it as a failure. */
  postpone(): void {
    const { item } = this
    const { outbound, settings } = this.context
    item.next_cb()
    outbound().temp_fail_queue.add(item.filename, settings().main.deferSeconds * 1000, () => {
      outbound().delivery_queue.push(item)
    })
  }

  /** Reports what became of some or all recipients; gives the last attempt. @param reason Haraka's, for what was not delivered */
  emitOutcome(
    result: 'delivered' | 'deferred' | 'bounced' | 'kept',
    recipients: readonly HarakaAddress[] = this.item.todo.rcpt_to,
    reason = '',
  ): Attempt | null {
    const { requirement, item } = this
    if (!requirement) {
      if (result === 'bounced' || result === 'kept') this.context.waiting.ended(item, result)
      return null
    }
    const attempt = this.#round.finish()
    if (result === 'deferred') this.#putOffUnder = requirement
    else this.context.waiting.ended(item, result === 'delivered' && this.release ? 'released' : result)
    if (result === 'delivered' && this.release) {
      this.#emitRelease('sent', requirement, this.release, attempt, recipients)
      return attempt
    }
    const { route } = this
    if (result === 'delivered' && attempt?.secured) {
      if (route) this.context.waiting.gatewayWorks(route.gateway.name)
      else this.context.waiting.works(item.todo.domain, this.decided ?? requirement)
    }
    const failure = result === 'delivered' ? null : this.tlsFailure
    const atHost = attempt?.requirement ?? requirement
    const outcome: Outcome = {
      kind: 'outcome',
      ...this.#about(recipients),
      requirement: atHost,
      result: result === 'delivered' ? deliveredAs(atHost, route) : result,
      host: attempt?.host ?? '',
      to: attempt?.to ?? '',
      session: result === 'delivered' ? (attempt?.session ?? null) : null,
      failure,
      // Recipients bear that of an earlier deferral; for a delivery Haraka sets none.
      status: failure
        ? statusOf(failure, result !== 'deferred')
        : result === 'delivered'
          ? null
          : (recipients[0]?.dsn_status ?? null),
      ...(failure || result === 'delivered' ? {} : { words: reasonWithoutTls(recipients, attempt, reason) }),
      ...(this.givenUp ? { givenUp: this.givenUp } : {}),
      ...(route ? { via: { gateway: route.gateway.name, instead: route.instead } } : {}),
      ...(attempt?.gateway === undefined ? {} : { ruleLevel: requirement.level }),
      ...(result === 'delivered' && attempt?.onward ? { requireTls: attempt.onward.said } : {}),
    }
    this.context.emit(outcome)
    const ofNotice = noticeOutcome(item, outcome)
    if (ofNotice) this.context.emit(ofNotice)
    return attempt
  }

  /** A bounce, or a notice of delay, is kept as it could not be delivered: that is told of the message it is about. @param file its name now */
  emitNoticeKept(reason: string, file: string): void {
    const { item, context } = this
    const isAnswered = item.bounce_error?.mx !== undefined
    const attempt = this.#round.attempts.at(-1) ?? null
    const words = reasonWithoutTls(
      item.todo.rcpt_to,
      isAnswered ? { host: attempt?.host ?? SENDERS_SERVER, failure: null } : null,
      reason,
    )
    const event = noticeKept(item, { words, file, node: context.me() })
    if (event) context.emit(event)
  }

  /** MAIL is about to go out over Haraka's own connection: what leaves without what is required is told before it does. */
  departs(attempt: Attempt, departure: Departure): void {
    attempt.departure = departure
    if (this.requirement && this.release) this.#emitRelease('begun', this.requirement, this.release, attempt)
  }

  /** Nothing is required of the item any more; what was said of it as one that waits is ended by that. */
  emitFreed(): void {
    const requirement = this.#putOffUnder
    this.#putOffUnder = null
    if (!requirement) return
    this.context.emit({
      kind: 'outcome',
      ...this.#about(this.item.todo.rcpt_to),
      requirement,
      result: 'freed',
      ...{ host: '', to: '', session: null, failure: null, status: null },
    })
  }

  /** A delivery without what is required is no outcome of it: it is reported as what it is. */
  #emitRelease(
    result: 'begun' | 'sent',
    requirement: Requirement,
    { order, by, reason }: Release,
    attempt: Attempt | null,
    recipients: readonly HarakaAddress[] = this.item.todo.rcpt_to,
  ): void {
    const departure = attempt?.departure
    this.context.emit({
      kind: 'release',
      ...this.#about(recipients),
      requirement,
      result,
      ...{ host: attempt?.host ?? '', to: attempt?.to ?? '' },
      ...(departure ? { departure } : {}),
      ...{ order, by, reason },
    })
  }

  #about(recipients: readonly HarakaAddress[]): ReturnType<typeof aboutItem> {
    return { ...aboutItem(this.item, recipients), tries: this.#tries }
  }

  #newRound(): Attempts {
    const ended = (attempt: Attempt): void => {
      const { host, to, source, session, tested, onward, failure, departure } = attempt
      if (onward?.isCutOff) this.cutOff.add(host)
      const requirement = attempt.requirement ?? this.requirement
      // That it came to a server's last word says nothing of TLS where none was required of it.
      if (!requirement || (this.release && !failure)) return
      const about = this.#about(this.item.todo.rcpt_to)
      const { gateway } = attempt
      const named = this.isNamed || gateway !== undefined ? ({ isNamed: true } as const) : {}
      const ruleLevel = (this.requirement ?? requirement).level
      const isNamed = gateway === undefined ? named : { ...named, gateway, ruleLevel }
      const more = { ...(tested ? { tested } : {}), ...(onward ? { requireTls: onward.said } : {}) }
      const what = { host, to, source, ...isNamed, session, failure, ...more }
      // Under a release it has been told.
      const left = departure && !this.release ? { departure } : {}
      this.context.emit({ kind: 'attempt', ...about, requirement, ...what, ...left })
    }
    return new Attempts(ended, (failure) => asOnward(failure, this.requirement))
  }
}

/** A gateway that has taken a message has not brought it to its recipients. */
function deliveredAs(atHost: HostRequirement, route: GatewayRoute | null): Outcome['result'] {
  if (route) return route.instead ? 'rerouted' : 'via-gateway'
  return isUnbound(atHost) ? 'delivered-as-usual' : 'delivered'
}
