/** The state of alerts in Redis: a hash, and a key that expires for the lease. */
import type { RedisSettings } from '../../settings/redis.js'
import type { AlertState } from '../alert-state.js'
import { RedisConnection } from './connection.js'
import { writeField } from './evaluate.js'
import { readHash } from './hash.js'

const END_LEASE = `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
`

/** The state of alerts in Redis. */
export class RedisAlertState implements AlertState {
  readonly #connection: RedisConnection
  readonly #partners: string
  readonly #lease: string

  /** @throws {StoreError} for a `url` that can't be meant. */
  constructor(settings: RedisSettings) {
    this.#connection = new RedisConnection(settings)
    this.#partners = `${settings.prefix}partners`
    this.#lease = `${settings.prefix}alert-turn`
  }

  readAll(): Promise<ReadonlyMap<string, string>> {
    return readHash(this.#connection, this.#partners)
  }

  read(name: string): Promise<string | null> {
    const key = this.#partners
    return this.#connection.ask({ key, writes: false, send: (redis) => redis.hget(key, name) })
  }

  replace(name: string, expected: string | null, value: string | null): Promise<boolean> {
    return writeField(this.#connection, this.#partners, { field: name, expected, value })
  }

  async takeLease(holder: string, duration: number): Promise<boolean> {
    const key = this.#lease
    const done = await this.#connection.ask({
      key,
      writes: true,
      send: (redis) => redis.set(key, holder, 'PX', duration, 'NX'),
    })
    return done === 'OK'
  }

  async endLeaseAfter(holder: string, duration: number): Promise<void> {
    const key = this.#lease
    await this.#connection.ask({
      key,
      writes: true,
      send: (redis) => redis.eval(END_LEASE, 1, key, holder, duration),
    })
  }

  close(): Promise<void> {
    return this.#connection.close()
  }
}
