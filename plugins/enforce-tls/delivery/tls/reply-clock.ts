/**
 * How long a server takes for its replies: the limit of each, and the longest so far. A limit that is reached is
 * told once.
 */

/** The clock of one session. */
export class ReplyClock {
  readonly #late: () => void
  #timer: NodeJS.Timeout | null = null
  #since = 0
  #longest = 0

  /** @param late called when a reply does not come in time */
  constructor(late: () => void) {
    this.#late = late
  }

  /** The longest that a whole reply took, in milliseconds. */
  get longest(): number {
    return this.#longest
  }

  /** A reply is due. @param limit in milliseconds */
  start(limit: number): void {
    this.stop()
    this.#since = performance.now()
    this.#timer = setTimeout(this.#late, limit)
  }

  /** It is here, or is not waited for any more. */
  stop(): void {
    if (!this.#timer) return
    clearTimeout(this.#timer)
    this.#timer = null
    this.#longest = Math.max(this.#longest, performance.now() - this.#since)
  }
}
