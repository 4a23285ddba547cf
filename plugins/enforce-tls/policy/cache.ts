/**
 * The rules of owners, compiled: looked up without any I/O while nothing has changed. The store invalidates what
 * somebody changes, and the owner is then read again before the next decision. Owners without rules are cached too.
 * What was last known stays in force while the store is away.
 *
 * An invalidation can be lost, so nothing here trusts them alone: a list in use is read again in the background now
 * and then, and where the store can't send any, no list is used that was read too long ago.
 */
import { LRUCache } from 'lru-cache'
import type { RuleList } from '../rules/rule-list.js'
import { StoreError, type DecidingStore } from '../store/rule-store.js'
import { Invalidations } from './invalidations.js'
import { newlyCached, type CachedOwner, type PolicyCacheListener } from './cache-entries.js'
import { OwnerLoader } from './owner-loader.js'

/** How a policy cache works. Times in milliseconds. */
export interface PolicyCacheOptions {
  /** Most owners that are cached; the one that was not used for longest goes first. */
  readonly maxOwners: number
  /** How long a decision waits for a read; what was last known is in force then. */
  readonly timeout: number
  /** A list in use is read again in the background after this time. @default 25 s, or 10 s while not subscribed */
  readonly rereadAfter?: { readonly subscribed: number; readonly unsubscribed: number }
  /** While not subscribed, no list is used that was read longer ago. @default 25 s */
  readonly staleAfter?: number
}

/** What a policy cache has done so far, for metrics. */
export interface PolicyCacheCounts {
  readonly hits: number
  readonly misses: number
  readonly reads: number
  readonly failedReads: number
  /** Owners that are cached now. */
  readonly owners: number
  /** Whether a change is in force at once now: the store invalidates it, or is asked each time. */
  readonly subscribed: boolean
}

/** A list that takes long to read is read again in the background only after so many times that long. */
const REST = 100
const REREAD_AFTER = { subscribed: 25_000, unsubscribed: 10_000 }
const STALE_AFTER = 25_000
/** How old a read under way may be, for another decision to share it, in ms. */
const JOINABLE = 50

/** The rules of owners, cached. */
export class PolicyCache {
  readonly #store: DecidingStore
  readonly #options: Required<PolicyCacheOptions>
  readonly #owners: LRUCache<string, CachedOwner>
  readonly #invalidations: Invalidations
  readonly #loader: OwnerLoader
  readonly #unwatch: () => void
  readonly #counts = { hits: 0, misses: 0 }

  constructor(store: DecidingStore, options: PolicyCacheOptions, listener: PolicyCacheListener) {
    this.#store = store
    this.#options = { rereadAfter: REREAD_AFTER, staleAfter: STALE_AFTER, ...options }
    this.#owners = new LRUCache({ max: options.maxOwners })
    this.#invalidations = new Invalidations(store)
    this.#loader = new OwnerLoader(store, this.#invalidations, listener)
    this.#unwatch = store.watch({
      onChange: (change) =>
        this.#invalidations.take(
          change,
          change.key === 'rules' ? this.#owners.peek(change.owner) : undefined,
        ),
      onSubscription: (isSubscribed, why) => {
        this.#invalidations.subscribed(isSubscribed)
        listener.onSubscription(isSubscribed, why)
      },
    })
  }

  /** What it has done so far. */
  get counts(): PolicyCacheCounts {
    return {
      ...this.#counts,
      ...this.#loader.counts,
      owners: this.#owners.size,
      subscribed: this.#invalidations.isSubscribed,
    }
  }

  /**
   * The lists in force of some owners, in their order; read first where one is unknown, or has changed.
   *
   * @throws {StoreError} when one can't be read and never could.
   */
  async get(owners: readonly string[]): Promise<readonly RuleList[]> {
    if (this.#invalidations.isStamped) await this.#invalidations.compareStamp()
    const asked = performance.now()
    const cached = owners.map((owner) => this.#owners.get(owner) ?? this.#add(owner))
    const [fresh, stale]: [CachedOwner[], CachedOwner[]] = [[], []]
    for (const each of cached) (this.#isFresh(each, asked) ? fresh : stale).push(each)
    this.#counts.hits += fresh.length
    this.#counts.misses += stale.length
    for (const each of fresh) this.#rereadInBackground(each, asked)
    if (stale.length > 0)
      await this.#withinTimeout(Promise.all(stale.map((each) => this.#refresh(each, asked))))
    return cached.map((each) => this.#listOf(each))
  }

  /** Ends the watch; reads under way come to nothing. Safe to call twice. */
  close(): void {
    this.#unwatch()
    this.#owners.clear()
  }

  #add(owner: string): CachedOwner {
    const cached = newlyCached(owner)
    this.#owners.set(owner, cached)
    return cached
  }

  #isFresh(cached: CachedOwner, now: number): boolean {
    return (
      cached.lastError === null &&
      this.#invalidations.isCurrent(cached) &&
      (this.#invalidations.isSubscribed || now - cached.readAt < this.#options.staleAfter)
    )
  }

  /** Makes up for an invalidation that was lost. */
  #rereadInBackground(cached: CachedOwner, now: number): void {
    if (this.#invalidations.isStamped) return
    const { subscribed, unsubscribed } = this.#options.rereadAfter
    const after = this.#invalidations.isSubscribed ? Math.max(subscribed, REST * cached.took) : unsubscribed
    if (now - cached.readAt > after) void this.#loader.read(cached)
  }

  /** Reads until nothing has changed meanwhile, or a read fails. */
  async #refresh(cached: CachedOwner, asked: number): Promise<void> {
    do {
      await this.#loader.read(cached)
    } while (
      cached.lastError === null &&
      (!this.#invalidations.isCurrent(cached) || this.#isTooOld(cached, asked))
    )
  }

  /**
   * Whether a read under way began so long before somebody joined it that a change may lie between: the invalidation
   * may come after the answer. Not where reading takes so long that nobody would wait for a second time.
   */
  #isTooOld({ readAt, took }: CachedOwner, asked: number): boolean {
    return asked - readAt > JOINABLE && took < this.#options.timeout
  }

  async #withinTimeout(work: Promise<unknown>): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const timeout = new Promise<void>((resolve) => (timer = setTimeout(resolve, this.#options.timeout)))
    await Promise.race([work, timeout])
    clearTimeout(timer)
  }

  #listOf({ owner, list, lastError }: CachedOwner): RuleList {
    if (list) return list
    if (lastError) throw lastError
    throw new StoreError(
      'STORE_UNAVAILABLE',
      `${this.#store.description} has not given the rules of ${owner} within ${this.#options.timeout} ms`,
    )
  }
}
