/**
 * Hears from one Redis server which keys change (server-assisted client-side caching). One connection does it:
 * it lets the server send invalidations to itself, and then subscribes to them, so that no part of it can be
 * lost without the whole. Total: what fails is tried again, and told.
 */
import Redis from 'ioredis'
import type { ServerOptions } from './redis-client.js'
import { isLostConnection } from './redis-problem.js'

const CHANNEL = '__redis__:invalidate'
/** How often a silent connection is asked whether it lives, in milliseconds. */
const PING_EVERY = 5000

/** Told by a tracked server. */
export interface TrackingListener {
  /** Keys that were changed; `null`: any may have been. */
  onChange(keys: readonly string[] | null): void
  /** From now on every change is heard of. */
  onLive(): void
  /**
   * Not any more, or still not; may be told several times.
   *
   * @param error what the server refuses, or `null` where the connection is lost or can't be made
   */
  onLost(error: unknown): void
}

/** One server, or the master that Sentinels name. */
export class TrackedServer {
  readonly #redis: Redis
  readonly #prefix: string
  readonly #listener: TrackingListener
  readonly #timer: NodeJS.Timeout
  #live = false

  /** @param prefix what the keys of interest begin with */
  constructor(options: ServerOptions, prefix: string, listener: TrackingListener) {
    this.#prefix = prefix
    this.#listener = listener
    this.#redis = new Redis({ ...options, autoResubscribe: false })
    this.#redis
      .on('error', () => undefined)
      .on('ready', () => void this.#track())
      .on('close', () => this.#lose(null))
      .on('messageBuffer', (_channel: Buffer, keys: readonly Buffer[] | null) =>
        this.#listener.onChange(keys?.map(String) ?? null),
      )
    this.#timer = setInterval(() => void this.#ping(), PING_EVERY).unref()
  }

  get live(): boolean {
    return this.#live
  }

  /** Makes a new connection, to another server where the Sentinels name another. */
  reconnect(): void {
    this.#redis.disconnect(true)
  }

  close(): void {
    clearInterval(this.#timer)
    this.#redis.removeAllListeners('close').on('close', () => undefined)
    this.#redis.disconnect()
  }

  async #track(): Promise<void> {
    try {
      const id = await this.#redis.client('ID')
      await this.#redis.client('TRACKING', 'ON', 'REDIRECT', id, 'BCAST', 'PREFIX', this.#prefix)
      await this.#redis.subscribe(CHANNEL)
    } catch (error) {
      if (!isLostConnection(error)) this.#lose(error)
      this.reconnect()
      return
    }
    this.#live = true
    // Whatever was changed before this moment was not heard of.
    this.#listener.onChange(null)
    this.#listener.onLive()
  }

  async #ping(): Promise<void> {
    if (!this.#live) return
    try {
      await this.#redis.ping()
    } catch {
      // What does not answer does not tell either.
      this.reconnect()
    }
  }

  #lose(error: unknown): void {
    this.#live = false
    this.#listener.onLost(error)
  }
}
