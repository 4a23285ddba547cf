/**
 * The policies that were fetched: in the store that all processes share, and in this process's memory for as long as the
 * store is away, was away when a policy was to be kept, or has lost it. Nothing here rejects.
 */
import { LRUCache } from 'lru-cache'
import { errorMessage } from '../../text/error-message.js'
import { decodeKept, encodeKept, type KeptPolicy } from './kept-policy.js'
import { MEMORY_MAX, type StsPolicyStore } from './policy-store.js'

export interface FoundKept {
  readonly kept: KeptPolicy | null
  /** Why the store does not answer; empty where it does. */
  readonly failure: string
}

export class KeptPolicies {
  readonly #store: StsPolicyStore
  readonly #onFailure: (why: string) => void
  readonly #memory = new LRUCache<string, { readonly value: string; readonly kept: KeptPolicy }>({
    max: MEMORY_MAX.domains,
    maxSize: MEMORY_MAX.characters,
    sizeCalculation: ({ value }, domain) => value.length + domain.length,
  })
  #failing = false

  /** @param onFailure told once, until the store works again */
  constructor(store: StsPolicyStore, onFailure: (why: string) => void) {
    this.#store = store
    this.#onFailure = onFailure
  }

  /** The newest policy of a domain, whether it still holds or not. */
  async find(domain: string): Promise<FoundKept> {
    const { value, failure } = await this.#attempt(() => this.#store.get(domain))
    const here = this.#memory.get(domain)
    if (value !== null && value !== here?.value) {
      const kept = decodeKept(value)
      if (kept && (!here || kept.fetchedAt > here.kept.fetchedAt)) {
        this.#memory.set(domain, { value, kept })
        return { kept, failure }
      }
    }
    return { kept: here?.kept ?? null, failure }
  }

  async keep(domain: string, kept: KeptPolicy): Promise<void> {
    const value = encodeKept(kept)
    this.#memory.set(domain, { value, kept })
    await this.#attempt(() => this.#store.put(domain, value))
  }

  async remove(domain: string): Promise<void> {
    this.#memory.delete(domain)
    await this.#attempt(() => this.#store.put(domain, null))
  }

  async #attempt<T>(work: () => Promise<T>): Promise<{ readonly value: T | null; readonly failure: string }> {
    try {
      const value = await work()
      this.#failing = false
      return { value, failure: '' }
    } catch (error) {
      const failure = errorMessage(error)
      if (!this.#failing) this.#onFailure(failure)
      this.#failing = true
      return { value: null, failure }
    }
  }
}
