/**
 * Sends items that wait to their next try at once, a few at a time: Haraka's delivery queue is first come, first
 * served, and ten thousand messages to one partner are not to stand before the mail for others. So nothing is added while
 * the queue is half as long as the number of items that Haraka delivers at a time. Total.
 */
import type { HarakaOutbound } from '../haraka/types.js'

/** Between two looks at the queue, in milliseconds. */
const PAUSE = 250
/** Most items that are added at a time. */
const BATCH_MAX = 50
/** Looks at an item until Haraka has read its file. */
const READ_LOOKS = 40

/** What it needs of Haraka. */
export interface PacedContext {
  readonly outbound: () => HarakaOutbound
  /** How many items Haraka delivers at a time. */
  readonly concurrency: () => number
  /** The name of an item's file now; `null` where it is gone. */
  readonly fileOf: (id: string) => string | null
  /** Whether Haraka has read its file since it started. */
  readonly isRead: (id: string) => boolean
}

/** Items to be tried now. */
export class Paced {
  readonly #context: PacedContext
  readonly #waiting = new Set<string>()
  /** Those that Haraka reads first, and puts off again: a file of before its start is tried when it is due. */
  readonly #reading = new Map<string, number>()
  /** When those that are tried ahead of their time were due, in milliseconds since the epoch. */
  readonly #due = new Map<string, number>()
  #timer: NodeJS.Timeout | null = null

  constructor(context: PacedContext) {
    this.#context = context
  }

  /** Whether an item waits for Haraka's timer, so that it can be tried now. */
  isWaiting(id: string): boolean {
    const file = this.#context.fileOf(id)
    return (
      file !== null &&
      (this.#context.outbound().temp_fail_queue.queue ?? []).some((timer) => timer.id === file)
    )
  }

  add(ids: Iterable<string>): void {
    for (const id of ids) this.#waiting.add(id)
    if (this.#waiting.size > 0) this.#schedule(0)
  }

  /** When an item that has been tried ahead of its time was due; `null` for another. It is said once. */
  aheadOf(id: string): number | null {
    const due = this.#due.get(id) ?? null
    this.#due.delete(id)
    return due
  }

  /** An item waits no more. */
  ended(id: string): void {
    this.#due.delete(id)
  }

  close(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#waiting.clear()
    this.#reading.clear()
  }

  #schedule(pause: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null
      this.#push()
      if (this.#waiting.size + this.#reading.size > 0) this.#schedule(PAUSE)
    }, pause).unref()
  }

  #push(): void {
    const { outbound, concurrency, fileOf, isRead } = this.#context
    const { temp_fail_queue, delivery_queue } = outbound()
    const timers = temp_fail_queue.queue ?? []
    const room = Math.max(1, Math.floor(concurrency() / 2)) - delivery_queue.length()
    const wanted = new Map<string, string>()
    const again = [...this.#reading.keys()]
    for (const id of [...again, ...this.#waiting]) {
      if (wanted.size >= Math.min(room, BATCH_MAX)) break
      const file = fileOf(id)
      if (file === null) this.#forget(id)
      else wanted.set(file, id)
    }
    const due = timers.filter(({ id }) => wanted.has(id))
    // Timers that are taken out no longer run by themselves: each item is tried once.
    for (const timer of due) timers.splice(timers.indexOf(timer), 1)
    const found = new Set(due.map(({ id }) => id))
    for (const [file, id] of wanted) this.#looked(id, found.has(file), isRead(id))
    for (const { id: file, fire_time, cb } of due) {
      const id = wanted.get(file)
      if (id !== undefined) this.#due.set(id, fire_time)
      cb?.()
    }
  }

  /** @param found whether it is on its way now */
  #looked(id: string, found: boolean, isRead: boolean): void {
    const looks = this.#reading.get(id)
    this.#waiting.delete(id)
    if (looks === undefined) {
      if (found && !isRead) this.#reading.set(id, 0)
    } else if (found || looks >= READ_LOOKS) this.#reading.delete(id)
    else this.#reading.set(id, looks + 1)
  }

  #forget(id: string): void {
    this.#waiting.delete(id)
    this.#reading.delete(id)
  }
}
