/**
 * Writes the delivery log beside the deliveries, never in front of them: entries wait in memory and go out in
 * batches. While the log does not take them they wait, up to a bound; what comes then is dropped and counted.
 * That it takes none is logged at the first failure, that it does again at the first success, and what was dropped
 * in one line a minute at most.
 */
import type { HarakaLogger } from '../../haraka/types.js'
import type { DeliveryLog, DeliveryRecord } from '../../store/delivery-log.js'
import { errorMessage } from '../../text/error-message.js'
import type { LogGap } from './gap.js'
import type { GapMarks } from './gap-marks.js'

/** Most entries that wait; about 10 MB of memory. */
const WAITING_MAX = 10_000
const BATCH_MAX = 500
/** Between two batches, in milliseconds. */
const BATCH_PAUSE = 200
/** Between two lines about dropped entries, in milliseconds. */
const REPORT_PAUSE = 60_000

/** An entry that is finished when it is written, since that takes time. */
export class PendingEntry {
  /** @param finish gives the entry; `key` gives the key of its hashes, `null` where there can be none, and may reject */
  constructor(readonly finish: (key: () => Promise<string | null>) => Promise<DeliveryRecord>) {}
}

/** What a writer works with. */
export interface DeliveryLogWriterOptions {
  /** Opens the log, when there is something to write for the first time. */
  readonly open: () => DeliveryLog
  /** About the most entries that the log keeps. */
  readonly maxEntries: () => number
  /** How long it keeps them, in milliseconds. @default for ever */
  readonly maxAge?: () => number
  /** A key for a log that has none. */
  readonly newKey: () => string
  /** Told when entries begin to wait, or wait on, and when all are written. */
  readonly marks?: Pick<GapMarks, 'waits' | 'written'>
  /** Gives a record that says what was dropped. */
  readonly gapOf?: (gap: Omit<LogGap, 'node'>) => DeliveryRecord
  readonly log: Pick<HarakaLogger, 'logerror' | 'logwarn' | 'lognotice'>
  /** In milliseconds, of a clock that nobody sets. @default performance.now */
  readonly now?: () => number
}

/** The writer of one process. */
export class DeliveryLogWriter {
  readonly #options: DeliveryLogWriterOptions
  readonly #now: () => number
  #waiting: (DeliveryRecord | PendingEntry)[] = []
  #timer: NodeJS.Timeout | null = null
  #log: DeliveryLog | null = null
  #writing: Promise<void> | null = null
  /** Since the last line about it. */
  #dropped = 0
  #droppedInAll = 0
  /** What was dropped, and is not yet said in the log. */
  #gap: { readonly from: string; until: string; entries: number } | null = null
  #reportedAt = -Infinity
  #problem = 'the log is slower than the deliveries'
  #available: boolean | null = null
  #closed = false
  #saidNameless = false

  constructor(options: DeliveryLogWriterOptions) {
    this.#options = options
    this.#now = options.now ?? (() => performance.now())
  }

  /** How many entries were dropped so far. */
  get dropped(): number {
    return this.#droppedInAll
  }

  /** Whether the last write was taken; `null` before the first. */
  get available(): boolean | null {
    return this.#available
  }

  /** Takes an entry. Returns at once, and throws nothing. */
  write(record: DeliveryRecord | PendingEntry): void {
    if (this.#waiting.length >= WAITING_MAX || this.#closed) {
      this.#drop(1)
      this.#report()
      return
    }
    this.#push(record)
    this.#schedule()
  }

  /** Tries once to write what waits, then gives the log back. */
  async close(): Promise<void> {
    this.#closed = true
    if (this.#timer) clearTimeout(this.#timer)
    await this.#writing
    while (this.#waiting.length > 0 && (await this.#writeBatch()));
    this.#drop(this.#waiting.length)
    this.#waiting = []
    if (this.#dropped > 0) this.#report(true)
    await this.#log?.close()
  }

  #push(record: DeliveryRecord | PendingEntry): void {
    this.#options.marks?.waits()
    this.#waiting.push(record)
  }

  #schedule(): void {
    if (this.#timer || this.#writing || this.#closed) return
    // What waits is written when Haraka ends in peace (graceful_shutdown); nobody waits for the timer.
    this.#timer = setTimeout(() => {
      this.#timer = null
      this.#writing = this.#writeBatch().then(() => {
        this.#writing = null
        if (this.#waiting.length > 0) this.#schedule()
      })
    }, BATCH_PAUSE).unref()
  }

  /** Whether all went well. Never rejects. */
  async #writeBatch(): Promise<boolean> {
    const { maxEntries, maxAge = () => Infinity } = this.#options
    try {
      this.#log ??= this.#options.open()
      const batch = await this.#finished(this.#log, this.#waiting.slice(0, BATCH_MAX))
      await this.#log.append(batch, maxEntries(), maxAge())
      this.#waiting = this.#waiting.slice(batch.length)
      this.#sayDropped()
      if (this.#waiting.length === 0) this.#options.marks?.written()
      if (this.#available === false) this.#options.log.lognotice('the delivery log is written again')
      this.#available = true
      if (this.#dropped > 0) this.#report()
      return true
    } catch (error) {
      this.#problem = errorMessage(error)
      if (this.#available !== false)
        this.#options.log.logerror(
          `the delivery log cannot be written, its entries wait in memory: ${this.#problem}`,
        )
      this.#available = false
      this.#options.marks?.waits()
      return false
    }
  }

  /** What is finished stays so, if the log does not take it now. */
  async #finished(
    log: DeliveryLog,
    batch: readonly (DeliveryRecord | PendingEntry)[],
  ): Promise<DeliveryRecord[]> {
    let key: Promise<string | null> | undefined
    const keyOfLog = (): Promise<string | null> => (key ??= this.#keyOf(log))
    const finished: DeliveryRecord[] = []
    for (const [index, entry] of batch.entries()) {
      const record = entry instanceof PendingEntry ? await entry.finish(keyOfLog) : entry
      this.#waiting[index] = record
      finished.push(record)
    }
    return finished
  }

  /** Asked for each batch: a store that was emptied, or another one, has another key. */
  async #keyOf(log: DeliveryLog): Promise<string | null> {
    try {
      return (await log.readKey()) ?? (await log.makeKey(this.#options.newKey()))
    } catch (error) {
      const problem = errorMessage(error)
      // Users of Redis that were made for an older version may not: a log without names is better than none.
      if (!problem.includes('NOPERM')) throw error
      if (!this.#saidNameless)
        this.#options.log.logwarn(
          `the delivery log is written without names of senders and recipients, so that a search for them finds nothing: ${problem}`,
        )
      this.#saidNameless = true
      return null
    }
  }

  #drop(count: number): void {
    if (count === 0) return
    this.#dropped += count
    this.#droppedInAll += count
    const until = new Date().toISOString()
    this.#gap ??= { from: until, until, entries: 0 }
    this.#gap.until = until
    this.#gap.entries += count
  }

  /** There is room again: that entries are missing is an entry, too. */
  #sayDropped(): void {
    if (this.#gap === null || !this.#options.gapOf) return
    this.#push(this.#options.gapOf({ ...this.#gap, why: 'dropped' }))
    this.#gap = null
  }

  #report(atOnce = false): void {
    if (!atOnce && this.#now() - this.#reportedAt < REPORT_PAUSE) return
    this.#reportedAt = this.#now()
    this.#options.log.logwarn(
      `entries of the delivery log that were dropped: ${this.#dropped}, because ${this.#problem}`,
    )
    this.#dropped = 0
  }
}
