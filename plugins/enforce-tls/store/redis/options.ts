/** How clients of Redis are made and behave, and how they are asked. */
import type Redis from 'ioredis'
import type { Cluster, RedisOptions } from 'ioredis'
import type { RedisSettings } from '../../settings/redis.js'
import type { RedisAddress } from './address.js'

/** A client; a question that names its key may be asked to either kind. */
export type RedisClient = Redis | Cluster

/** How a client behaves. */
export interface ClientOptions {
  readonly address: RedisAddress
  readonly settings: RedisSettings
  /** What others see of it in CLIENT LIST. */
  readonly name: string
  /** The pause before a try to connect, in milliseconds. */
  readonly retryDelay: (times: number) => number
  /** Called with why a node of a Cluster can't be connected to. @default nobody */
  readonly onNodeError?: (error: Error) => void
}

/** Options of one connection; answers keep the shape of RESP2. */
export type ServerOptions = RedisOptions & { readonly replyMapping: 'legacy' }

/** One command, or several that belong together. */
export interface Call<T> {
  /** The key that it is about, for an error's words; `null` where it is about no single one. */
  readonly key: string | null
  /** Whether it changes something, so that it must not be sent a second time. */
  readonly writes: boolean
  readonly send: (redis: RedisClient) => Promise<T>
}

/** A connection that commands are sent over. */
export interface Asks {
  /** @throws {StoreError} see `RedisConnection.ask`. */
  ask<T>(call: Call<T>): Promise<T>
}
