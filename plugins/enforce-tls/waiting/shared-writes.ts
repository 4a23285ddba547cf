/**
 * Writes to shared hashes beside the deliveries, never in front of them: changes wait in memory, by hash and field, of
 * which the last one counts, and go out in batches. While the store does not take them they wait; that is logged at the
 * first failure and at the first success after it. They are bounded by what waits, and by a limit beyond that.
 */
import type { HarakaLogger } from '../haraka/types.js'
import type { SharedHashes } from '../store/shared-hashes.js'
import { errorMessage } from '../text/error-message.js'

/** Changes of one batch. */
const BATCH_MAX = 500
/** Between two batches, and after a failure, in milliseconds. */
const PAUSE = 200
const PAUSE_AFTER_FAILURE = 5000
/** Most changes that wait, of all hashes. */
const WAITING_MAX = 100_000

/** What it works with. */
export interface SharedWritesOptions {
  readonly hashes: () => SharedHashes
  readonly logger: Pick<HarakaLogger, 'logwarn' | 'lognotice'>
}

/** The changes of one process. */
export class SharedWrites {
  readonly #options: SharedWritesOptions
  readonly #changes = new Map<string, Map<string, string | null>>()
  #timer: NodeJS.Timeout | null = null
  #writing: Promise<void> | null = null
  #failed = false
  #closed = false

  constructor(options: SharedWritesOptions) {
    this.#options = options
  }

  /** Sets a field, or with `null` removes it, some time soon. Total. */
  put(hash: string, field: string, value: string | null): void {
    const fields = this.#changes.get(hash) ?? new Map<string, string | null>()
    if (!fields.has(field) && this.#count() >= WAITING_MAX) return
    this.#changes.set(hash, fields)
    fields.set(field, value)
    this.#schedule()
  }

  /** Tries once to write what waits. */
  async close(): Promise<void> {
    this.#closed = true
    if (this.#timer) clearTimeout(this.#timer)
    await this.#writing
    while (this.#changes.size > 0 && (await this.#writeBatch()));
  }

  #count(): number {
    let count = 0
    for (const fields of this.#changes.values()) count += fields.size
    return count
  }

  #schedule(): void {
    if (this.#timer || this.#writing || this.#closed) return
    this.#timer = setTimeout(
      () => {
        this.#timer = null
        this.#writing = this.#writeBatch().then(() => {
          this.#writing = null
          if (this.#changes.size > 0) this.#schedule()
        })
      },
      this.#failed ? PAUSE_AFTER_FAILURE : PAUSE,
    ).unref()
  }

  /** Whether all went well. Never rejects. */
  async #writeBatch(): Promise<boolean> {
    let problem: string | null = null
    // One hash that the store does not take keeps no other one back.
    for (const [hash, fields] of [...this.#changes]) {
      const failure = await this.#write(hash, fields)
      problem ??= failure
    }
    const { logger } = this.#options
    if (problem !== null && !this.#failed)
      logger.logwarn(`which mail waits for TLS is known to this process alone for now: ${problem}`)
    if (problem === null && this.#failed) logger.lognotice('which mail waits for TLS is known to all again')
    this.#failed = problem !== null
    return problem === null
  }

  /** @returns why it failed; `null` where it did not */
  async #write(hash: string, fields: Map<string, string | null>): Promise<string | null> {
    const batch = new Map([...fields].slice(0, BATCH_MAX))
    try {
      await this.#options.hashes().write(hash, batch)
    } catch (error) {
      return errorMessage(error)
    }
    for (const [field, value] of batch) if (fields.get(field) === value) fields.delete(field)
    if (fields.size === 0) this.#changes.delete(hash)
    return null
  }
}
