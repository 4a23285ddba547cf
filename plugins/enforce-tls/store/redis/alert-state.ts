/** The partner book in Redis: a hash, and a key that expires for the turn. */
import type { RedisSettings } from '../../settings/redis.js'
import type { AlertState } from '../alert-state.js'
import { RedisConnection } from './connection.js'
import { readHash } from './hash.js'

/** Answers 1 where the field was as expected ("" for none), and is now as wanted. */
const REPLACE = `
local found = redis.call('HGET', KEYS[1], ARGV[1])
if (found or '') ~= ARGV[2] then return 0 end
if ARGV[3] == '' then redis.call('HDEL', KEYS[1], ARGV[1]) else redis.call('HSET', KEYS[1], ARGV[1], ARGV[3]) end
return 1
`
const END_TURN = `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
`

/** A partner book in Redis. */
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

  async replace(name: string, expected: string | null, value: string | null): Promise<boolean> {
    const key = this.#partners
    const done = await this.#connection.ask({
      key,
      writes: true,
      send: (redis) => redis.eval(REPLACE, 1, key, name, expected ?? '', value ?? ''),
    })
    return done === 1
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

  async endTurnAfter(holder: string, duration: number): Promise<void> {
    const key = this.#lease
    await this.#connection.ask({
      key,
      writes: true,
      send: (redis) => redis.eval(END_TURN, 1, key, holder, duration),
    })
  }

  close(): Promise<void> {
    return this.#connection.close()
  }
}
