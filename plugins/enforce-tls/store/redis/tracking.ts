/**
 * Subscribes to the changes of keys in one Redis server (server-assisted client-side caching). One connection does it:
 * it lets the server send invalidations to itself, and then subscribes to them, so that no part of it can be
 * lost without the whole. Total: what fails is tried again, and reported.
 */
import Redis from 'ioredis'
import type { ServerOptions } from './options.js'
import { isLostConnection, isNotPermitted } from './errors.js'

const CHANNEL = '__redis__:invalidate'
/** How often a silent connection is asked whether it lives, in milliseconds. */
const PING_EVERY = 5000
/** How long a server that refuses is left in peace, in milliseconds. */
const REFUSED_PAUSE = 2000

/** Gets what a tracked server reports. */
export interface TrackingListener {
  /** Keys that were changed; `null`: any may have been. */
  onChange(keys: readonly string[] | null): void
  /** From now on every change is reported. */
  onLive(): void
  /**
   * Not any more, or still not; may be reported several times.
   *
   * @param error what the server refuses, or `null` where the connection is lost or can't be made
   */
  onLost(error: unknown): void
}

/** One server, or the master that Sentinels name. */
export class TrackedServer {
  readonly #redis: Redis
  readonly #prefixes: readonly string[]
  readonly #listener: TrackingListener
  readonly #timer: NodeJS.Timeout
  #live = false
  #closed = false
  #pause: NodeJS.Timeout | undefined

  /** @param prefixes what the keys of interest begin with; none of them begins with another */
  constructor(options: ServerOptions, prefixes: readonly string[], listener: TrackingListener) {
    this.#prefixes = prefixes
    this.#listener = listener
    this.#redis = new Redis({ ...options, autoResubscribe: false })
    this.#redis
      .on('error', () => undefined)
      .on('ready', () => void this.#track())
      .on('close', () => this.#lose(null))
      .on('messageBuffer', (_channel: Buffer, keys: readonly Buffer[] | null) => {
        // One may still be on its way when the connection is closed.
        if (!this.#closed) this.#listener.onChange(keys?.map(String) ?? null)
      })
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
    this.#closed = true
    clearInterval(this.#timer)
    clearTimeout(this.#pause)
    this.#redis.disconnect()
  }

  async #track(): Promise<void> {
    try {
      const id = await this.#redis.client('ID')
      const wanted = this.#prefixes.flatMap((prefix) => ['PREFIX', prefix])
      await this.#redis.call('CLIENT', 'TRACKING', 'ON', 'REDIRECT', id, 'BCAST', ...wanted)
      await this.#redis.subscribe(CHANNEL)
    } catch (error) {
      if (this.#closed) return
      if (isLostConnection(error)) return this.reconnect()
      this.#lose(error)
      this.#pause = setTimeout(() => this.reconnect(), REFUSED_PAUSE).unref()
      return
    }
    this.#live = true
    // Whatever was changed before this moment was not reported.
    this.#listener.onChange(null)
    this.#listener.onLive()
  }

  async #ping(): Promise<void> {
    if (!this.#live) return
    try {
      await this.#redis.ping()
    } catch (error) {
      // What does not answer does not report either; one that does not permit the question has answered it.
      if (!isNotPermitted(error)) this.reconnect()
    }
  }

  #lose(error: unknown): void {
    this.#live = false
    if (!this.#closed) this.#listener.onLost(error)
  }
}
