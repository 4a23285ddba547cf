/** What was sent of reports, in Redis: a hash for each period, and a key for the lease; all of them expire. */
import type { RedisSettings } from '../../settings/redis.js'
import { PERIOD_KEPT, type ReportKind, type SentReports } from '../sent-reports.js'
import { RedisConnection } from './connection.js'
import { readHash } from './hash.js'

const WRITE = `
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
`
const TAKE_LEASE = `
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
`
const END_LEASE = `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('PEXPIRE', KEYS[1], 0) end
`

/** What was sent, in Redis. */
export class RedisSentReports implements SentReports {
  readonly #connection: RedisConnection
  readonly #kind: ReportKind
  readonly #prefix: string

  /** @throws {StoreError} for a `url` that can't be meant. */
  constructor(settings: RedisSettings, kind: ReportKind) {
    this.#kind = kind
    this.#connection = new RedisConnection(settings)
    this.#prefix = settings.prefix
  }

  readPeriod(period: string): Promise<ReadonlyMap<string, string>> {
    return readHash(this.#connection, this.#keyOf(period))
  }

  async write(period: string, name: string, value: string): Promise<void> {
    await this.#evaluate(WRITE, this.#keyOf(period), name, value, String(PERIOD_KEPT[this.#kind]))
  }

  async takeLease(holder: string, duration: number): Promise<boolean> {
    return (await this.#evaluate(TAKE_LEASE, this.#lease, holder, String(duration))) === 1
  }

  async endLease(holder: string): Promise<void> {
    await this.#evaluate(END_LEASE, this.#lease, holder)
  }

  close(): Promise<void> {
    return this.#connection.close()
  }

  get #lease(): string {
    return `${this.#prefix}${this.#kind}-turn`
  }

  #keyOf(period: string): string {
    return `${this.#prefix}${this.#kind}:${period}`
  }

  #evaluate(script: string, key: string, ...args: readonly string[]): Promise<unknown> {
    return this.#connection.ask({ key, writes: true, send: (redis) => redis.eval(script, 1, key, ...args) })
  }
}
