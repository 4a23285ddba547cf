/** Judges a store by what this Haraka has seen before, and remembers what it sees now. */
import type { OnEmptyStore } from '../settings/types.js'
import type { StoreIdentity } from './rule-store.js'
import type { SeenStores } from './seen-stores.js'
import {
  holdsRules,
  remembers,
  standingOf,
  toRemember,
  type SeenStore,
  type Standing,
  type StoreObservation,
} from './standing.js'

/** What a judge is given besides the store's place. */
export interface JudgeOptions {
  /** What this Haraka remembers of before. */
  readonly memory: Pick<SeenStores, 'read' | 'remember'>
  /** `[main] on_empty_store` as it is now. */
  readonly onEmptyStore: () => OnEmptyStore
}

/** How long until a memory that is there, or could not be written, is looked at again, in milliseconds. */
const MEMORY_AGE = 30_000

/** The judge of one store. */
export class StandingJudge {
  readonly #place: string
  readonly #options: JudgeOptions
  #seen: SeenStore | null
  /** When the memory was last compared with the store, or written. */
  #compared = -Infinity
  #unremembered = false
  #isOverridden = false

  constructor(place: string, options: JudgeOptions) {
    this.#place = place
    this.#options = options
    this.#seen = options.memory.read()
  }

  /** Whether a store with rules is in use that the memory, as it is written, does not name. */
  get unremembered(): boolean {
    return this.#unremembered
  }

  /** Whether only `on_empty_store=deliver` kept the last look from finding that the rules are lost. */
  get isOverridden(): boolean {
    return this.#isOverridden
  }

  /** Judges a look. @param mayHaveLost whether keys may have been removed by the server itself */
  of(identity: StoreIdentity, mayHaveLost: boolean): Standing {
    const { memory, onEmptyStore } = this.#options
    const place = this.#place
    const observation = { place, identity, seen: this.#seen, onEmptyStore: onEmptyStore(), mayHaveLost }
    let standing = standingOf(observation)
    if (standing.state === 'gone') {
      // Another process of this Haraka may know better.
      this.#seen = memory.read() ?? this.#seen
      standing = standingOf({ ...observation, seen: this.#seen })
    }
    this.#isOverridden =
      observation.onEmptyStore === 'deliver' &&
      standingOf({ ...observation, seen: this.#seen, onEmptyStore: 'auto' }).state === 'gone'
    if (standing.state === 'known' && holdsRules(identity)) this.#remember(observation)
    return standing
  }

  /** Notes the store where that is not written yet; what can't be written is tried again after a while. */
  #remember(observation: StoreObservation): void {
    const { memory } = this.#options
    const anew = toRemember({ ...observation, seen: this.#seen }, new Date())
    const now = performance.now()
    if (anew === null && now - this.#compared < MEMORY_AGE) return
    this.#compared = now
    if (anew !== null) this.#seen = anew
    // Somebody may have removed it; another process may have written it.
    if (this.#seen === null || remembers(memory.read(), observation)) {
      this.#unremembered = false
      return
    }
    void memory.remember(this.#seen).then((written) => (this.#unremembered = !written))
  }
}
