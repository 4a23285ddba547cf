/** MTA-STS policies in Redis: one hash, a field for each domain. Every call that fails rejects with a `StoreError`. */
import type { StsPolicyStore } from '../../published/mta-sts/policy-store.js'
import type { RedisSettings } from '../../settings/redis.js'
import { RedisConnection } from './connection.js'

/** MTA-STS policies in Redis. */
export class RedisStsPolicies implements StsPolicyStore {
  readonly #connection: RedisConnection
  readonly #key: string

  /** @throws {StoreError} for a `url` that can't be meant. */
  constructor(settings: RedisSettings) {
    this.#connection = new RedisConnection(settings)
    this.#key = `${settings.prefix}sts`
  }

  get(domain: string): Promise<string | null> {
    const key = this.#key
    return this.#connection.ask({ key, writes: false, send: (redis) => redis.hget(key, domain) })
  }

  async put(domain: string, value: string | null): Promise<void> {
    const key = this.#key
    await this.#connection.ask({
      key,
      writes: true,
      send: (redis) => (value === null ? redis.hdel(key, domain) : redis.hset(key, domain, value)),
    })
  }

  /** Gives the connection back. Safe to call twice. */
  close(): Promise<void> {
    return this.#connection.close()
  }
}
