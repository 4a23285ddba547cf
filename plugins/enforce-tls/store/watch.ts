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
import { SaidOnce, type StateLog } from '../haraka/said-once.js'
import type { SeenStores } from './seen-stores.js'
import {
  holdsRules,
  remembers,
  standingOf,
  toRemember,
  type SeenStore,
  type StoreObservation,
  type Standing,
} from './standing.js'
import type { OnEmptyStore } from '../settings/types.js'

/** What a watch is given besides its store. */
export interface StoreWatchOptions {
  readonly log: StateLog
  /** What this Haraka remembers of before. */
  readonly memory: Pick<SeenStores, 'read' | 'remember'>
  /** `[main] on_empty_store` as it is now. */
  readonly onEmptyStore: () => OnEmptyStore
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
}

/** How often a store is looked at while nobody asks for rules, in milliseconds. */
const LOOK_EVERY = 30_000
/** How long until a memory that is there, or could not be written, is looked at again, in milliseconds. */
const MEMORY_AGE = LOOK_EVERY
/** How long after a change, in milliseconds; many changes are one look. */
const LOOK_SOON = 200
/** How long what endangers a store is not asked for again, in milliseconds. */
const HEALTH_AGE = 1000

/** A watch over one store. */
export class StoreWatch {
  readonly #store: Watched
  readonly #options: StoreWatchOptions
  readonly #said: SaidOnce
  readonly #expiring = new Set<string>()
  #seen: SeenStore | null
  /** When the memory was last compared with the store, or written. */
  #compared = -Infinity
  #unremembered = false
  #health: { readonly at: number; readonly health: StoreHealth } | null = null
  #running: Promise<StoreView> | null = null
  #next: Promise<StoreView> | null = null
  #clock: NodeJS.Timeout | undefined
  #soon: NodeJS.Timeout | undefined

  constructor(store: Watched, options: StoreWatchOptions) {
    this.#store = store
    this.#options = options
    this.#said = new SaidOnce(options.log)
    this.#seen = options.memory.read()
  }

  get gone(): boolean {
    return this.#said.has('standing')
  }

  get atRisk(): boolean {
    return this.#said.has('eviction') || this.#expiring.size > 0
  }

  /** Whether a store with rules is in use that the memory, as it is written, does not name. */
  get unremembered(): boolean {
    return this.#unremembered
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
   * @throws {StoreError} where it can't be told.
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

  /** Logs that the rules are lost, for who finds it without a look. */
  warnGone(problem: string): void {
    this.#said.say('standing', problem, {
      level: 'logerror',
      before: 'rules are unknown, so mail waits unless its rules are in memory: ',
      over: 'the rules are known again',
    })
  }

  /** Logs that a key vanishes by itself. */
  warnExpiry({ key, after }: KeyExpiry): void {
    if (after === 'gone') return
    const expires = typeof after === 'number'
    const problem = `${this.#store.description}: key ${key} expires, and its rules with it; keep it with PERSIST`
    this.#said.say(`expiry of ${key}`, expires ? problem : null, {
      level: 'logwarn',
      before: 'rules may vanish: ',
      over: `key ${key} expires no more`,
    })
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
        : this.#judge(identity, health.evicts !== null || keysExpire)
    this.#warnAll(standing, health)
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

  #judge(identity: StoreIdentity, mayHaveLost: boolean): Standing {
    const { memory, onEmptyStore } = this.#options
    const place = this.#store.description
    const sighting = { place, identity, seen: this.#seen, onEmptyStore: onEmptyStore(), mayHaveLost }
    let standing = standingOf(sighting)
    if (standing.state === 'gone') {
      // Another process of this Haraka may know better.
      this.#seen = memory.read() ?? this.#seen
      standing = standingOf({ ...sighting, seen: this.#seen })
    }
    if (standing.state === 'known' && holdsRules(identity)) this.#remember(sighting)
    return standing
  }

  /** Notes the store where that is not written yet; what can't be written is tried again after a while. */
  #remember(sighting: StoreObservation): void {
    const { memory } = this.#options
    const anew = toRemember({ ...sighting, seen: this.#seen }, new Date())
    const now = performance.now()
    if (anew === null && now - this.#compared < MEMORY_AGE) return
    this.#compared = now
    if (anew !== null) this.#seen = anew
    // Somebody may have removed it; another process may have written it.
    if (this.#seen === null || remembers(memory.read(), sighting)) {
      this.#unremembered = false
      return
    }
    void memory.remember(this.#seen).then((written) => (this.#unremembered = !written))
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
    this.warnExpiry(expiry)
  }

  #warnAll(standing: Standing, { evicts, behind, unknown }: StoreHealth): void {
    if (standing.state === 'gone') this.warnGone(standing.problem)
    else this.#said.say('standing', null, { level: 'logerror', over: 'the rules are known again' })
    const remark = standing.state === 'gone' ? null : standing.remark
    this.#said.say('remark', remark, { level: 'logwarn' })
    this.#said.say('unknown', unknown, { level: 'logwarn' })
    this.#said.say('eviction', evicts, {
      level: 'logwarn',
      before: 'rules may vanish: ',
      over: `${this.#store.description} keeps its keys now`,
    })
    this.#said.say('link', behind, {
      level: 'logerror',
      before: 'rules may be out of date; those last known stay in force, mail of owners never read waits: ',
      over: `${this.#store.description} is connected to its master again`,
    })
  }

  #lookAside(): void {
    // A key that has a time to live since a moment ago is seen now, or it may be gone by the next time.
    this.#health = null
    // A store that does not answer is told of by its connection.
    this.look().catch(ignore)
  }
}

function ignore(): undefined {
  return undefined
}
