/**
 * The way to Redis - one, one behind Sentinels, or a Cluster - that never gives up, and on which nothing waits
 * longer than the command timeout. Whatever fails rejects with a `StoreError`; it is reported once when Redis goes
 * away, and once when it is back.
 *
 * A call waits while a connection is being made for the first time after the start or after a loss, so that
 * neither a start nor a dropped idle connection costs a message its decision. Once that first try has failed,
 * calls fail at once, with the reason, until Redis is back.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { Cluster } from 'ioredis'
import type { RedisSettings } from '../../settings/redis.js'
import { addressOf, shownAddress } from './address.js'
import { makeClient, watchSentinels } from './client.js'
import type { Call, RedisClient } from './options.js'
import { dropSilentNodes } from './cluster.js'
import { isDemoted, isLostConnection, isTimeout, isUnsent, problemOf } from './errors.js'
import { StoreError } from '../rule-store.js'
import type { SentinelWatch } from './sentinel-watch.js'

/** Called once for each change, with a sentence that names the store. */
export type OnStateChange = (state: 'available' | 'unavailable', detail: string) => void

type State =
  | { readonly name: 'connecting' | 'available' | 'closed' }
  | { readonly name: 'unavailable'; readonly error: StoreError }

/** Longest pause between two tries to connect, in milliseconds. */
const RETRY_MAX = 2000
/** How long a lost node of a Cluster is waited for before its keys are asked for again, in milliseconds. */
const NODE_PAUSE = 100

/** What a writer must know whose change got no answer. */
const UNCERTAIN = '; the change may have been made or not: check before you repeat it'

/** A connection to Redis. */
export class RedisConnection {
  readonly description: string
  readonly #redis: RedisClient
  /** Where there are Sentinels. */
  readonly #watch: SentinelWatch | undefined
  readonly #timeout: number
  readonly #secure: boolean
  readonly #onStateChange: OnStateChange | undefined
  readonly #waiting = new Set<() => void>()
  #state: State = { name: 'connecting' }
  #reported: 'available' | 'unavailable' | null = null
  #lastError: unknown = null
  /** What a Sentinel or a node of a Cluster says: it comes before, and says more than, that all failed. */
  #detail: unknown = null
  /** A node of a Cluster that did not answer in time at the last try to connect. */
  #silentNode: string | null = null
  /** A connection that takes no more commands and is about to close. */
  #broken = false
  #wrongDatabase = false
  /** A look at the nodes of a Cluster that is under way. */
  #looking: Promise<boolean> | null = null

  /** @throws {StoreError} for a URL that can't be meant; everything else comes out when it is asked. */
  constructor(settings: RedisSettings, onStateChange?: OnStateChange) {
    const address = addressOf(settings)
    this.description = `redis ${shownAddress(address)} (prefix ${settings.prefix})`
    this.#timeout = settings.commandTimeout
    this.#secure = address.tls !== undefined
    this.#onStateChange = onStateChange
    const options = {
      address,
      settings,
      name: 'enforce-tls',
      retryDelay: (times: number) =>
        this.#wrongDatabase ? RETRY_MAX : Math.min(50 * 2 ** Math.min(times - 1, 10), RETRY_MAX),
      onNodeError: (error: Error) => (this.#detail = error),
    }
    this.#redis = makeClient(options)
    this.#watch = watchSentinels(options, () => this.#redis.disconnect(true))
    this.#redis
      .on('error', (error: unknown) => this.#onError(error))
      .on('ready', () => this.#onReady())
      .on('close', () => this.#onClose())
      .on('sentinelError', (error: unknown) => (this.#detail = error))
      .on('node error', (error: Error, name: string) => {
        if (isTimeout(error)) this.#silentNode = name
      })
  }

  /**
   * Asks Redis and gives its answer.
   *
   * @throws {StoreError} when there is none within the command timeout, or it is an error.
   */
  async ask<T>({ key, writes, send }: Call<T>): Promise<T> {
    let sent = false
    let late = false
    let timer: NodeJS.Timeout | undefined
    const deadline = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        late = true
        reject(this.#onTimeout(sent, writes))
      }, this.#timeout)
    })
    const attempt = async (repeatable: boolean): Promise<T> => {
      await this.#untilSettled()
      // What was reported as failed must not be done later.
      if (late) return await deadline
      sent = true
      try {
        return await send(this.#redis)
      } catch (error) {
        if (isUnsent(error)) {
          sent = false
          this.#broken = true
          return await attempt(repeatable)
        }
        if (this.#watch && isDemoted(error)) throw this.#onDemoted()
        if (!isLostConnection(error)) throw this.#explained(error, key)
        if (repeatable && this.#redis instanceof Cluster) {
          // Until a replica has taken over, or the time is up.
          await pause(NODE_PAUSE)
          return await attempt(true)
        }
        if (repeatable) return await attempt(false)
        throw this.#unavailable(`closed the connection before it answered${writes ? UNCERTAIN : ''}`)
      }
    }
    try {
      return await Promise.race([attempt(!writes), deadline])
    } finally {
      clearTimeout(timer)
    }
  }

  /** Ends the connection without waiting for Redis; calls under way fail. Safe to call twice. */
  close(): Promise<void> {
    if (this.#state.name === 'closed') return Promise.resolve()
    this.#enter({ name: 'closed' })
    this.#watch?.close()
    this.#redis.disconnect()
    return Promise.resolve()
  }

  /** Waits while it is not decided whether Redis can be reached. */
  async #untilSettled(): Promise<void> {
    // A lost connection shows in these a moment before its event arrives.
    const lost = (): boolean => this.#broken || this.#redis.status !== 'ready'
    while (this.#state.name === 'connecting' || (this.#state.name === 'available' && lost()))
      await new Promise<void>((resolve) => this.#waiting.add(resolve))
    if (this.#state.name === 'unavailable') throw this.#state.error
    if (this.#state.name === 'closed') throw this.#unavailable('is closed')
  }

  #onReady(): void {
    if (this.#state.name === 'closed') return
    // The client goes on in database 0 when SELECT fails: other rules, or none.
    if (this.#wrongDatabase) {
      this.#redis.disconnect(true)
      return
    }
    this.#lastError = null
    this.#detail = null
    this.#silentNode = null
    this.#enter({ name: 'available' })
  }

  /** Another one is the master now; the Sentinels say which. */
  #onDemoted(): StoreError {
    this.#redis.disconnect(true)
    return this.#unavailable('is being failed over to another master; try again in a moment')
  }

  #onError(error: unknown): void {
    this.#lastError = this.#detail ?? error
    this.#detail = null
    if ((error as { command?: { name?: string } }).command?.name === 'select') this.#wrongDatabase = true
    // While available it is a connection that breaks; whether Redis is away shows at the next try.
    if (this.#state.name === 'connecting')
      this.#fail(this.#withSilentNode(this.#explained(this.#lastError, null)))
    this.#silentNode = null
  }

  #onClose(): void {
    this.#wrongDatabase = false
    this.#broken = false
    this.#silentNode = null
    if (this.#state.name === 'available') this.#enter({ name: 'connecting' })
    else if (this.#state.name === 'connecting') this.#fail(this.#explained(this.#lastError ?? 'closed', null))
  }

  #onTimeout(sent: boolean, writes: boolean): StoreError {
    const done = sent ? 'answer' : 'accept a connection'
    const problem = `did not ${done} within ${this.#timeout} ms (command_timeout); check that it is not stopped or overloaded${this.#secure && !sent ? ', and that it speaks TLS on this port' : ''}`
    const error = this.#unavailable(problem)
    const { name } = this.#state
    if (name === 'available' && this.#redis instanceof Cluster) {
      void this.#lookForSilence(this.#redis, error)
    } else if (name === 'available' || name === 'connecting') {
      this.#fail(error)
      // A connection through which nothing comes may be dead for good; a new one shows when Redis is back.
      if (name === 'available') this.#redis.disconnect(true)
    }
    return sent && writes ? this.#unavailable(problem + UNCERTAIN) : error
  }

  /** One node that hangs is not all: the others have other keys. */
  async #lookForSilence(cluster: Cluster, error: StoreError): Promise<void> {
    this.#looking ??= dropSilentNodes(cluster)
    const answered = await this.#looking
    this.#looking = null
    if (answered || this.#state.name === 'closed' || this.#state.name === 'unavailable') return
    this.#fail(error)
    cluster.disconnect(true)
  }

  #fail(error: StoreError): void {
    this.#enter({ name: 'unavailable', error })
  }

  #enter(state: State): void {
    this.#state = state
    if (state.name !== 'connecting') {
      for (const wake of this.#waiting) wake()
      this.#waiting.clear()
    }
    if ((state.name !== 'available' && state.name !== 'unavailable') || this.#reported === state.name) return
    this.#reported = state.name
    this.#onStateChange?.(state.name, 'error' in state ? state.error.message : this.description)
  }

  // The client's error is not kept as the cause: it holds the arguments of the command, a password among them.
  #explained(error: unknown, key: string | null): StoreError {
    const { code, problem } = problemOf(error, key)
    return new StoreError(code, `${this.description} ${problem}`)
  }

  /** What one node of a Cluster says is not all. */
  #withSilentNode({ code, message }: StoreError): StoreError {
    const also =
      this.#silentNode === null || message.includes('no node that answers in time')
        ? ''
        : `; its node ${this.#silentNode} does not answer in time; check that it is not stopped or overloaded`
    return new StoreError(code, message + also)
  }

  #unavailable(problem: string): StoreError {
    return new StoreError('STORE_UNAVAILABLE', `${this.description} ${problem}`)
  }
}
