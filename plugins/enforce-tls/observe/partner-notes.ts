/**
 * What one process has observed of partners, on its way to the store that all share. It waits in memory, within bounds,
 * and is put together there with what others have seen. While the store is away the numbers wait too; those that find no
 * room, or are in memory when Haraka ends, are lost, and counted as far as that is known. No delivery waits for any of it.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { HarakaLogger } from '../haraka/types.js'
import { parseService } from '../rules/owner-entries.js'
import type { Settings } from '../settings/types.js'
import type { FactChange, PartnerFacts } from '../store/partner-facts.js'
import type { ReadStore } from '../store/rule-store.js'
import { afterLoss, LOSSES, parseLosses } from '../suggest/losses.js'
import { nameOf, parsePair, parsePairs, together, type Pair, type PairRecord } from '../suggest/record.js'
import { namesToRemove } from '../suggest/tidy.js'
import { errorMessage } from '../text/error-message.js'
import { inPieces } from '../work/turns.js'

/** Between the first observation and the write, and after a failure, in milliseconds. */
const PAUSE = 5000
const PAUSE_AFTER_FAILURE = 30_000
/** Pairs that wait in memory; those of incoming mail apart, since anybody can make up senders. */
const WAITING_MAX = 1000
const INCOMING_MAX = 200
/** How often a write is tried that others come between. */
const TRIES = 12
/** Before another try, times how often it was tried, in milliseconds: at random, so that not all come at the same moment. */
const TRY_AGAIN = 20
/** How old what is known of the services may be, and the least time between two tidyings, in milliseconds. */
const SERVICES_AGE = 60_000
const TIDY_PAUSE = 60_000
const TIDY_ANYWAY = 3_600_000
/** How much of the room is filled after a tidying: the rest is for those who come next. */
const FILLED = 0.9

/** What it needs of the process. */
export interface PartnerNotesContext {
  readonly logger: Pick<HarakaLogger, 'logwarn' | 'lognotice'>
  readonly settings: () => Settings['suggest']
  readonly services: ReadStore['services']
  /** Opens what all share. */
  readonly open: () => PartnerFacts
}

/** The notes of one process. */
export class PartnerNotes {
  readonly #context: PartnerNotesContext
  #waiting = new Map<string, { readonly pair: Pair; readonly record: PairRecord }>()
  #incoming = new Map<string, PairRecord>()
  #lost = 0
  #facts: PartnerFacts | null = null
  /** The domains whose message rules are on; `null` while that was never read. */
  #services: ReadonlySet<string> | null = null
  #servicesAt = -Infinity
  #tidiedAt = performance.now()
  #timer: NodeJS.Timeout | null = null
  #writing: Promise<void> | null = null
  #failed = false
  #closed = false

  constructor(context: PartnerNotesContext) {
    this.#context = context
  }

  /** Whether mail of a sending domain is observed: only where its message rules are on a rule could come of it. */
  wants(owner: string): boolean {
    return (
      this.#services === null ||
      this.#services.has(owner) ||
      performance.now() - this.#servicesAt > SERVICES_AGE
    )
  }

  /** Takes what was seen of a delivery. Total. */
  take(pair: Pair, record: PairRecord): void {
    const name = nameOf(pair)
    const known = this.#waiting.get(name)
    if (!known && this.#waiting.size >= WAITING_MAX) return this.drop()
    this.#waiting.set(name, { pair, record: known ? together(known.record, record) : record })
    this.#schedule()
  }

  /** Takes what was seen of incoming mail; it counts where mail goes to that partner, too. Total. */
  takeIncoming(pair: Pair, record: PairRecord): void {
    const name = nameOf(pair)
    const known = this.#incoming.get(name)
    if (!known && this.#incoming.size >= INCOMING_MAX) return
    this.#incoming.set(name, known ? together(known, record) : record)
    this.#schedule()
  }

  /** A delivery was not counted. */
  drop(): void {
    this.#lost++
  }

  /** Tries once to write what waits, and gives the connection back. */
  async close(): Promise<void> {
    this.#closed = true
    if (this.#timer) clearTimeout(this.#timer)
    await this.#writing
    if (this.#waiting.size > 0) await this.#write()
    await this.#facts?.close()
  }

  #schedule(): void {
    if (this.#timer || this.#writing || this.#closed) return
    const pause = this.#failed ? PAUSE_AFTER_FAILURE : PAUSE
    this.#timer = setTimeout(() => {
      this.#timer = null
      this.#writing = this.#write().finally(() => {
        this.#writing = null
        if (this.#waiting.size > 0) this.#schedule()
      })
    }, pause).unref()
  }

  /** Never rejects. */
  async #write(): Promise<void> {
    const [waiting, incoming] = [this.#waiting, this.#incoming]
    this.#waiting = new Map()
    this.#incoming = new Map()
    const left = new Map(waiting)
    const { logger, open } = this.#context
    try {
      await this.#readServices()
      for (const [name, { pair }] of left) if (!this.#services?.has(pair.owner)) left.delete(name)
      this.#facts ??= open()
      await this.#merge(this.#facts, left, incoming)
      await this.#writeLost(this.#facts)
      await this.#tidy(this.#facts, TIDY_ANYWAY)
      if (this.#failed) logger.lognotice('observed deliveries are written down again')
      this.#failed = false
    } catch (error) {
      if (!this.#failed)
        logger.logwarn(
          `observed deliveries are not written down now, so suggestions are missing them: ${errorMessage(error)}`,
        )
      this.#failed = true
      for (const { pair, record } of left.values()) this.take(pair, record)
    }
  }

  async #readServices(): Promise<void> {
    if (performance.now() - this.#servicesAt < SERVICES_AGE) return
    const on = new Set<string>()
    for (const [domain, json] of await this.#context.services()) {
      const service = parseService(json)
      if ('enabled' in service && service.enabled) on.add(domain)
    }
    this.#services = on
    this.#servicesAt = performance.now()
  }

  /** Puts records together with those that are there; what is done goes from `left`. */
  async #merge(
    facts: PartnerFacts,
    left: Map<string, { readonly pair: Pair; readonly record: PairRecord }>,
    incoming: ReadonlyMap<string, PairRecord>,
  ): Promise<void> {
    const names = new Set([...left.keys(), ...incoming.keys()])
    for (let tries = 0; names.size > 0 && tries < TRIES; tries++) {
      if (tries > 0) await sleep(Math.random() * TRY_AGAIN * tries)
      const there = await facts.read([...names])
      const isNew = [...names].filter((name) => left.has(name) && !there.has(name))
      const admitted = new Set(isNew.slice(0, isNew.length === 0 ? 0 : await this.#room(facts)))
      const changes = new Map<string, FactChange>()
      for (const name of names) {
        const text = there.get(name)
        const records = [parsePair(text), left.get(name)?.record, incoming.get(name)].filter(
          (each) => each != null,
        )
        if (text === undefined && !admitted.has(name)) {
          if (left.delete(name)) this.drop()
          names.delete(name)
        } else {
          const [first, ...others] = records as [PairRecord, ...PairRecord[]]
          changes.set(name, { expected: text ?? null, value: JSON.stringify(others.reduce(together, first)) })
        }
      }
      const others = changes.size === 0 ? new Set<string>() : await facts.replace(changes)
      for (const name of [...names])
        if (!others.has(name)) {
          left.delete(name)
          names.delete(name)
        }
    }
    if (left.size > 0) throw new Error('others change the same records all the time')
  }

  /** How many new pairs there is room for, after a tidying where there is none. */
  async #room(facts: PartnerFacts): Promise<number> {
    const { maxPartners } = this.#context.settings()
    const room = maxPartners - (await facts.size())
    if (room > 0 || !(await this.#tidy(facts, TIDY_PAUSE))) return Math.max(0, room)
    return Math.max(0, maxPartners - (await facts.size()))
  }

  /** Removes what nobody needs any more. @returns whether it was time for that */
  async #tidy(facts: PartnerFacts, pause: number): Promise<boolean> {
    if (performance.now() - this.#tidiedAt < pause) return false
    this.#tidiedAt = performance.now()
    const { maxPartners, ...enough } = this.#context.settings()
    const all = await facts.readAll()
    const records = await inPieces(parsePairs(all))
    const most = all.size > maxPartners * FILLED ? Math.floor(maxPartners * FILLED) : maxPartners
    const changes = new Map<string, FactChange>()
    for (const name of namesToRemove(records, most, enough, Date.now()))
      changes.set(name, { expected: all.get(name) ?? null, value: null })
    if (changes.size > 0) await facts.replace(changes)
    return true
  }

  async #writeLost(facts: PartnerFacts): Promise<void> {
    if (this.#lost === 0) return
    const lost = this.#lost
    const text = (await facts.read([LOSSES])).get(LOSSES)
    const value = JSON.stringify(afterLoss(parseLosses(text), lost, Date.now()))
    const others = await facts.replace(new Map([[LOSSES, { expected: text ?? null, value }]]))
    if (others.size === 0) this.#lost -= lost
  }
}
