/** Shared hashes in Redis: keys that begin with `<prefix>waiting:`. */
import type { ChainableCommander } from 'ioredis'
import type { RedisSettings } from '../../settings/redis.js'
import type { SharedHashes } from '../shared-hashes.js'
import { RedisConnection } from './connection.js'
import { readHash } from './hash.js'

/** Commands that go out in one go. */
const PIPELINE_MAX = 500

/** Shared hashes in Redis. */
export class RedisSharedHashes implements SharedHashes {
  readonly description: string
  readonly #connection: RedisConnection
  readonly #prefix: string

  /** @throws {StoreError} for a `url` that can't be meant. */
  constructor(settings: RedisSettings) {
    this.#connection = new RedisConnection(settings)
    this.#prefix = `${settings.prefix}waiting:`
    this.description = `${this.#connection.description}, keys ${this.#prefix}*`
  }

  read(hash: string): Promise<ReadonlyMap<string, string>> {
    return readHash(this.#connection, this.#prefix + hash)
  }

  async fields(hash: string): Promise<ReadonlySet<string>> {
    return new Set((await this.read(hash)).keys())
  }

  async get(hash: string, fields: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const found = new Map<string, string>()
    await this.#inPipelines(hash, fields, false, (pipeline, key, field) => pipeline.hget(key, field), found)
    return found
  }

  async write(hash: string, changes: ReadonlyMap<string, string | null>): Promise<void> {
    await this.#inPipelines(hash, [...changes.keys()], true, (pipeline, key, field) => {
      const value = changes.get(field) ?? null
      return value === null ? pipeline.hdel(key, field) : pipeline.hset(key, field, value)
    })
  }

  async add(hash: string, values: ReadonlyMap<string, string>): Promise<ReadonlySet<string>> {
    const answers = new Map<string, unknown>()
    await this.#inPipelines(
      hash,
      [...values.keys()],
      true,
      (pipeline, key, field) => pipeline.hsetnx(key, field, values.get(field) ?? ''),
      answers,
    )
    return new Set([...answers].filter(([, answer]) => answer === 1).map(([field]) => field))
  }

  async take(hash: string, field: string): Promise<boolean> {
    const key = this.#prefix + hash
    const removed = await this.#connection.ask({
      key,
      writes: true,
      send: (redis) => redis.hdel(key, field),
    })
    return removed === 1
  }

  close(): Promise<void> {
    return this.#connection.close()
  }

  /** @param answers takes what Redis answers for each field, unless it is nil */
  async #inPipelines(
    hash: string,
    fields: readonly string[],
    writes: boolean,
    command: (pipeline: ChainableCommander, key: string, field: string) => unknown,
    answers?: Map<string, unknown>,
  ): Promise<void> {
    const key = this.#prefix + hash
    for (let at = 0; at < fields.length; at += PIPELINE_MAX) {
      const part = fields.slice(at, at + PIPELINE_MAX)
      await this.#connection.ask({
        key,
        writes,
        send: async (redis) => {
          const pipeline = redis.pipeline()
          for (const field of part) command(pipeline, key, field)
          for (const [index, [error, answer]] of ((await pipeline.exec()) ?? []).entries()) {
            if (error) throw error
            if (answer !== null) answers?.set(part[index] ?? '', answer)
          }
        },
      })
    }
  }
}
