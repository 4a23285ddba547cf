/**
 * A secret that all processes with the same store share: the key of the hashes in the delivery log, read once. Where it
 * cannot be read or made, one of this process's own stands in for it, and it is asked for again the next time. Never
 * rejects.
 */
import { randomBytes } from 'node:crypto'
import type { DeliveryLog } from './delivery-log.js'

/** A key for those who have none. */
export function newKey(): string {
  return randomBytes(32).toString('base64url')
}

/** A store that has not answered is asked again after this time, in milliseconds. */
const PAUSE = 60_000

/** The key of one process. */
export class SharedKey {
  readonly #open: () => Pick<DeliveryLog, 'readKey' | 'makeKey' | 'close'>
  readonly #own = newKey()
  #readAt = -Infinity
  #reading: Promise<string | null> | null = null

  /** @param open opens the store; it is closed again */
  constructor(open: () => Pick<DeliveryLog, 'readKey' | 'makeKey' | 'close'>) {
    this.#open = open
  }

  async get(): Promise<string> {
    this.#reading ??= this.#read()
    const key = await this.#reading
    if (key === null && performance.now() - this.#readAt > PAUSE) this.#reading = null
    return key ?? this.#own
  }

  async #read(): Promise<string | null> {
    this.#readAt = performance.now()
    try {
      const log = this.#open()
      try {
        return (await log.readKey()) ?? (await log.makeKey(this.#own))
      } finally {
        await log.close()
      }
    } catch {
      return null
    }
  }
}
