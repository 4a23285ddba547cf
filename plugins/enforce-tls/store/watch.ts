/**
 * Looks at a store: whether it is the one whose rules were seen before, and what endangers them. What is wrong is logged
 * once, and once more when it is over. Looks that are asked for at the same time are one.
 */
import {
  StoreError,
  type KeyExpiry,
  type RuleStore,
  type StoreHealth,
  type StoreIdentity,
} from './rule-store.js'
import type { StateLog } from '../haraka/said-once.js'
import type { Standing } from './standing.js'
import { StandingJudge, type JudgeOptions } from './standing-judge.js'
import { StoreWarnings } from './warnings.js'

/** What a watch is given besides its store. */
export interface StoreWatchOptions extends JudgeOptions {
  readonly log: StateLog
}

/** A store at one moment. */
export interface StoreView {
  readonly identity: StoreIdentity
  readonly health: StoreHealth
  readonly standing: Standing
  /** Whether keys that are not an owner's own vanish by themselves, or have. */
  readonly keysExpire: boolean
}

type Watched = Pick<RuleStore, 'description' | 'identity' | 'health'>

const NOTHING: StoreIdentity = {
  marker: null,
  markerProblem: null,
  hasServices: false,
  hasRulesForAll: false,
  traces: [],
  missing: false,
}

/** How often a store is looked at while nobody asks for rules, in milliseconds. */
const LOOK_EVERY = 30_000
/** How long after a change, in milliseconds; many changes are one look. */
const LOOK_SOON = 200
/** How long what endangers a store is not asked for again, in milliseconds. */
const HEALTH_AGE = 1000

/** A watch over one store. */
export class StoreWatch {
  readonly #store: Watched
  readonly #options: StoreWatchOptions
  /** What is logged; others may find the same without a look. */
  readonly warnings: StoreWarnings
  readonly #judge: StandingJudge
  readonly #expiring = new Set<string>()
  #health: { readonly at: number; readonly health: StoreHealth } | null = null
  #emptied = false
  #isNew = true
  #running: Promise<StoreView> | null = null
  #next: Promise<StoreView> | null = null
  #clock: NodeJS.Timeout | undefined
  #soon: NodeJS.Timeout | undefined

  constructor(store: Watched, options: StoreWatchOptions) {
    this.#store = store
    this.#options = options
    this.warnings = new StoreWarnings(store.description, options.log)
    this.#judge = new StandingJudge(store.description, options)
  }

  get gone(): boolean {
    return this.warnings.isGone
  }

  /** Whether its rules are lost, and mail goes as if there were none (`on_empty_store=deliver`). */
  get emptied(): boolean {
    return this.#emptied
  }

  /** Whether no rules were ever seen in it, as far as is known; also before the first look. */
  get isNew(): boolean {
    return this.#isNew
  }

  get atRisk(): boolean {
    return this.warnings.evicts || this.#expiring.size > 0
  }

  /** Whether a store with rules is in use that the memory, as it is written, does not name. */
  get unremembered(): boolean {
    return this.#judge.unremembered
  }

  start(): void {
    this.#clock ??= setInterval(() => this.#lookAside(), LOOK_EVERY).unref()
    this.#lookAside()
  }

  /** Looks after a moment. */
  lookSoon(): void {
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined
      this.#lookAside()
    }, LOOK_SOON).unref()
  }

  close(): void {
    clearInterval(this.#clock)
    clearTimeout(this.#soon)
  }

  /**
   * The store as it is after the call.
   *
   * @throws {StoreError} where that is unknown.
   */
  look(): Promise<StoreView> {
    if (!this.#running) return this.#begin()
    // One under way may have seen what was before the call.
    this.#next ??= this.#running.then(ignore, ignore).then(() => {
      this.#next = null
      return this.#begin()
    })
    return this.#next
  }

  #begin(): Promise<StoreView> {
    this.#running = this.#lookNow().finally(() => (this.#running = null))
    return this.#running
  }

  async #lookNow(): Promise<StoreView> {
    const [health, found] = await Promise.all([this.#currentHealth(), this.#identity()])
    for (const expiry of health.keys) this.#noteExpiry(expiry)
    const keysExpire = this.#expiring.size > 0
    const identity = found instanceof StoreError ? NOTHING : found
    const standing =
      found instanceof StoreError && this.#options.onEmptyStore() !== 'deliver'
        ? ({ state: 'gone', problem: found.message } as const)
        : this.#judge.of(identity, health.evicts !== null || keysExpire)
    this.#emptied = standing.state === 'new' && (found instanceof StoreError || this.#judge.isOverridden)
    this.#isNew = standing.state === 'new'
    this.warnings.all(standing, health)
    return { identity, health, standing, keysExpire }
  }

  /** What the store says of itself; the error where it is a rules file that is not there any more. */
  async #identity(): Promise<StoreIdentity | StoreError> {
    try {
      return await this.#store.identity()
    } catch (error) {
      if (error instanceof StoreError && error.code === 'STORE_GONE') return error
      throw error
    }
  }

  /** A replica may lose its master at any time; all else changes seldom. */
  async #currentHealth(): Promise<StoreHealth> {
    const now = performance.now()
    const last = this.#health
    if (last && last.health.behind === null && !last.health.replica && now - last.at < HEALTH_AGE)
      return last.health
    const health = await this.#store.health()
    this.#health = { at: now, health }
    return health
  }

  #noteExpiry(expiry: KeyExpiry): void {
    const { key, after } = expiry
    // What has vanished so stays in mind until it is there again.
    if (after === 'never') this.#expiring.delete(key)
    else if (typeof after === 'number') this.#expiring.add(key)
    this.warnings.expiry(expiry)
  }

  #lookAside(): void {
    // A key that has a time to live since a moment ago is seen now, or it may be gone by the next time.
    this.#health = null
    // A store that does not answer is reported by its connection.
    this.look().catch(ignore)
  }
}

function ignore(): undefined {
  return undefined
}
