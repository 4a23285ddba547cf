/**
 * Subscribes to changes of keys in a Redis, whatever its shape: a single server, the master that Sentinels name, or
 * every master of a Cluster. It reports whether it is subscribed to all changes; whoever caches answers must read
 * again from time to time while it is not. Total: what fails is tried again.
 */
import { Cluster } from 'ioredis'
import type { RedisSettings } from '../../settings/redis.js'
import { addressOf } from './address.js'
import { makeClient, serverOptions, watchSentinels } from './client.js'
import type { ClientOptions } from './options.js'
import { problemOf } from './errors.js'
import { TrackedServer, type TrackingListener } from './tracking.js'

/** Gets what a feed reports. */
export interface FeedListener {
  /** Keys that were changed; `null`: any may have been, and those that are cached must be read again. */
  onChange(keys: readonly string[] | null): void
  /**
   * Called once for each change between subscribed to all changes and not, the first one included.
   *
   * @param why what keeps it from that, for a log; empty while it is subscribed
   */
  onSubscription(subscribed: boolean, why: string): void
}

/** Longest pause between two tries to connect, in milliseconds. */
const RETRY_MAX = 2000

const CONNECTION_LOST = 'the connection is lost or cannot be made'

/** Changes of the keys that hold rules, services and groups. */
export class RedisFeed {
  readonly #options: ClientOptions
  readonly #listener: FeedListener
  readonly #servers = new Map<string, TrackedServer>()
  readonly #close: (() => void)[] = []
  readonly #cluster: Cluster | undefined
  #subscribed: boolean | null = null
  #closed = false

  /**
   * @throws {StoreError} for a URL that can't be meant.
   * @throws {SettingsError} for a file of the TLS settings that can't be used.
   */
  constructor(settings: RedisSettings, listener: FeedListener) {
    this.#listener = listener
    this.#options = {
      address: addressOf(settings),
      settings,
      name: 'enforce-tls-feed',
      retryDelay: (times) => Math.min(50 * 2 ** Math.min(times - 1, 10), RETRY_MAX),
    }
    this.#cluster = this.#options.address.cluster === undefined ? undefined : this.#openCluster()
    if (!this.#cluster) this.#openServer()
  }

  /** Gives connections and timers back; nothing is reported from then on. Safe to call twice. */
  close(): void {
    this.#closed = true
    for (const server of this.#servers.values()) server.close()
    for (const close of this.#close.splice(0)) close()
    this.#servers.clear()
  }

  #openServer(): void {
    const server = new TrackedServer(serverOptions(this.#options), this.#prefixes, this.#listen(''))
    this.#servers.set('', server)
    const watch = watchSentinels(this.#options, () => server.reconnect())
    if (watch) this.#close.push(() => watch.close())
  }

  #openCluster(): Cluster {
    const cluster = makeClient(this.#options) as Cluster
    cluster
      .on('error', () => undefined)
      .on('refresh', () => this.#followMasters(cluster))
      .on('close', () => this.#emit(CONNECTION_LOST))
    this.#close.push(() => cluster.disconnect())
    return cluster
  }

  /** One server for each master: it reports only what changes in its own keys. */
  #followMasters(cluster: Cluster): void {
    if (this.#closed) return
    const masters = new Map(
      cluster
        .nodes('master')
        .map(({ options: { host = '', port = 0 } }) => [`${host}:${port}`, { host, port }]),
    )
    for (const [name, server] of this.#servers)
      if (!masters.has(name)) {
        server.close()
        this.#servers.delete(name)
      }
    const { address } = this.#options
    for (const [name, where] of masters)
      if (!this.#servers.has(name)) {
        const options = serverOptions({ ...this.#options, address: { ...address, ...where } })
        this.#servers.set(name, new TrackedServer(options, this.#prefixes, this.#listen(name)))
        if (this.#subscribed === true)
          this.#emit(`${name}: is a new master, whose changes are not reported yet`)
      }
    this.#emitIfAllLive()
  }

  #listen(name: string): TrackingListener {
    return {
      onChange: (keys) => this.#listener.onChange(keys),
      onLive: () => this.#emitIfAllLive(),
      onLost: (error) => {
        const at = name === '' ? '' : `${name}: `
        this.#emit(at + (error === null ? CONNECTION_LOST : problemOf(error, null).problem))
        // Perhaps another node has its keys now.
        this.#cluster?.refreshSlotsCache()
      },
    }
  }

  #emitIfAllLive(): void {
    const servers = [...this.#servers.values()]
    if (servers.length > 0 && servers.every(({ live }) => live)) this.#emit('')
  }

  #emit(why: string): void {
    const subscribed = why === ''
    if (this.#closed || this.#subscribed === subscribed) return
    this.#subscribed = subscribed
    this.#listener.onSubscription(subscribed, why)
  }

  /** Not all keys: the delivery log and sessions of the console change all the time. */
  get #prefixes(): readonly string[] {
    return ['rules:', 'domains', 'groups'].map((name) => this.#options.settings.prefix + name)
  }
}

/**
 * Subscribes to changes once, as Haraka does all the time.
 *
 * @returns why that fails, the end of a sentence about that Redis; empty where it does not
 * @throws {StoreError} as `RedisFeed` does.
 */
export function whyNotSubscribed(settings: RedisSettings): Promise<string> {
  return new Promise((resolve) => {
    const feed = new RedisFeed(settings, {
      onChange: () => undefined,
      onSubscription: (_subscribed, why) => {
        feed.close()
        resolve(why)
      },
    })
  })
}
