/**
 * Tells somebody, by one mail for many partners, when TLS to a partner begins to fail and when it works again.
 * All processes put together what they see; whoever has the turn writes the mail, and keeps the turn for the
 * least time between two mails. Works beside the deliveries: what can't be read or written now is kept in mind,
 * within bounds, and tried again. A process that dies at the wrong moment makes a second mail rather than none.
 */
import cluster from 'node:cluster'
import { randomBytes } from 'node:crypto'
import type { DeliveryEvent } from '../delivery/delivery-events.js'
import { oneLine } from '../delivery/printable.js'
import type { HarakaLogger } from '../haraka/types.js'
import type { Settings } from '../settings.js'
import { listed } from '../words.js'
import type { PartnerBook } from '../store/partner-book.js'
import { composeDigest } from './digest.js'
import {
  afterSighting,
  afterTelling,
  happenedAt,
  isNews,
  isUntold,
  type PartnerState,
  type Sighting,
} from './partner-state.js'
import { Sightings } from './sightings.js'
import { parseState } from './state-text.js'

/** What alerts need of the process. */
export interface AlertsContext {
  readonly logger: Pick<HarakaLogger, 'lognotice' | 'logwarn'>
  /** Those in force now. */
  readonly settings: () => Settings['alert']
  /** Opens the partner book. */
  readonly open: () => PartnerBook
  /** This server's name. */
  readonly me: () => string
  /** Puts a mail from the null sender into the queue; rejects where that can't be done. */
  readonly queue: (to: readonly string[], contents: string) => Promise<void>
}

/** Between two looks, in milliseconds; less where the settings want to be told sooner. */
const LOOK_PAUSE_MAX = 30_000
const LOOK_PAUSE_MIN = 200
/** How long the making of a mail may take; a process that dies meanwhile keeps the others from it no longer. */
const TURN = 60_000
/** A partner of whom nothing was seen for so long is forgotten. */
const FORGOTTEN_AFTER = 30 * 86_400_000
/** Most partners that are known; rules of the whole service could name the world. */
const PARTNERS_MAX = 10_000
/** How often a change is tried that others are quicker with. */
const TRIES = 5

/** Alerts of one process. */
export class Alerts {
  readonly #context: AlertsContext
  readonly #sightings = new Sightings()
  readonly #holder = randomBytes(12).toString('base64url')
  #book: PartnerBook | null = null
  #timer: NodeJS.Timeout | null = null
  #looking: Promise<void> = Promise.resolve()
  #toldTrouble: string | null = null
  #toldDropped = 0
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
    this.#sightings.take(event)
  }

  /** Writes down what was seen, if that goes at once, and gives the connection back. */
  async close(): Promise<void> {
    this.#closed = true
    if (this.#timer) clearTimeout(this.#timer)
    await this.#looking
    if (this.#sightings.size > 0) await this.#guarded((book) => this.#writeDown(book))
    await this.#book?.close()
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
    this.#tellDropped()
    await this.#guarded(async (book) => {
      const due = this.#dueOf(await this.#writeDown(book))
      if (due.length > 0 && (await book.takeTurn(this.#holder, TURN))) await this.#tell(book)
    })
  }

  #tellDropped(): void {
    const { dropped } = this.#sightings
    if (dropped === this.#toldDropped) return
    this.#context.logger.logwarn(
      `alerts know nothing of ${dropped - this.#toldDropped} deliveries: there were more partners at a time than are kept in mind`,
    )
    this.#toldDropped = dropped
  }

  /** Does something with the book; a trouble is logged once. Never rejects. */
  async #guarded(work: (book: PartnerBook) => Promise<unknown>): Promise<void> {
    const { logger, open } = this.#context
    try {
      this.#book ??= open()
      await work(this.#book)
      if (this.#toldTrouble !== null) logger.lognotice('alerts can be made again')
      this.#toldTrouble = null
    } catch (error) {
      const trouble = error instanceof Error ? error.message : String(error)
      if (trouble !== this.#toldTrouble)
        logger.logwarn(`alerts can't be made now, and are tried again: ${trouble}`)
      this.#toldTrouble = trouble
    }
  }

  /** Adds what was seen to what is known, and gives that. */
  async #writeDown(book: PartnerBook): Promise<ReadonlyMap<string, PartnerState>> {
    const seen = new Map(this.#sightings.drain())
    try {
      const texts = await book.readAll()
      const states = new Map<string, PartnerState>()
      for (const [name, text] of texts) {
        const state = parseState(text)
        if (state !== null && !isForgotten(state)) states.set(name, state)
        else await book.replace(name, text, null)
      }
      for (const [name, sighting] of seen) {
        if (states.size < PARTNERS_MAX || states.has(name)) {
          const state = await this.#add(book, name, texts.get(name) ?? null, sighting)
          if (state !== null) states.set(name, state)
        }
        seen.delete(name)
      }
      return states
    } catch (error) {
      this.#sightings.restore(seen)
      throw error
    }
  }

  async #add(
    book: PartnerBook,
    name: string,
    text: string | null,
    sighting: Sighting,
  ): Promise<PartnerState | null> {
    return await changed(book, name, text, (state) => {
      const after = afterSighting(state, sighting)
      return after !== null && isNews(state, after) ? after : state
    })
  }

  /** Those that somebody has to be told of now. */
  #dueOf(states: ReadonlyMap<string, PartnerState>): [name: string, state: PartnerState][] {
    const before = Date.now() - this.#context.settings().delay
    return [...states].filter(([, state]) => isUntold(state) && happenedAt(state) <= before)
  }

  /** Writes the mail; the turn is ours. */
  async #tell(book: PartnerBook): Promise<void> {
    const { settings, me, queue, logger } = this.#context
    const { to, from, interval } = settings()
    let queued = false
    try {
      // Whoever had the turn before may have told.
      const due = this.#dueOf(await this.#writeDown(book))
      if (due.length === 0) return
      const partners = due.map(([, state]) => state)
      const name = me()
      const options = { me: name, from: from || `MAILER-DAEMON@${name}`, to, interval, now: new Date() }
      await queue(to, await composeDigest(partners, options))
      queued = true
      const domains = [...new Set(partners.map(({ domain }) => oneLine(domain)))]
      logger.lognotice(`an alert goes to ${to.join(', ')}: TLS to ${listed(domains, 10)}`)
      // First, so that a store that is lost now makes one mail too many and not one a minute.
      await book.endTurnAfter(this.#holder, interval)
      for (const [key, told] of due)
        await changed(book, key, await book.read(key), (state) => state && afterTelling(state, told))
    } finally {
      if (!queued) await book.endTurnAfter(this.#holder, 0)
    }
  }
}

/**
 * Changes what is known of a partner, again where somebody else was quicker.
 *
 * @param text what was read last
 * @returns what is known now
 */
async function changed(
  book: PartnerBook,
  name: string,
  text: string | null,
  change: (state: PartnerState | null) => PartnerState | null,
): Promise<PartnerState | null> {
  let found = text
  for (let tries = 0; tries < TRIES; tries++) {
    const before = parseState(found)
    const after = change(before)
    if (after === before || after === null) return before
    if (await book.replace(name, found, JSON.stringify(after))) return after
    found = await book.read(name)
  }
  throw new Error(`what is known of ${oneLine(name)} changes too often`)
}

function isForgotten({ lastPass, trouble }: PartnerState): boolean {
  return Math.max(lastPass, trouble?.lastAt ?? 0) < Date.now() - FORGOTTEN_AFTER
}
