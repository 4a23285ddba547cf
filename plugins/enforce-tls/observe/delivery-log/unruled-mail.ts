/**
 * Counts messages that went as usual because their rules were unknown, as `on_store_failure=deliver` and
 * `on_empty_store=deliver` have it, and says so in the delivery log: the settings may be others when a report is made. The
 * first one is told at once, those of the next minute together. Total.
 */
import type { LogGap } from './gap.js'

/** Between two records, in milliseconds. */
const PAUSE = 60_000

/** What is told of them. */
export type UnruledGap = Pick<LogGap, 'from' | 'until' | 'entries'> & { readonly why: 'rules-unknown' }

/** The counts of one process. */
export class UnruledMail {
  readonly #tell: (gap: UnruledGap) => void
  /** Those that were counted: an item goes at several attempts. */
  readonly #seen = new WeakSet()
  #gap: { readonly from: string; until: string; entries: number } | null = null
  #timer: NodeJS.Timeout | null = null

  /** @param tell must not throw */
  constructor(tell: (gap: UnruledGap) => void) {
    this.#tell = tell
  }

  /** A message goes. @param message the queue item or transaction that it is here */
  delivered(message: object): void {
    if (this.#seen.has(message)) return
    this.#seen.add(message)
    const until = new Date().toISOString()
    this.#gap ??= { from: until, until, entries: 0 }
    this.#gap.until = until
    this.#gap.entries++
    if (this.#timer === null) this.#flush()
  }

  /** Tells what is counted. */
  close(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    if (this.#gap) this.#tell({ ...this.#gap, why: 'rules-unknown' })
    this.#gap = null
  }

  #flush(): void {
    this.close()
    this.#timer = setTimeout(() => {
      this.#timer = null
      if (this.#gap) this.#flush()
    }, PAUSE).unref()
  }
}
