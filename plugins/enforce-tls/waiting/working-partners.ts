/**
 * Partners that work again: when a session with one fulfils a requirement, of a delivery or of a check, all mail that
 * waits for it under that same requirement is tried at once, in all processes. (That a partner's TLS works does not say
 * that its DANE does.) A process that has something waiting for a partner says so in the store; whoever sees the partner
 * work puts a word there, which the others look for every second. The same goes for gateways that take mail again.
 */
import { randomBytes } from 'node:crypto'
import type { SharedHashes } from '../store/shared-hashes.js'
import { HASHES } from './orders.js'
import type { Paced } from './paced.js'
import type { SharedWrites } from './shared-writes.js'
import { awaitedBy, type WaitingRecord } from './record.js'
import type { WaitingItems } from './waiting-items.js'

/** A partner is said to work at most this often, in milliseconds. */
const SAY_PAUSE = 30_000
/** After this time the others have seen it, in milliseconds. */
const SEEN_AFTER = 120_000
/** What was told longer ago is told again or forgotten, in milliseconds; and between two looks for such. */
const TOLD_FOR = 24 * 3_600_000
const FORGET_PAUSE = 3_600_000
/** Partners whose words are remembered. */
const REMEMBERED_MAX = 10_000

/** What it works on. */
export interface WorkingPartnersContext {
  readonly hashes: () => SharedHashes
  readonly items: Pick<WaitingItems, 'ofPartner' | 'partners' | 'size'>
  readonly paced: Paced
  readonly writes: SharedWrites
}

/** What one process knows of partners that others wait for, by what `partnerKey` gives. */
export class WorkingPartners {
  readonly #context: WorkingPartnersContext
  /** Those that some process waits for, or has waited for, by the store; and those of this process. */
  #awaited: ReadonlySet<string> = new Set<string>()
  readonly #own = new Set<string>()
  readonly #saidAt = new Map<string, number>()
  /** The last word on each partner, and when it came. */
  readonly #heard = new Map<string, { readonly word: string; readonly at: number }>()
  #isFirstLook = true
  #forgotAt = -Infinity

  constructor(context: WorkingPartnersContext) {
    this.#context = context
  }

  /** Mail waits here. */
  waits(record: Pick<WaitingRecord, 'domain' | 'terms' | 'gateway'>): void {
    for (const partner of awaitedBy(record)) {
      if (this.#own.has(partner)) continue
      this.#own.add(partner)
      this.#context.writes.put(HASHES.partners, partner, new Date().toISOString())
    }
  }

  /** A partner works. Total. */
  works(partner: string): void {
    const { items, paced, writes } = this.#context
    if (!this.#own.has(partner) && !this.#awaited.has(partner)) return
    const now = performance.now()
    if (now - (this.#saidAt.get(partner) ?? -Infinity) < SAY_PAUSE) return
    if (this.#saidAt.size >= REMEMBERED_MAX) this.#saidAt.clear()
    this.#saidAt.set(partner, now)
    paced.add(items.ofPartner(partner))
    const word = randomBytes(9).toString('base64url')
    this.#remember(partner, word, now)
    writes.put(HASHES.working, partner, word)
    // What waits on says so again.
    this.#own.delete(partner)
    writes.put(HASHES.partners, partner, null)
  }

  /**
   * Learns which partners others wait for, and tells for which this process does: no more for those whose mail is gone, and
   * again for those that another process has waited for, too. Rejects where the store does not answer.
   */
  async learn(): Promise<void> {
    const { hashes, items, writes } = this.#context
    const told = await hashes().fields(HASHES.partners)
    const waiting = items.partners()
    for (const partner of this.#own) if (!waiting.has(partner)) writes.put(HASHES.partners, partner, null)
    this.#own.clear()
    for (const partner of waiting) {
      this.#own.add(partner)
      if (!told.has(partner)) writes.put(HASHES.partners, partner, new Date().toISOString())
    }
    this.#awaited = told
    await this.#forgetOld()
  }

  /** Those of processes that are gone; what still waits is told again soon after. */
  async #forgetOld(): Promise<void> {
    const now = performance.now()
    if (now - this.#forgotAt < FORGET_PAUSE) return
    this.#forgotAt = now
    const { hashes, writes } = this.#context
    for (const [partner, since] of await hashes().read(HASHES.partners))
      if (!(Date.now() - Date.parse(since) < TOLD_FOR)) writes.put(HASHES.partners, partner, null)
  }

  /** Looks for partners that others have seen work. Rejects where the store does not answer. */
  async look(): Promise<void> {
    const { hashes, items, paced, writes } = this.#context
    const words = await hashes().read(HASHES.working)
    const now = performance.now()
    for (const [partner, word] of words) {
      const heard = this.#heard.get(partner)
      if (heard?.word === word) {
        if (now - heard.at > SEEN_AFTER) writes.put(HASHES.working, partner, null)
        continue
      }
      this.#remember(partner, word, now)
      // What this process finds at its start is tried when it is due.
      if (!this.#isFirstLook && items.size > 0) paced.add(items.ofPartner(partner))
    }
    this.#isFirstLook = false
    for (const partner of this.#heard.keys())
      if (!words.has(partner) && !this.#isRecent(partner, now)) this.#heard.delete(partner)
  }

  #isRecent(partner: string, now: number): boolean {
    return now - (this.#heard.get(partner)?.at ?? -Infinity) < SEEN_AFTER
  }

  #remember(partner: string, word: string, at: number): void {
    if (this.#heard.size >= REMEMBERED_MAX) this.#heard.clear()
    this.#heard.set(partner, { word, at })
  }
}
