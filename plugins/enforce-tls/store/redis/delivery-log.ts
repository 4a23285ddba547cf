/**
 * The delivery log as a Redis stream. It has a connection of its own: what is written here never stands before a
 * question about rules.
 */
import { decode } from './decode.js'
import type { ChainableCommander } from 'ioredis'
import type { RedisSettings } from '../../settings/redis.js'
import type { DeliveryLog, DeliveryRecord } from '../delivery-log.js'
import { RedisConnection } from './connection.js'

const READ_CHUNK = 1000
/** How far the clocks of Redis and of a mail server may be apart, in milliseconds. */
const CLOCKS_APART = 600_000

/** A delivery log in Redis. */
export class RedisDeliveryLog implements DeliveryLog {
  readonly description: string
  readonly #connection: RedisConnection
  readonly #key: string

  /** @throws {StoreError} for a `url` that can't be meant. */
  constructor(settings: RedisSettings) {
    this.#connection = new RedisConnection(settings)
    this.#key = `${settings.prefix}deliveries`
    this.description = `${this.#connection.description}, stream ${this.#key}`
  }

  async append(records: readonly DeliveryRecord[], max: number): Promise<void> {
    await this.#connection.ask({
      key: this.#key,
      writes: true,
      send: async (redis) => {
        const pipeline = redis.pipeline()
        for (const record of records) this.#add(pipeline, record, max)
        for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error
      },
    })
  }

  async check(): Promise<void> {
    await this.#connection.ask({
      key: this.#key,
      writes: true,
      send: async (redis) => {
        // An id that no entry can have: permission, memory and the role of the server are looked at before it.
        await redis.xadd(this.#key, '0-0', 'check', '').catch((error: unknown) => {
          if (!/^ERR The ID specified in XADD must be greater than 0-0/.test((error as Error).message))
            throw error
        })
      },
    })
  }

  async *read(since: Date): AsyncGenerator<DeliveryRecord> {
    let start = String(Math.max(0, since.getTime() - CLOCKS_APART))
    for (;;) {
      const from = start
      const chunk = await this.#connection.ask({
        key: this.#key,
        writes: false,
        send: (redis) => redis.xrangeBuffer(this.#key, from, '+', 'COUNT', READ_CHUNK),
      })
      for (const [id, words] of chunk) {
        yield paired(await decode(words))
        start = `(${id.toString()}`
      }
      if (chunk.length < READ_CHUNK) return
    }
  }

  close(): Promise<void> {
    return this.#connection.close()
  }

  #add(pipeline: ChainableCommander, record: DeliveryRecord, max: number): void {
    pipeline.xadd(this.#key, 'MAXLEN', '~', max, '*', ...Object.entries(record).flat())
  }
}

function paired(words: readonly string[]): DeliveryRecord {
  const record: Record<string, string> = {}
  for (let index = 0; index < words.length; index += 2) record[words[index] ?? ''] = words[index + 1] ?? ''
  return record
}
