/**
 * Waits for a condition by asking it again every 20 ms; resolves with its first truthy value, rejects with
 * words that name what was waited for. A condition that throws ends the wait at once with its error.
 */
import { setTimeout as pause } from 'node:timers/promises'

const POLL_MS = 20

export interface UntilOptions {
  /** What is being waited for, as the words of the failure; a function is asked at the time of the failure. */
  readonly what: string | (() => string)
  /** Milliseconds. @default 15000 */
  readonly timeout?: number
}

export async function until<T>(
  condition: () => T | Promise<T>,
  { what, timeout = 15_000 }: UntilOptions,
): Promise<Exclude<Awaited<T>, false | undefined | null | 0 | ''>> {
  const deadline = Date.now() + timeout
  for (;;) {
    const value = await condition()
    if (value) return value as Exclude<Awaited<T>, false | undefined | null | 0 | ''>
    if (Date.now() > deadline) {
      throw new Error(`waited ${timeout} ms in vain for ${typeof what === 'string' ? what : what()}`)
    }
    await pause(POLL_MS)
  }
}
