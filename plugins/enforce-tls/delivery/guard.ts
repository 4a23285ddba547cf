/**
 * The guard of one queue item: while it is attached, no MAIL, RCPT or DATA of the item goes over a connection that
 * does not fulfil the requirement. It is a decorator: the instance gets its own versions of some of Haraka's
 * methods, nothing global is patched, and detaching it gives the item back to Haraka as it was.
 *
 * What throws inside a version puts the item back into the queue: the process lives, and the item has a next
 * step.
 */
import constants from 'haraka-constants'
import type { HarakaAddress, HarakaMailItem, HarakaMx, HarakaSocket } from '../haraka/types.js'
import type { Requirement } from '../rules/requirement.js'
import { allTried } from './all-tried.js'
import { definitionOf } from './failure-classes.js'
import { bounceRespond, deferredRespond, giveUp, deferItem, doubleBounce, tempFail } from './finish.js'
import { deliverByGateway, goesByGateway } from './gateway.js'
import { isOwnNotice } from './own-notice.js'
import type { GuardContext } from './guard-context.js'
import { GuardedItem, type Asked, type GuardedVersions } from './guarded-item.js'
import { deliverOnSocket, deliverOverOpen, isFree, termsAtHop } from './host-attempt.js'
import { placeOf, portIn, usableHosts, whatItNamed, withName } from './next-hop.js'
import type { ObservedDelivery } from './observed-session.js'
import { DIRECTORY_FAILURE, otherFailure, tlsFailure, UNROUTABLE } from './outcome.js'
import type { GivingUp, Release } from './waiting.js'
import { deliverByRoute, goOn, looksAtPublished } from './published-route.js'
import { testedBy } from './tls/certificate.js'
import { errorMessage } from '../text/error-message.js'
import { oneLine } from '../text/one-line.js'

/** What the rules said of an item at this attempt. */
type Decision =
  | { readonly name: 'none-yet' }
  | { readonly name: 'enforce' }
  /** Nothing is left to do in this item. */
  | { readonly name: 'retired' }
  /** There will never be a decision: the message bounces. */
  | { readonly name: 'failed'; readonly reason: string }
  /** An administrator has given it up: it bounces for what it failed for the last time. */
  | { readonly name: 'given-up'; readonly how: GivingUp }

/** How long an item stands ready for a connection, in milliseconds; what was decided on it is not to get old. */
const PATIENCE = 1000

const guards = new WeakMap<HarakaMailItem, Guard>()

/** The guard of one queue item, over all its attempts. */
export class Guard {
  readonly #guarded: GuardedItem
  #decision: Decision = { name: 'none-yet' }
  #epoch = 0
  /** The item has waited for a connection, and was called. */
  #wasCalled = false

  /** Attaches the guard, synchronously; from here on nothing leaves until there is a decision. */
  static attach(item: HarakaMailItem, context: GuardContext): Guard {
    const guard = guards.get(item) ?? new Guard(item, context)
    guards.set(item, guard)
    guard.#decision = { name: 'none-yet' }
    guard.#epoch += 1
    guard.#guarded.beginRound()
    guard.#guarded.haraka.attach()
    return guard
  }

  private constructor(item: HarakaMailItem, context: GuardContext) {
    const versions: GuardedVersions = {
      send_email_respond: this.#sendEmailRespond.bind(this),
      get_mx_respond: this.#getMxRespond.bind(this),
      found_mx: this.#foundMx.bind(this),
      get_force_tls: (mx: HarakaMx) =>
        !isFree(this.#guarded, mx) || this.#guarded.haraka.original('get_force_tls')(mx),
      try_deliver: this.#tryDeliver.bind(this),
      try_deliver_host_on_socket: (mx: HarakaMx, host: string, port: number, socket: HarakaSocket) =>
        deliverOnSocket(this.#guarded, mx, host, port, socket),
      temp_fail: (error: string, extra?: object) => tempFail(this.#guarded, error, extra),
      deferred_respond: (code: number, message: unknown, params: { delay: number; err: string }) =>
        deferredRespond(this.#guarded, code, message, params),
      bounce_respond: (code: number, message: unknown) => bounceRespond(this.#guarded, code, message),
      double_bounce: (error: string) => doubleBounce(this.#guarded, error),
      split_to_new_recipients: this.#splitOff.bind(this),
      delivered: this.#delivered.bind(this),
    }
    this.#guarded = new GuardedItem(item, context, versions)
  }

  /**
   * Changes when a decision is not waited for any more: one that comes later is about rules of the past, and
   * the item may be under way again under those of today.
   */
  get epoch(): number {
    return this.#epoch
  }

  /** Takes notice of a delivery, for the observers; gives what was seen of it, `null` for an unguarded one. */
  static delivered(item: HarakaMailItem, recipients: readonly HarakaAddress[]): ObservedDelivery | null {
    const guard = guards.get(item)
    if (!guard) return null
    const guarded = guard.#guarded
    const attempt = guarded.emitOutcome('delivered', recipients)
    if (!attempt) return null
    const { host, to, session, requirement } = attempt
    // Only where the chain had to be trusted was it looked at.
    const found = requirement?.trusted ? '' : null
    return {
      host,
      port: portIn(to),
      mx: null,
      offered: null,
      tls: session && { session, found },
      ...(guarded.route ? { isGateway: true } : {}),
    }
  }

  /**
   * The rules require nothing: the item is Haraka's own again, but for a bounce of ours, which is kept where it can't be delivered.
   *
   * @param isTold whether what becomes of it is told by others. @default false
   */
  detach(isTold = false): void {
    const { haraka, item, context } = this.#guarded
    if (!isTold) this.#guarded.emitFreed()
    context.waiting.ended(item, 'free')
    haraka.detach(isOwnNotice(item) ? ['double_bounce'] : [])
    guards.delete(item)
  }

  /**
   * There is a decision: the item may be delivered to hosts that fulfil the requirement.
   *
   * @param asks of a message that asks for REQUIRETLS itself. @default it does not
   */
  enforce(requirement: Requirement, asks: Asked | null = null): void {
    this.#decision = { name: 'enforce' }
    this.#guarded.requirement = this.#guarded.decided = requirement
    this.#guarded.asks = asks
  }

  /**
   * The item may be delivered once without what is required of it; its bounce, and what is split off, stay guarded.
   *
   * @param requirement what it goes without
   */
  release(requirement: Requirement, release: Release): void {
    this.enforce(requirement)
    this.#guarded.release = release
  }

  /** An administrator wants no further try: the message bounces. @param requirement `null` where it is unknown */
  giveUp(requirement: Requirement | null, how: GivingUp): void {
    this.#decide({ name: 'given-up', how })
    this.#guarded.requirement = this.#guarded.decided = requirement
  }

  /** Nothing is left to do, every recipient goes on in another item: this one gives its place in the queue back. */
  retire(): void {
    this.#guarded.context.waiting.ended(this.#guarded.item, 'divided')
    this.#decide({ name: 'retired' })
  }

  /** No decision will ever come: the message bounces. */
  fail(reason: string): void {
    this.#decide({ name: 'failed', reason })
  }

  /** A decision other than to deliver. */
  #decide(decision: Decision): void {
    this.#decision = decision
    this.#guarded.requirement = this.#guarded.decided = null
  }

  #sendEmailRespond(code: number, argument: unknown): Promise<void> | void {
    const { item, haraka, context } = this.#guarded
    switch (this.#decision.name) {
      case 'enforce':
        if (this.#guarded.resumeRound() && code !== constants.delay) return goOn(this.#guarded)
        if (code !== constants.delay && goesByGateway(this.#guarded))
          return deliverByGateway(this.#guarded, null)
        return haraka.original('send_email_respond')(code, argument)
      case 'retired':
        return item.next_cb()
      case 'failed': {
        const status = { temporary: false, status: DIRECTORY_FAILURE }
        return giveUp(this.#guarded, otherFailure(this.#decision.reason, status), '')
      }
      case 'given-up': {
        const { failure, host, gateway = host, by, reason } = this.#decision.how
        const why = reason === '' ? '' : `: ${oneLine(reason)}`
        item.lognotice(`enforce-tls: given up by ${oneLine(by)}${why}`)
        this.#guarded.givenUp = { by, reason }
        if (failure.class) this.#guarded.tlsFailure = failure
        if (failure.class && definitionOf(failure.class).isGateway) this.#guarded.round.enterGateway(gateway)
        // No server was asked now: what it failed for before is for the bounce.
        if (host !== '' || failure.class) this.#guarded.round.recall(host || item.todo.domain, failure)
        return giveUp(this.#guarded, failure, host)
      }
      case 'none-yet': {
        // Whatever the hooks answered: a time-out, a throw, or our own wish to wait.
        this.#epoch += 1
        // The requirement is unknown: what was tried under an earlier one is forgotten.
        this.#guarded.resumeRound()
        const wanted = code === constants.delay && Number(argument) > 0 ? argument : null
        const seconds = wanted ?? context.settings().main.deferSeconds
        return haraka.original('send_email_respond')(constants.delay, seconds)
      }
    }
  }

  /** A plugin names the hosts; what names none would end the process, or wait for ever. */
  async #getMxRespond(code: number, answer: unknown): Promise<void> {
    const { haraka } = this.#guarded
    const respond = haraka.original('get_mx_respond')
    if (code !== constants.ok) {
      const isForDns = code !== constants.deny && code !== constants.denysoft
      return isForDns && looksAtPublished(this.#guarded)
        ? deliverByRoute(this.#guarded, null)
        : respond(code, answer)
    }
    const hosts = usableHosts(answer)
    this.#guarded.isNamed = true
    if (hosts.length > 0) return respond(code, hosts)
    const detail = `the plugin that names its mail servers (hook get_mx) ${whatItNamed(answer)}`
    this.#guarded.item.logerror(`enforce-tls: ${detail}`)
    deferItem(this.#guarded, otherFailure(detail, { status: UNROUTABLE }), '')
  }

  /** DNS or a plugin has named the hosts. */
  async #foundMx(hosts: HarakaMx[]): Promise<void> {
    const named = withName(hosts)
    if (this.#guarded.isNamed) this.#guarded.takeNamed(named)
    // A null MX is Haraka's to answer.
    if (looksAtPublished(this.#guarded) && named.some(({ exchange, path }) => path || exchange))
      return deliverByRoute(this.#guarded, named)
    this.#guarded.round.expect(named)
    return this.#guarded.haraka.original('found_mx')(named)
  }

  async #tryDeliver(): Promise<void> {
    const { item, round, context, haraka, requirement } = this.#guarded
    if (!requirement) return this.#guarded.postpone()
    round.resolved(item.mxlist ?? [])
    round.endCurrent()
    this.#guarded.leavePlace()
    const [mx] = item.mxlist ?? []
    if (!mx) return allTried(this.#guarded)
    const recipients = item.todo.rcpt_to
    if (mx.using_lmtp && recipients.length > 1) {
      // LMTP answers the final dot once for each recipient; Haraka mixes the answers up when they differ.
      const each = recipients.map((recipient) => [recipient])
      await context.divide(item, each)
      context.waiting.ended(item, 'divided')
      return item.next_cb()
    }
    const terms = termsAtHop(this.#guarded, mx, requirement)
    if (terms.is === 'failed') {
      item.mxlist?.shift()
      round.begin(mx)
      round.fail(round.current, tlsFailure(terms.class, terms.why))
      return item.try_deliver()
    }
    const { is, requirement: atHost } = terms
    if (is === 'required' && !(await this.#enterPlace(placeOf(mx), requirement))) return
    round.begin(mx, () => context.skips(mx))
    round.current.requirement = atHost
    // Of a session that is Haraka's own nothing is seen.
    if (is === 'free') Object.assign(round.current, testedBy(null, atHost, round.current.host))
    if (is === 'required' && deliverOverOpen(this.#guarded, mx, atHost)) return
    context.connections.makeRoom(placeOf(mx))
    try {
      await haraka.original('try_deliver')()
    } catch (error) {
      // Node.js connects to no port or local address that can't be one; a plugin's answer may hold any.
      const why = errorMessage(error)
      round.fail(round.current, otherFailure(`could not be reached: ${why}`, { status: UNROUTABLE }))
      return item.try_deliver()
    }
  }

  /** On a connection that has served another message Haraka does not see that it was authenticated. */
  #delivered(...args: unknown[]): void {
    const isAuthenticated = args[9] === true || this.#guarded.connection?.isAuthenticated === true
    this.#guarded.haraka.original('delivered')(...args.slice(0, 9), isAuthenticated)
  }

  /**
   * Takes one of the connections that a place may have. Where none gets free in a little while, the item gives its turn
   * in Haraka's queue back, so that mail for others goes on; when it is called it is decided on anew, and goes on where
   * it was.
   *
   * @returns whether the item is in the place
   */
  async #enterPlace(name: string, requirement: Requirement): Promise<boolean> {
    const { item, context } = this.#guarded
    const { connections } = context
    const until = performance.now() + PATIENCE
    let place = connections.enter(name)
    for (let again = this.#wasCalled; !place; place = connections.enter(name), again = true) {
      if (await connections.standReady(name, until - performance.now(), again)) continue
      this.#guarded.suspendRound(requirement)
      connections.wait(name, () => context.outbound().delivery_queue.push(item), this.#wasCalled)
      this.#wasCalled = true
      item.next_cb()
      return false
    }
    this.#wasCalled = false
    this.#guarded.enterPlace(place)
    return true
  }

  /**
   * Gives some recipients an item of their own, as Haraka does when a server took only the others. The part
   * is guarded too, so that its bounce is as discreet as the whole one's. While the disk has no room for it,
   * the item stays: Haraka would bounce what was delivered, or lose what was not.
   */
  async #splitOff(
    recipients: HarakaAddress[],
    reason: string,
    callback: (part: HarakaMailItem) => void,
  ): Promise<void> {
    const { item, context, requirement } = this.#guarded
    if (recipients.length === item.todo.rcpt_to.length) {
      item.refcount++
      return callback(item)
    }
    let part: HarakaMailItem
    try {
      part = await context.splitOff(item, recipients)
    } catch (error) {
      const seconds = context.settings().main.deferSeconds
      const why = errorMessage(error)
      item.logerror(`enforce-tls: recipients could not be split off; trying again in ${seconds} s: ${why}`)
      setTimeout(() => item.split_to_new_recipients(recipients, reason, callback), seconds * 1000)
      return
    }
    if (requirement) {
      const guard = Guard.attach(part, context)
      guard.enforce(requirement, this.#guarded.asks)
      guard.#guarded.route = this.#guarded.route
      guard.#guarded.round.follow(this.#guarded.round)
      guard.#guarded.wasUnconfirmed = this.#guarded.wasUnconfirmed
    }
    callback(part)
  }
}
