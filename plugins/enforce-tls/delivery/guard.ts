/**
 * The guard of one queue item: while it is on, no MAIL, RCPT or DATA of the item goes over a connection that
 * does not fulfil the requirement. It is a decorator: the instance gets its own versions of some of Haraka's
 * methods, nothing global is patched, and taking the guard off gives the item back to Haraka as it was. This
 * is the only file that touches the insides of an hmail (Haraka 3.3.4, `outbound/hmail.js`).
 *
 * What throws inside a version puts the item back into the queue: the process lives, and the item has a next
 * step.
 */
import { Socket } from 'node:net'
import constants from 'haraka-constants'
import type { HarakaAddress, HarakaMailItem, HarakaMx, HarakaSocket } from '../haraka/types.js'
import type { Requirement } from '../rules/requirement.js'
import { certificateFailure } from './certificate.js'
import { Decoration } from './decoration.js'
import type { GuardContext } from './guard-context.js'
import { notesFor } from './held-bounce.js'
import { ItemEvents, type Ending } from './item-events.js'
import { hostOf } from './next-hop.js'
import { decisiveAttempt, DIRECTORY_FAILURE, judge, otherFailure, type AttemptFailure } from './outcome.js'
import { oneLine } from './printable.js'
import { markRecipients } from './recipient-marks.js'
import { Round } from './round.js'
import { SecuredSocket } from './secured-socket.js'
import type { SessionSlot } from './session-cache.js'
import { establishTls } from './tls-session.js'

/** Haraka's methods that a guarded item has its own versions of. */
export const GUARDED_METHODS = [
  'send_email_respond',
  'found_mx',
  'get_force_tls',
  'try_deliver',
  'try_deliver_host_on_socket',
  'deferred_respond',
  'bounce_respond',
  'double_bounce',
  'split_to_new_recipients',
] as const satisfies readonly (keyof HarakaMailItem)[]

type GuardedMethod = (typeof GUARDED_METHODS)[number]

/** What the rules said of an item at this attempt. */
type Decision =
  | { readonly name: 'none-yet' }
  | { readonly name: 'enforce'; readonly requirement: Requirement }
  /** Nothing is left to do in this item. */
  | { readonly name: 'dissolved' }
  /** There will never be a decision: the sender is told. */
  | { readonly name: 'abandoned'; readonly reason: string }

const guards = new WeakMap<HarakaMailItem, Guard>()

/** The guard of one queue item, over all its attempts. */
export class Guard {
  readonly #item: HarakaMailItem
  readonly #context: GuardContext
  readonly #haraka: Decoration<HarakaMailItem, GuardedMethod>
  #decision: Decision = { name: 'none-yet' }
  #turn = 0
  #round: Round
  readonly #events: ItemEvents
  /** The TLS reason of this round's last word, a deferral or a bounce. */
  #tlsFailure: AttemptFailure | null = null

  /** Puts the guard on, synchronously; from here on nothing leaves until the rules have spoken. */
  static put(item: HarakaMailItem, context: GuardContext): Guard {
    const guard = guards.get(item) ?? new Guard(item, context)
    guards.set(item, guard)
    guard.#decision = { name: 'none-yet' }
    guard.#turn += 1
    guard.#round = guard.#newRound()
    guard.#tlsFailure = null
    guard.#haraka.putOn()
    return guard
  }

  private constructor(item: HarakaMailItem, context: GuardContext) {
    this.#item = item
    this.#context = context
    this.#events = new ItemEvents(item, context.tell)
    this.#round = this.#newRound()
    const versions: Record<GuardedMethod, (...args: never[]) => unknown> = {
      send_email_respond: this.#sendEmailRespond.bind(this),
      found_mx: this.#foundMx.bind(this),
      get_force_tls: (mx: HarakaMx) => !context.isTrusted(mx),
      try_deliver: this.#tryDeliver.bind(this),
      try_deliver_host_on_socket: this.#deliverOnSocket.bind(this),
      deferred_respond: this.#deferredRespond.bind(this),
      bounce_respond: this.#bounceRespond.bind(this),
      double_bounce: this.#keepAsError.bind(this),
      split_to_new_recipients: this.#splitOff.bind(this),
    }
    this.#haraka = new Decoration(item, versions, (method, error) => {
      const what = error instanceof Error ? (error.stack ?? error.message) : String(error)
      item.logcrit(`enforce-tls: ${method} failed, the message waits: ${what}`)
      this.#postpone()
    })
  }

  /**
   * Changes when a decision is not waited for any more: one that comes later is about rules of the past, and
   * the item may be under way again under those of today.
   */
  get turn(): number {
    return this.#turn
  }

  /** Takes notice of a delivery, for those who look on. */
  static delivered(item: HarakaMailItem, recipients: readonly HarakaAddress[]): void {
    const guard = guards.get(item)
    if (guard) guard.#tellEnding('delivered', recipients)
  }

  /** The rules require nothing: the item is Haraka's own again. */
  release(): void {
    this.#haraka.takeOff()
    guards.delete(this.#item)
  }

  /** The rules have spoken: the item may be delivered to hosts that fulfil the requirement. */
  enforce(requirement: Requirement): void {
    this.#decision = { name: 'enforce', requirement }
  }

  /** Nothing is left to do, every recipient goes on in another item: this one gives its place in the queue back. */
  dissolve(): void {
    this.#decision = { name: 'dissolved' }
  }

  /** No decision will ever come: the sender is told. */
  abandon(reason: string): void {
    this.#decision = { name: 'abandoned', reason }
  }

  get #requirement(): Requirement | null {
    return this.#decision.name === 'enforce' ? this.#decision.requirement : null
  }

  #newRound(): Round {
    return new Round((attempt) => {
      if (this.#requirement) this.#events.attempt(this.#requirement, attempt)
    })
  }

  /** Puts the item back into the queue for a while, without counting it as a failure. */
  #postpone(): void {
    const item = this.#item
    const { outbound, settings } = this.#context
    item.next_cb()
    outbound().temp_fail_queue.add(item.filename, settings().main.deferSeconds * 1000, () => {
      outbound().delivery_queue.push(item)
    })
  }

  #sendEmailRespond(code: number, argument: unknown): void {
    switch (this.#decision.name) {
      case 'enforce':
        return this.#haraka.original('send_email_respond')(code, argument)
      case 'dissolved':
        return this.#item.next_cb()
      case 'abandoned': {
        const status = { temporary: false, status: DIRECTORY_FAILURE }
        return this.#giveUp(otherFailure(this.#decision.reason, status), '')
      }
      case 'none-yet': {
        // Whatever the hooks answered: a time-out, a throw, or our own wish to wait.
        this.#turn += 1
        const wanted = code === constants.delay && Number(argument) > 0 ? argument : null
        const seconds = wanted ?? this.#context.settings().main.deferSeconds
        return this.#haraka.original('send_email_respond')(constants.delay, seconds)
      }
    }
  }

  #foundMx(hosts: HarakaMx[]): Promise<void> {
    this.#round.expect(hosts)
    return this.#haraka.original('found_mx')(hosts)
  }

  async #tryDeliver(): Promise<void> {
    const item = this.#item
    if (!this.#requirement) return this.#postpone()
    this.#round.resolved(item.mxlist ?? [])
    this.#round.endCurrent()
    const [mx] = item.mxlist ?? []
    if (!mx) return this.#allTried()
    const recipients = item.todo.rcpt_to
    if (mx.using_lmtp && recipients.length > 1) {
      // LMTP answers the final dot once for each recipient; Haraka mixes the answers up when they differ.
      const each = recipients.map((recipient) => [recipient])
      await this.#context.divide(item, each)
      return item.next_cb()
    }
    this.#round.begin(mx)
    return this.#haraka.original('try_deliver')()
  }

  #deliverOnSocket(mx: HarakaMx, host: string, port: number, socket: HarakaSocket): void {
    const deliver = this.#haraka.original('try_deliver_host_on_socket')
    if (this.#context.isTrusted(mx)) return deliver(mx, host, port, socket)
    const requirement = this.#requirement
    const raw = socket.targetsocket
    socket.removeAllListeners()
    socket.clean()
    if (!requirement || !(raw instanceof Socket)) {
      raw?.destroy()
      throw new TypeError('this version of Haraka has another kind of outbound socket')
    }
    // Haraka's limit for a silent peer; until TLS is established the handshake's own deadline holds.
    const idle = raw.timeout ?? 0
    raw.setTimeout(0)
    this.#haraka.run('try_deliver_host_on_socket', async () => {
      const attempt = this.#round.current
      attempt.source = raw.localAddress
      const result = await establishTls({
        socket: raw,
        helo: mx.bind_helo ?? this.#context.me(),
        lmtp: mx.using_lmtp === true,
        serverName: mx.path ? undefined : hostOf(mx),
        context: () => this.#context.secureContext(mx, requirement),
        sessions: (context) => this.#context.sessions(context, mx, requirement),
        verify: (peer) => certificateFailure(peer, requirement, hostOf(mx)),
        timeout: this.#context.settings().tls.handshakeTimeout,
      })
      attempt.session = result.session
      if (!result.ok) {
        if (result.triedToResume) this.#tryAgain(mx, result.failure.detail)
        else this.#round.fail(attempt, result.failure)
        return this.#item.try_deliver()
      }
      attempt.secured = true
      const secured = new SecuredSocket(result.socket, idle)
      if (result.resumedFrom) this.#watchResumed(mx, secured, result.resumedFrom)
      deliver(mx, host, port, secured)
      secured.start()
    })
  }

  /** A session was resumed, or was to be: nothing is judged by that, the host is tried anew. */
  #tryAgain(mx: HarakaMx, why: string): void {
    this.#item.loginfo(`enforce-tls: a resumed session failed, ${hostOf(mx)} is tried anew: ${oneLine(why)}`)
    this.#round.forgetCurrent()
    this.#item.mxlist?.unshift(mx)
  }

  /** A server may take a session and then be at a loss with it; Haraka goes on when it hears of the end. */
  #watchResumed(mx: HarakaMx, secured: SecuredSocket, sessions: SessionSlot): void {
    secured.onSilentEnd = () => {
      sessions.avoid()
      this.#tryAgain(mx, 'it ended without a word')
    }
  }

  /** No host is left: what the attempts together mean for the message. */
  #allTried(): void {
    const decisive = decisiveAttempt(this.#round.attempts)
    // Without a single host there was no attempt: Haraka has its own words for that.
    if (!decisive) return void this.#haraka.original('try_deliver')()
    const { tls, temporary } = judge(this.#round.attempts)
    if (tls) this.#tlsFailure = decisive.failure
    const action = this.#requirement?.onFailure ?? this.#context.settings().failure.action
    // A null sender can't be told, so its mail keeps the whole schedule.
    const defer = temporary || (tls && action === 'defer') || this.#item.todo.mail_from.user === ''
    if (!defer) return this.#giveUp(decisive.failure, decisive.host)
    markRecipients(this.#item.todo.rcpt_to, decisive.failure, decisive.host, false)
    this.#item.temp_fail(reasonOf(decisive.failure, decisive.host))
  }

  #giveUp(failure: AttemptFailure, host: string): void {
    markRecipients(this.#item.todo.rcpt_to, failure, host, true)
    this.#item.bounce(reasonOf(failure, host))
  }

  #deferredRespond(code: number, message: unknown, params: { delay: number; err: string }): Promise<void> {
    // A hook of another plugin that timed out answers a text where seconds are expected; the NaN that
    // Haraka makes of it would jam the retry queue of the whole process.
    const usable = code !== constants.denysoft || Number.isFinite(Number.parseInt(String(message), 10))
    this.#tellEnding('deferred')
    return this.#haraka.original('deferred_respond')(usable ? code : constants.cont, message, params)
  }

  #bounceRespond(code: number, message: unknown): unknown {
    const item = this.#item
    const timedOut = code === constants.denysoft && message === 'plugin timeout'
    // What a plugin decided is its right; a plugin that timed out has decided nothing.
    if (code !== constants.cont && !timedOut) return this.#haraka.original('bounce_respond')(code)
    if (!item.todo.mail_from.user) return item.double_bounce('the sender is <>, so nobody can be told')
    return this.#sendBounce()
  }

  async #sendBounce(): Promise<void> {
    const item = this.#item
    const { outbound, composeBounce } = this.#context
    const bounce = await composeBounce({
      item,
      requirement: this.#requirement,
      attempts: this.#round.attempts,
      tlsToBlame: this.#tlsFailure !== null,
      reason: item.bounce_error?.message ?? 'unknown reason',
    })
    const notes = bounce.heldTo ? { notes: notesFor(item, bounce.heldTo) } : {}
    outbound().send_email(
      '<>',
      item.todo.mail_from,
      bounce.contents,
      (code, message) => {
        if (code === constants.ok) {
          this.#tellEnding('bounced')
          return item.discard()
        }
        const why = oneLine(String(message))
        item.logerror(`enforce-tls: the bounce could not be queued, the message stays: ${why}`)
        this.#postpone()
      },
      { origin: item, ...notes },
    )
  }

  /** Nobody can be told: the message is kept for a person to look at. */
  async #keepAsError(error: string): Promise<void> {
    const kept = await this.#context.keepAsError(this.#item.path)
    this.#item.lognotice(`enforce-tls: undeliverable, kept as ${kept}: ${oneLine(error)}`)
    this.#tellEnding('kept')
    this.#item.next_cb()
  }

  #tellEnding(
    result: Ending['result'],
    recipients: readonly HarakaAddress[] = this.#item.todo.rcpt_to,
  ): void {
    const requirement = this.#requirement
    if (!requirement) return
    const attempt = this.#round.finish()
    const failure = result === 'delivered' ? null : this.#tlsFailure
    this.#events.outcome(requirement, { result, recipients, attempt, failure })
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
    const item = this.#item
    if (recipients.length === item.todo.rcpt_to.length) {
      item.refcount++
      return callback(item)
    }
    let part: HarakaMailItem
    try {
      part = await this.#context.splitOff(item, recipients)
    } catch (error) {
      const seconds = this.#context.settings().main.deferSeconds
      const why = error instanceof Error ? error.message : String(error)
      item.logerror(`enforce-tls: recipients could not be split off, next try in ${seconds} s: ${why}`)
      setTimeout(() => item.split_to_new_recipients(recipients, reason, callback), seconds * 1000)
      return
    }
    if (this.#requirement) Guard.put(part, this.#context).enforce(this.#requirement)
    callback(part)
  }
}

function reasonOf(failure: AttemptFailure, host: string): string {
  return oneLine(`${failure.class ? 'TLS required: ' : ''}${host} ${failure.detail}`)
}
