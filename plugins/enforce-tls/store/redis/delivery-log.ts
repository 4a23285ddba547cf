/**
 * The delivery log as a Redis stream, an entry as one JSON text: so many thousands are read within a second. It has a
 * connection of its own: what is written here never stands before a question about rules.
 */
import { decode } from './decode.js'
import type { RedisSettings } from '../../settings/redis.js'
import type { DeliveryLog, DeliveryRecord, MayBeWanted } from '../delivery-log.js'
import { recordOf } from '../delivery-record.js'
import { RedisConnection } from './connection.js'
import type { RedisClient } from './options.js'

const READ_CHUNK = 1000
/** How far the clocks of Redis and of a mail server may be apart, in milliseconds. */
const CLOCKS_APART = 600_000
/** Between two looks for entries that are too old, in milliseconds. */
const AGE_PAUSE = 60_000
/** The field of an entry. Entries of version 0.1.0 have a field for each text instead. */
const FIELD = 'entry'

/** A delivery log in Redis. */
export class RedisDeliveryLog implements DeliveryLog {
  readonly description: string
  readonly #connection: RedisConnection
  readonly #key: string
  readonly #addressKey: string
  #agedAt = -Infinity

  /** @throws {StoreError} for a `url` that can't be meant. */
  constructor(settings: RedisSettings) {
    this.#connection = new RedisConnection(settings)
    this.#key = `${settings.prefix}deliveries`
    this.#addressKey = `${settings.prefix}address-key`
    this.description = `${this.#connection.description}, stream ${this.#key}`
  }

  async append(records: readonly DeliveryRecord[], max: number, maxAge = Infinity): Promise<void> {
    await this.#connection.ask({
      key: this.#key,
      writes: true,
      send: async (redis) => {
        const [first, ...rest] = records.map((record) => JSON.stringify(record))
        if (first === undefined) return
        const byAge = await this.#addByAge(redis, first, maxAge)
        const pipeline = redis.pipeline()
        for (const json of byAge ? rest : [first, ...rest])
          pipeline.xadd(this.#key, 'MAXLEN', '~', max, '*', FIELD, json)
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

  async *read(since: Date, mayBeWanted: MayBeWanted = () => true): AsyncGenerator<DeliveryRecord> {
    let start = String(Math.max(0, since.getTime() - CLOCKS_APART))
    for (;;) {
      const from = start
      const chunk = await this.#connection.ask({
        key: this.#key,
        writes: false,
        send: (redis) => redis.xrangeBuffer(this.#key, from, '+', 'COUNT', READ_CHUNK),
      })
      for (const [id, words] of chunk) {
        const record = await recordIn(words, mayBeWanted)
        if (record) yield record
        start = `(${id.toString()}`
      }
      if (chunk.length < READ_CHUNK) return
    }
  }

  async begins(): Promise<string | null> {
    const [first] = await this.#connection.ask({
      key: this.#key,
      writes: false,
      send: (redis) => redis.xrange(this.#key, '-', '+', 'COUNT', 1),
    })
    return first === undefined ? null : new Date(Number(first[0].split('-')[0])).toISOString()
  }

  readKey(): Promise<string | null> {
    const key = this.#addressKey
    return this.#connection.ask({ key, writes: false, send: (redis) => redis.get(key) })
  }

  async makeKey(candidate: string): Promise<string> {
    const key = this.#addressKey
    await this.#connection.ask({ key, writes: true, send: (redis) => redis.set(key, candidate, 'NX') })
    return (await this.readKey()) ?? candidate
  }

  close(): Promise<void> {
    return this.#connection.close()
  }

  /**
   * Adds an entry, and drops those that are too old: XADD itself trims, which asks for no further right than to add.
   *
   * @returns false, with nothing done, where it is not time for that, or Redis is older than 6.2 and can't
   */
  async #addByAge(redis: RedisClient, json: string, maxAge: number): Promise<boolean> {
    if (maxAge === Infinity || performance.now() - this.#agedAt < AGE_PAUSE) return false
    const oldest = String(Math.max(0, Date.now() - maxAge))
    try {
      await redis.xadd(this.#key, 'MINID', '=', oldest, '*', FIELD, json)
    } catch (error) {
      if (!/^ERR (?:Invalid stream ID|syntax error|wrong number)/i.test((error as Error).message)) throw error
      this.#agedAt = Infinity
      return false
    }
    this.#agedAt = performance.now()
    return true
  }
}

/** Long ones, which are none of ours, are decoded in pieces. */
const SHORT = 64 * 1024

async function recordIn(words: readonly Buffer[], mayBeWanted: MayBeWanted): Promise<DeliveryRecord | null> {
  const [name, value] = words
  const isOne = words.length === 2 && name?.toString() === FIELD && value !== undefined
  if (!isOne) return paired(await decode(words))
  const [json = ''] = value.length < SHORT ? [value.toString()] : await decode([value])
  return mayBeWanted(json) ? recordOf(json) : null
}

function paired(words: readonly string[]): DeliveryRecord {
  const record: Record<string, string> = {}
  for (let index = 0; index < words.length; index += 2) record[words[index] ?? ''] = words[index + 1] ?? ''
  return record
}
