/**
 * Notifies, by one mail for many partners, when TLS to a partner begins to fail and when it works again.
 * All processes put together what they observe; whoever has the lease writes the mail, and keeps the lease for the
 * least time between two mails. Works beside the deliveries: what can't be read or written now is kept in mind,
 * within bounds, and tried again. A process that dies at the wrong moment makes a second mail rather than none.
 */
import cluster from 'node:cluster'
import { randomBytes } from 'node:crypto'
import type { DeliveryEvent } from '../../delivery/delivery-events.js'
import { oneLine } from '../../text/one-line.js'
import type { HarakaLogger } from '../../haraka/types.js'
import type { Settings } from '../../settings/types.js'
import { listed } from '../../text/list.js'
import type { AlertState } from '../../store/alert-state.js'
import { composeDigest } from './digest.js'
import { happenedAt, isUnnotified, type PartnerState } from './partner-state.js'
import { noteNotified, writeDown, type Partners } from './partners.js'
import { Observations } from './observations.js'
import { errorMessage } from '../../text/error-message.js'

/** What alerts need of the process. */
export interface AlertsContext {
  readonly logger: Pick<HarakaLogger, 'lognotice' | 'logwarn'>
  /** Those in force now. */
  readonly settings: () => Settings['alert']
  /** Opens the state of alerts. */
  readonly open: () => AlertState
  /** This server's name. */
  readonly me: () => string
  /** Puts a mail from the null sender into the queue; rejects where that can't be done. */
  readonly queue: (to: readonly string[], contents: string) => Promise<void>
}

/** Between two looks, in milliseconds; less where the settings want mail sooner. */
const LOOK_PAUSE_MAX = 30_000
const LOOK_PAUSE_MIN = 200
/** How long the making of a mail may take; a process that dies meanwhile keeps the others from it no longer. */
const LEASE = 60_000

/** Alerts of one process. */
export class Alerts {
  readonly #context: AlertsContext
  readonly #observations = new Observations()
  readonly #holder = randomBytes(12).toString('base64url')
  #state: AlertState | null = null
  #timer: NodeJS.Timeout | null = null
  #looking: Promise<void> = Promise.resolve()
  #notifiedTrouble: string | null = null
  #notifiedDropped = 0
  #closed = false

  constructor(context: AlertsContext) {
    this.#context = context
    // Not all processes of a machine at the same moment.
    this.#schedule(Math.random())
  }

  /** Takes an event. Throws nothing, and waits for nothing. */
  take(event: DeliveryEvent): void {
    const { to } = this.#context.settings()
    if (to.length === 0) return
    // A digest that does not get through is no reason for the next one.
    if (event.sender === '' && event.recipients.every((recipient) => to.includes(recipient))) return
    this.#observations.take(event)
  }

  /** Writes down what was seen, if that goes at once, and gives the connection back. */
  async close(): Promise<void> {
    this.#closed = true
    if (this.#timer) clearTimeout(this.#timer)
    await this.#looking
    if (this.#observations.size > 0) await this.#guarded((state) => writeDown(state, this.#observations))
    await this.#state?.close()
  }

  #schedule(part = 1): void {
    if (this.#closed) return
    const pause = Math.min(LOOK_PAUSE_MAX, Math.max(LOOK_PAUSE_MIN, this.#context.settings().delay))
    this.#timer = setTimeout(() => {
      this.#looking = this.#look().finally(() => this.#schedule())
    }, pause * part).unref()
  }

  /** Never rejects. */
  async #look(): Promise<void> {
    // Deliveries, and so the queue, are the business of the workers.
    const isIdlePrimary = cluster.isPrimary && Object.keys(cluster.workers ?? {}).length > 0
    if (isIdlePrimary || this.#context.settings().to.length === 0) return
    this.#logDropped()
    await this.#guarded(async (state) => {
      const due = this.#dueOf(await writeDown(state, this.#observations))
      if (due.length > 0 && (await state.takeLease(this.#holder, LEASE))) await this.#notify(state)
    })
  }

  #logDropped(): void {
    const { dropped } = this.#observations
    if (dropped === this.#notifiedDropped) return
    this.#context.logger.logwarn(
      `alerts missed ${dropped - this.#notifiedDropped} deliveries, because there were too many partners at a time`,
    )
    this.#notifiedDropped = dropped
  }

  /** Does something with the state; a problem is logged once. Never rejects. */
  async #guarded(work: (state: AlertState) => Promise<unknown>): Promise<void> {
    const { logger, open } = this.#context
    try {
      this.#state ??= open()
      await work(this.#state)
      if (this.#notifiedTrouble !== null) logger.lognotice('alerts work again')
      this.#notifiedTrouble = null
    } catch (error) {
      const trouble = errorMessage(error)
      if (trouble !== this.#notifiedTrouble)
        logger.logwarn(`alerts cannot be sent now, trying again: ${trouble}`)
      this.#notifiedTrouble = trouble
    }
  }

  /** Those that a mail is due for now. */
  #dueOf(states: Partners): [name: string, state: PartnerState][] {
    const before = Date.now() - this.#context.settings().delay
    return [...states].filter(([, state]) => isUnnotified(state) && happenedAt(state) <= before)
  }

  /** Writes the mail; the lease is ours. */
  async #notify(state: AlertState): Promise<void> {
    const { settings, me, queue, logger } = this.#context
    const { to, from, interval } = settings()
    let queued = false
    try {
      // Whoever had the lease before may have sent it.
      const due = this.#dueOf(await writeDown(state, this.#observations))
      if (due.length === 0) return
      const partners = due.map(([, state]) => state)
      const name = me()
      const options = { me: name, from: from || `MAILER-DAEMON@${name}`, to, interval, now: new Date() }
      await queue(to, await composeDigest(partners, options))
      queued = true
      const domains = [...new Set(partners.map(({ domain }) => oneLine(domain)))]
      logger.lognotice(`alert queued for ${to.join(', ')}: TLS to ${listed(domains, 10)}`)
      // First, so that a store that is lost now makes one mail too many and not one a minute.
      await state.endLeaseAfter(this.#holder, interval)
      await noteNotified(state, due)
    } finally {
      if (!queued) await state.endLeaseAfter(this.#holder, 0)
    }
  }
}
