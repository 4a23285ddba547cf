/**
 * The longest round of this process's own event loop, in CPU time of the main thread: on a busy machine a round takes
 * long on the clock although nothing of ours runs.
 */
import { closeSync, openSync, readSync } from 'node:fs'

/** Watches from now on. */
export class OwnRounds implements Disposable {
  // The first number: nanoseconds on a processor, of the main thread alone.
  readonly #file = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r')
  readonly #buffer = Buffer.alloc(64)
  readonly #timer: NodeJS.Timeout
  #before = this.#spent()
  #longest = 0

  constructor() {
    this.#timer = setInterval(() => {
      const now = this.#spent()
      this.#longest = Math.max(this.#longest, (now - this.#before) / 1e6)
      this.#before = now
    }, 1)
  }

  /** In milliseconds. */
  get longest(): number {
    return this.#longest
  }

  #spent(): number {
    return Number.parseInt(
      this.#buffer.toString('latin1', 0, readSync(this.#file, this.#buffer, 0, 64, 0)),
      10,
    )
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    closeSync(this.#file)
  }
}
