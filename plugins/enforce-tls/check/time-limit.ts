/**
 * A time for several answers together; whoever waits longer gets a failure. Its timers are its own: a signal of
 * `AbortSignal.timeout` that only `AbortSignal.any` knows may be collected before it fires.
 */
import type { Failed } from '../dns/answer.js'

const LATE: Failed = { kind: 'failed', why: 'DNS did not answer in time' }

export class TimeLimit {
  readonly #until: number
  readonly #signal: AbortSignal | undefined

  /** @param timeout from now on, in milliseconds @param signal ends it early */
  constructor(timeout: number, signal?: AbortSignal) {
    this.#until = performance.now() + timeout
    this.#signal = signal
  }

  /** The answer; a failure, where the time is up first. */
  async inTime<T>(answer: Promise<T>): Promise<T | Failed> {
    return await this.inTimeOr(answer, LATE)
  }

  /** The answer; something else, where the time is up first. */
  async inTimeOr<T, E>(answer: Promise<T>, late: E): Promise<T | E> {
    const signal = this.#signal
    let settle = (): void => undefined
    const ended = new Promise<E>((resolve) => {
      settle = () => resolve(late)
    })
    const timer = setTimeout(settle, Math.max(0, this.#until - performance.now()))
    signal?.addEventListener('abort', settle)
    if (signal?.aborted) settle()
    try {
      return await Promise.race([answer, ended])
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', settle)
    }
  }
}
