/**
 * Where policies are kept: texts by recipient domain, which all processes share that use the same rules. What they
 * mean is for others to say. This one is a process's own memory.
 */
import { LRUCache } from 'lru-cache'

export interface StsPolicyStore {
  /** What is kept for a domain, `null` for nothing. Rejects, within a bounded time, where that is unknown. */
  get(domain: string): Promise<string | null>
  /** Keeps it, or removes it with `null`. Rejects, within a bounded time, where it could not. */
  put(domain: string, value: string | null): Promise<void>
}

/** What a process keeps: domains, and the characters of all of them. */
export const MEMORY_MAX = { domains: 10_000, characters: 16 * 1024 * 1024 } as const

/** Keeps what was used last. */
export class MemoryPolicyStore implements StsPolicyStore {
  readonly #values = new LRUCache<string, string>({
    max: MEMORY_MAX.domains,
    maxSize: MEMORY_MAX.characters,
    sizeCalculation: (value, domain) => value.length + domain.length,
  })

  get(domain: string): Promise<string | null> {
    return Promise.resolve(this.#values.get(domain) ?? null)
  }

  put(domain: string, value: string | null): Promise<void> {
    if (value === null) this.#values.delete(domain)
    else this.#values.set(domain, value)
    return Promise.resolve()
  }
}
