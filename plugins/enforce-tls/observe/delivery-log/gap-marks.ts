/**
 * Small files in the queue folder by which a Haraka knows after a restart what its delivery log does not have: one of each
 * process for as long as it has entries that are not written, one of all while the log is switched off. Haraka leaves them
 * alone. Total: where they can't be written, mail can't be queued either.
 */
import { randomBytes } from 'node:crypto'
import { readFileSync, statSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import type { LogGap } from './gap.js'

const UNWRITTEN = '.enforce-tls.unwritten.'
const OFF = '.enforce-tls.log-off'
/** Others than Haraka's user may look; there is no secret in it. */
const MODE = 0o644
/** Between two signs that the process of a mark lives, and after which it is taken for dead, in milliseconds. */
const [TOUCH_PAUSE, DEAD_AFTER] = [10_000, 60_000]

type Found = Omit<LogGap, 'node'>

/** The marks of one process. */
export class GapMarks {
  readonly #folder: string
  readonly #own = `${UNWRITTEN}${process.pid}.${randomBytes(6).toString('hex')}`
  readonly #now: () => number
  #touched: number | null = null

  /** @param now in milliseconds since the epoch */
  constructor(queueFolder: string, now: () => number = Date.now) {
    this.#folder = queueFolder
    this.#now = now
  }

  /** Entries wait to be written. Synchronous: a process that is killed in the next moment has said so. */
  waits(): void {
    const now = this.#now()
    if (this.#touched !== null && now - this.#touched < TOUCH_PAUSE) return
    if (this.#touched === null) quietly(() => this.#write(this.#own))
    else quietly(() => utimesSync(this.#of(this.#own), now / 1000, now / 1000))
    this.#touched = now
  }

  /** All entries are written. */
  written(): void {
    if (this.#touched === null) return
    this.#touched = null
    quietly(() => unlinkSync(this.#of(this.#own)))
  }

  /** The log is off. @returns since when, in ISO 8601 */
  off(): string {
    quietly(() => this.#write(OFF))
    return this.#readTime(OFF) ?? this.#timeNow()
  }

  /** The log is on. @returns the gap, if it was off and no other process has said so */
  on(): Found | null {
    const from = this.#readTime(OFF)
    return from !== null && this.#take(OFF) ? this.#gap(from, 'off') : null
  }

  /** What processes have not written that are gone; each is given once. */
  async leftOver(): Promise<Found[]> {
    const names = await readdir(this.#folder).catch(() => [])
    return names
      .filter((name) => name.startsWith(UNWRITTEN) && name !== this.#own && this.#isDead(name))
      .flatMap((name) => {
        const from = this.#readTime(name)
        return from !== null && this.#take(name) ? [this.#gap(from, 'killed')] : []
      })
  }

  #gap(from: string, why: LogGap['why']): Found {
    const until = this.#timeNow()
    return { from: from < until ? from : until, until, why, entries: 0 }
  }

  #isDead(name: string): boolean {
    const pid = Number(name.slice(UNWRITTEN.length).split('.')[0])
    if (pid === process.pid) return true
    try {
      process.kill(pid, 0)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EPERM') return true
    }
    // Another process may have its number by now.
    try {
      return this.#now() - statSync(this.#of(name)).mtimeMs > DEAD_AFTER
    } catch {
      return false
    }
  }

  #write(name: string): void {
    writeFileSync(this.#of(name), this.#timeNow(), { flag: 'wx', mode: MODE })
  }

  /** Of several processes one takes it. */
  #take(name: string): boolean {
    try {
      unlinkSync(this.#of(name))
      return true
    } catch {
      return false
    }
  }

  #readTime(name: string): string | null {
    try {
      const time = new Date(readFileSync(this.#of(name), 'utf8'))
      // A file that was made and not filled: its own time says enough.
      return (Number.isNaN(time.getTime()) ? statSync(this.#of(name)).mtime : time).toISOString()
    } catch {
      return null
    }
  }

  #of(name: string): string {
    return path.join(this.#folder, name)
  }

  #timeNow(): string {
    return new Date(this.#now()).toISOString()
  }
}

function quietly(work: () => void): void {
  try {
    work()
  } catch {
    // Total, as the file says.
  }
}
