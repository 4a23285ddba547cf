/**
 * The guard of one queue item: while it is on, no MAIL, RCPT or DATA of the item goes over a connection that
 * does not fulfil the requirement. It is a decorator: the instance gets its own versions of some of Haraka's
 * methods, nothing global is patched, and taking the guard off gives the item back to Haraka as it was. This
 * is the only file that touches the insides of an hmail (Haraka 3.3.4, `outbound/hmail.js`).
 *
 * Every override is total: what throws inside one puts the item back into the queue instead of ending the
 * process or leaving the item without a next step.
 */
import { isIP, Socket } from 'node:net'
import constants from 'haraka-constants'
import type { HarakaAddress, HarakaMailItem, HarakaMx, HarakaSocket } from '../haraka/types.js'
import type { Requirement } from '../rules/requirement.js'
import { certificateFailure } from './certificate.js'
import type { GuardContext } from './guard-context.js'
import {
  BAD_CONNECTION,
  DIRECTORY_FAILURE,
  decisiveAttempt,
  judge,
  otherFailure,
  UNROUTABLE,
  statusOf,
  type Attempt,
  type AttemptFailure,
} from './outcome.js'
import { notesFor } from './held-bounce.js'
import { oneLine } from './printable.js'
import { SecuredSocket } from './secured-socket.js'
import { establishTls } from './tls-session.js'

const guards = new WeakMap<HarakaMailItem, Guard>()

/** Haraka's methods that a guarded item has its own versions of. */
type Override =
  | 'send_email_respond'
  | 'found_mx'
  | 'get_force_tls'
  | 'try_deliver'
  | 'try_deliver_host_on_socket'
  | 'deferred_respond'
  | 'bounce_respond'
  | 'double_bounce'
  | 'split_to_new_recipients'

/** The guard of one queue item, over all its attempts. */
export class Guard {
  readonly #item: HarakaMailItem
  readonly #context: GuardContext
  #requirement: Requirement | null = null
  #attempts: Attempt[] = []
  #current: Attempt | null = null
  #hostsToResolve = new Set<string>()
  /** Whether this round's last word, a deferral or a bounce, is about TLS. */
  #tlsToBlame = false
  /** The item's recipients went on as items of their own. */
  #dissolved = false
  #abandoned: string | null = null

  /** Puts the guard on, synchronously; from here on nothing leaves until the rules have spoken. */
  static put(item: HarakaMailItem, context: GuardContext): Guard {
    const guard = guards.get(item) ?? new Guard(item, context)
    guards.set(item, guard)
    guard.#requirement = null
    guard.#attempts = []
    guard.#current = null
    guard.#tlsToBlame = false
    guard.#abandoned = null
    guard.#install()
    return guard
  }

  private constructor(item: HarakaMailItem, context: GuardContext) {
    this.#item = item
    this.#context = context
  }

  /** The rules require nothing: the item is Haraka's own again. */
  release(): void {
    for (const name of Object.keys(this.#overrides)) Reflect.deleteProperty(this.#item, name)
    guards.delete(this.#item)
  }

  /** The rules have spoken: the item may be delivered to hosts that fulfil the requirement. */
  enforce(requirement: Requirement): void {
    this.#requirement = requirement
  }

  /** Every recipient is on its way in an item of its own; this one only gives its place in the queue back. */
  dissolve(): void {
    this.#dissolved = true
  }

  /** No decision will ever come: the sender is told. */
  abandon(reason: string): void {
    this.#abandoned = reason
  }

  readonly #overrides: Readonly<Record<Override, (...args: never[]) => unknown>> = {
    send_email_respond: (code: number, argument: unknown) => this.#sendEmailRespond(code, argument),
    found_mx: (hosts: HarakaMx[]) => this.#foundMx(hosts),
    get_force_tls: (mx: HarakaMx) => !this.#context.isTrusted(mx),
    try_deliver: () => this.#tryDeliver(),
    try_deliver_host_on_socket: (mx: HarakaMx, host: string, port: number, socket: HarakaSocket) =>
      this.#deliverOnSocket(mx, host, port, socket),
    deferred_respond: (code: number, message: unknown, params: { delay: number; err: string }) =>
      this.#deferredRespond(code, message, params),
    bounce_respond: (code: number, message: unknown) => this.#bounceRespond(code, message),
    double_bounce: (error: string) => this.#keepAsError(error),
    split_to_new_recipients: (
      recipients: HarakaAddress[],
      reason: string,
      callback: (item: HarakaMailItem) => void,
    ) => this.#split(recipients, reason, callback),
  }

  #install(): void {
    for (const [name, method] of Object.entries(this.#overrides)) {
      Object.defineProperty(this.#item, name, {
        configurable: true,
        enumerable: false,
        value: (...args: never[]) => this.#total(name, () => method(...args)),
      })
    }
  }

  /** Runs a step of an override; a throw or rejection in it puts the item back into the queue. */
  #total(name: string, step: () => unknown): unknown {
    const failed = (error: unknown): void => {
      this.#item.logcrit(
        `enforce-tls: ${name} failed: ${error instanceof Error ? (error.stack ?? '') : String(error)}`,
      )
      this.#postpone()
    }
    try {
      const result = step()
      return result instanceof Promise ? result.catch(failed) : result
    } catch (error) {
      failed(error)
      return undefined
    }
  }

  /** Haraka's own version of a method. */
  #haraka<K extends Override>(name: K): HarakaMailItem[K] {
    const prototype = Object.getPrototypeOf(this.#item) as HarakaMailItem
    return prototype[name].bind(this.#item) as HarakaMailItem[K]
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
    if (this.#dissolved) return this.#item.next_cb()
    if (this.#abandoned !== null)
      return this.#giveUp(otherFailure(this.#abandoned, { temporary: false, status: DIRECTORY_FAILURE }), '')
    if (this.#requirement !== null) return this.#haraka('send_email_respond')(code, argument)
    // No decision, whatever the hooks answered: a time-out, a throw, or our own wish to wait.
    const seconds =
      code === constants.delay && Number(argument) > 0 ? argument : this.#context.settings().main.deferSeconds
    this.#haraka('send_email_respond')(constants.delay, seconds)
  }

  /** Haraka drops hosts without an address silently; one of them might have had TLS, had DNS answered. */
  #foundMx(hosts: readonly HarakaMx[]): unknown {
    const names = hosts.map(({ exchange }) => exchange).filter((name) => name && !isIP(name))
    this.#hostsToResolve = new Set(names as string[])
    return this.#haraka('found_mx')([...hosts])
  }

  #missUnresolved(): void {
    const hosts = this.#hostsToResolve
    this.#hostsToResolve = new Set()
    for (const { exchange, from_dns } of this.#item.mxlist ?? []) {
      hosts.delete(exchange ?? '')
      hosts.delete(from_dns ?? '')
    }
    for (const host of hosts) {
      const attempt = { host, to: host, secured: false, failure: null }
      this.#attempts.push(attempt)
      this.#settle(attempt, otherFailure('has no address, or DNS does not tell it', { status: UNROUTABLE }))
    }
  }

  async #tryDeliver(): Promise<void> {
    this.#missUnresolved()
    const mx = this.#item.mxlist?.[0]
    if (this.#current && this.#current.failure === null) {
      this.#settle(
        this.#current,
        this.#current.secured
          ? otherFailure('ended the session before it had answered', { status: BAD_CONNECTION })
          : otherFailure('could not be reached'),
      )
    }
    this.#current = null
    if (!this.#requirement) return this.#postpone()
    const recipients = this.#item.todo.rcpt_to
    if (mx?.using_lmtp && recipients.length > 1) {
      // LMTP answers the final dot once for each recipient; Haraka mixes the answers up when they differ.
      await this.#context.divide(
        this.#item,
        recipients.map((recipient) => [recipient]),
      )
      return this.#item.next_cb()
    }
    if (mx) {
      this.#current = { host: hostOf(mx), to: placeOf(mx), secured: false, failure: null }
      this.#attempts.push(this.#current)
      return this.#haraka('try_deliver')()
    }
    this.#allTried()
  }

  #deliverOnSocket(mx: HarakaMx, host: string, port: number, socket: HarakaSocket): void {
    if (this.#context.isTrusted(mx)) return this.#haraka('try_deliver_host_on_socket')(mx, host, port, socket)
    const attempt = this.#current ?? { host: hostOf(mx), to: placeOf(mx), secured: false, failure: null }
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
    const step = async (): Promise<void> => {
      const result = await establishTls({
        socket: raw,
        helo: mx.bind_helo ?? this.#context.me(),
        lmtp: mx.using_lmtp === true,
        serverName: mx.path ? undefined : hostOf(mx),
        context: this.#context.secureContext(mx, requirement),
        verify: (peer) => certificateFailure(peer, requirement, hostOf(mx)),
        timeout: this.#context.settings().tls.handshakeTimeout,
      })
      if (!result.ok) {
        this.#settle(attempt, result.failure)
        return this.#item.try_deliver()
      }
      attempt.secured = true
      const secured = new SecuredSocket(result.socket, idle)
      this.#haraka('try_deliver_host_on_socket')(mx, host, port, secured)
      secured.start()
    }
    this.#total('try_deliver_host_on_socket', step)
  }

  #settle(attempt: Attempt, failure: AttemptFailure): void {
    attempt.failure = failure
    const where = attempt.host === attempt.to ? attempt.host : `${attempt.host} (${attempt.to})`
    const what = `${oneLine(where)}: ${failure.class ?? 'no-session'}: ${oneLine(failure.detail)}`
    this.#item.lognotice(`enforce-tls: ${what}`)
  }

  /** No host is left: what the attempts together mean for the message. */
  #allTried(): void {
    const decisive = decisiveAttempt(this.#attempts)
    // Without a single host there was no attempt: Haraka has its own words for that.
    if (!decisive) return void this.#haraka('try_deliver')()
    const verdict = judge(this.#attempts)
    this.#tlsToBlame = verdict.tls
    const action = this.#requirement?.onFailure ?? this.#context.settings().failure.action
    // A null sender can't be told, so its mail keeps the whole schedule.
    const defer =
      verdict.temporary || (verdict.tls && action === 'defer') || this.#item.todo.mail_from.user === ''
    if (!defer) return this.#giveUp(decisive.failure, decisive.host)
    this.#mark(decisive.failure, decisive.host, false)
    this.#item.temp_fail(oneLine(reasonOf(decisive.failure, decisive.host)))
  }

  #giveUp(failure: AttemptFailure, host: string): void {
    this.#mark(failure, host, true)
    this.#item.bounce(oneLine(reasonOf(failure, host)))
  }

  /** Leaves the reason at every recipient, where hooks of other plugins look for it. */
  #mark(failure: AttemptFailure, host: string, final: boolean): void {
    for (const recipient of this.#item.todo.rcpt_to) {
      recipient.reason = oneLine(`${host} ${failure.detail}`)
      recipient.dsn_action = final ? 'failed' : 'delayed'
      recipient.dsn_status = statusOf(failure, final)
      recipient.dsn_code = final ? 550 : 450
      recipient.dsn_msg = oneLine(failure.detail)
      recipient.dsn_remote_mta = host || undefined
      recipient.dsn_smtp_code = failure.reply ? String(failure.reply.code) : undefined
      recipient.dsn_smtp_extc = undefined
      recipient.dsn_smtp_response = failure.reply ? oneLine(failure.reply.text) : undefined
    }
  }

  async #deferredRespond(
    code: number,
    message: unknown,
    params: { delay: number; err: string },
  ): Promise<void> {
    // A hook of another plugin that timed out answers a text where seconds are expected; the NaN that
    // Haraka makes of it would jam the retry queue of the whole process.
    const usable = code !== constants.denysoft || Number.isFinite(Number.parseInt(String(message), 10))
    return this.#haraka('deferred_respond')(usable ? code : constants.cont, message, params)
  }

  #bounceRespond(code: number, message: unknown): unknown {
    const item = this.#item
    const timedOut = code === constants.denysoft && message === 'plugin timeout'
    // What a plugin decided is its right; a plugin that timed out has decided nothing.
    if (code !== constants.cont && !timedOut) return this.#haraka('bounce_respond')(code)
    if (!item.todo.mail_from.user) return item.double_bounce('the sender is <>, so nobody can be told')
    return this.#sendBounce()
  }

  async #sendBounce(): Promise<void> {
    const item = this.#item
    const { outbound, composeBounce } = this.#context
    const bounce = await composeBounce({
      item,
      requirement: this.#requirement,
      attempts: this.#attempts,
      tlsToBlame: this.#tlsToBlame,
      reason: item.bounce_error?.message ?? 'unknown reason',
    })
    outbound().send_email(
      '<>',
      item.todo.mail_from,
      bounce.contents,
      (code, message) => {
        if (code === constants.ok) return item.discard()
        item.logerror(
          `enforce-tls: the bounce could not be queued, the message stays: ${oneLine(String(message))}`,
        )
        this.#postpone()
      },
      { origin: item, ...(bounce.heldTo ? { notes: notesFor(item, bounce.heldTo) } : {}) },
    )
  }

  /** Nobody can be told: the message is kept for a person to look at. */
  async #keepAsError(error: string): Promise<void> {
    const item = this.#item
    const kept = await this.#context.keepAsError(item.path)
    item.lognotice(`enforce-tls: undeliverable, kept as ${kept}: ${oneLine(error)}`)
    item.next_cb()
  }

  /** What is split off a guarded item is guarded as well: its bounce is as discreet as the whole one's. */
  #split(recipients: HarakaAddress[], reason: string, callback: (item: HarakaMailItem) => void): void {
    this.#haraka('split_to_new_recipients')(recipients, reason, (part) => {
      if (part !== this.#item && this.#requirement) Guard.put(part, this.#context).enforce(this.#requirement)
      callback(part)
    })
  }
}

function reasonOf(failure: AttemptFailure, host: string): string {
  return `${failure.class ? 'TLS required: ' : ''}${host} ${failure.detail}`
}

function hostOf(mx: HarakaMx): string {
  return mx.path ?? mx.from_dns ?? mx.exchange ?? 'unknown'
}

function placeOf(mx: HarakaMx): string {
  if (mx.path) return mx.path
  const port = mx.port ?? (mx.using_lmtp ? 24 : 25)
  return mx.exchange?.includes(':') ? `[${mx.exchange}]:${port}` : `${mx.exchange ?? ''}:${port}`
}
