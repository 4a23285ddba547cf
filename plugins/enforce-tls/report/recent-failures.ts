/**
 * How many messages TLS failed for in the last day, by sending domain: what a list of domains shows. The log is read
 * once for all of them, and not again for every request.
 */
import { fromRecord } from '../observe/delivery-log/entry.js'
import { EVERYONE } from '../rules/owner.js'
import type { DeliveryLog } from '../store/delivery-log.js'
import { StoreError } from '../store/rule-store.js'
import { concerns, DAY } from './report-query.js'
import { Counter } from './tallies.js'

/** So long an answer is good enough, in milliseconds. */
const FRESH = 15_000

/** What it works with. */
export interface RecentFailuresOptions {
  readonly deliveries: Pick<DeliveryLog, 'read'>
  /** Whether deliveries are recorded at all. */
  readonly isRecorded: () => boolean
  /** The time, in milliseconds since 1970. @default Date.now */
  readonly now?: () => number
}

/** Counts by domain; `*` are those of rules of the whole service, whoever sends. */
export type FailuresByDomain = ReadonlyMap<string, number>

/** Counts and keeps the answer for a moment. */
export class RecentFailures {
  readonly #options: RecentFailuresOptions
  readonly #now: () => number
  #latest: { readonly at: number; readonly counts: Promise<FailuresByDomain | null> } | null = null

  constructor(options: RecentFailuresOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
  }

  /**
   * A domain that is not there has none.
   *
   * @returns `null` where that is not recorded, or can't be read now.
   */
  byDomain(): Promise<FailuresByDomain | null> {
    if (!this.#options.isRecorded()) return Promise.resolve(null)
    const now = this.#now()
    if (this.#latest === null || now - this.#latest.at > FRESH)
      this.#latest = { at: now, counts: this.#count(now) }
    return this.#latest.counts
  }

  async #count(now: number): Promise<FailuresByDomain | null> {
    const since = new Date(now - DAY)
    const from = since.toISOString()
    const seen = new Set<string>()
    const counts = new Counter()
    try {
      for await (const record of this.#options.deliveries.read(since)) {
        // Before anything is parsed: most entries are of mail that was delivered.
        const { kind, result, at = '', id = '', notice } = record
        if (
          notice !== undefined ||
          kind !== 'outcome' ||
          (result !== 'bounced' && result !== 'kept') ||
          at < from ||
          seen.has(id)
        )
          continue
        seen.add(id)
        const entry = fromRecord(record)
        if (entry?.class === undefined) continue
        counts.add(entry.from)
        if (concerns(EVERYONE, entry)) counts.add(EVERYONE)
      }
      return new Map(counts.entries())
    } catch (error) {
      if (error instanceof StoreError) return null
      throw error
    }
  }
}
