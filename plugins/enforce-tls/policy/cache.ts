/**
 * The rules of owners, compiled and near: looked up without any I/O while nothing has changed. The store tells
 * of changes, whoever makes them, and the owner is then read again before the next decision. Owners without
 * rules are kept too. What was last known stays in force while the store is away.
 *
 * A notice can be lost, so nothing here trusts notices alone: a list in use is read again in the background now
 * and then, and where the store can't tell of changes at all, no list is used that was read too long ago.
 */
import type { MailAddress } from '../rules/address.js'
import type { RuleList } from '../rules/rule-list.js'
import {
  CachedOwners,
  PolicyCacheListener,
  newlyCached,
  wholeMilliseconds,
  type CachedOwner,
} from './cache-entries.js'
import { Invalidations } from './invalidations.js'
import { OwnerLoader } from './owner-loader.js'
import { StoreError, type DecidingStore } from '../store/rule-store.js'

/** How a near cache works. Times in milliseconds. */
export interface PolicyCacheOptions {
  /** Most owners that are kept; the one that was not used for longest goes first. */
  readonly maxOwners: number
  /** How long a decision waits for a read; what was last known is in force then. */
  readonly timeout: number
  /** A list in use is read again in the background after this time. @default 25 s, or 10 s without notices */
  readonly rereadAfter?: { readonly hearing: number; readonly deaf: number }
  /** Without notices, no list is used that was read longer ago. @default 25 s */
  readonly staleAfter?: number
}

/** What a near cache has done so far, for metrics. */
export interface PolicyCacheCounts {
  readonly hits: number
  readonly misses: number
  readonly reads: number
  readonly failedReads: number
  /** Owners that are kept now. */
  readonly owners: number
  /** Whether a change is in force at once now: the store tells of it, or is asked each time. */
  readonly subscribed: boolean
}

/** A list that takes long to read is read again in the background only after so many times that long. */
const REST = 100
const REREAD_AFTER = { hearing: 25_000, deaf: 10_000 }
const STALE_AFTER = 25_000
/** How old a read under way may be, for another decision to share it, in ms. */
const JOINABLE = 50
/** How exact ages are. */
const TICK = 1000

/** The rules of owners, as near as can be. */
export class PolicyCache {
  readonly #store: DecidingStore
  readonly #options: Required<PolicyCacheOptions>
  readonly #cached: CachedOwners
  /** Whether the store is asked for a stamp, in place of notices. */
  readonly #stamped: boolean
  readonly #unwatch: () => void
  readonly #clock: NodeJS.Timeout
  readonly #counts = { hits: 0, misses: 0 }
  readonly #notices = new Invalidations()
  readonly #reader: OwnerLoader
  #subscribed = false
  #stamp: unknown = null
  #now = wholeMilliseconds()

  constructor(store: DecidingStore, options: PolicyCacheOptions, listener: PolicyCacheListener) {
    this.#store = store
    this.#stamped = store.stamp !== undefined
    this.#options = { rereadAfter: REREAD_AFTER, staleAfter: STALE_AFTER, ...options }
    this.#reader = new OwnerLoader({
      store,
      notices: this.#notices,
      isSubscribed: () => this.#isSubscribed,
      onRead: listener.onRead.bind(listener),
    })
    this.#cached = new CachedOwners(options.maxOwners)
    this.#clock = setInterval(() => (this.#now = wholeMilliseconds()), TICK).unref()
    this.#unwatch = store.watch({
      onChange: (change) =>
        this.#notices.take(change, change.key === 'rules' ? this.#cached.find(change.owner) : undefined),
      onSubscription: (hears, why) => {
        this.#subscribed = hears
        listener.onSubscription(hears, why)
      },
    })
  }

  /** What it has done so far. */
  get counts(): PolicyCacheCounts {
    return {
      ...this.#counts,
      ...this.#reader.counts,
      owners: this.#cached.size,
      subscribed: this.#isSubscribed,
    }
  }

  /** The list in force of an owner, if that can be told without any I/O; else `null`: use `get`. */
  peek(owner: string): RuleList | null {
    return this.#inForce(this.#cached.find(owner))
  }

  /** The same of all owners that an address is subject to, as `ownersOf` has them. */
  peekAll({ local, domain }: MailAddress): readonly RuleList[] | null {
    const everyone = this.#inForce(this.#cached.everyone)
    if (!everyone) return null
    if (domain === '') return [everyone]
    const family = this.#cached.family(domain)
    const own = this.#inForce(family?.own)
    const sender = this.#inForce(family?.senders?.get(local))
    return own && sender && [everyone, own, sender]
  }

  /**
   * The list in force of an owner; read first where it is not known, or has changed.
   *
   * @throws {StoreError} when it can't be read and never could.
   */
  async get(owner: string): Promise<RuleList> {
    await this.#compareStamp()
    const kept = this.#cached.find(owner) ?? this.#added(owner)
    this.#cached.use(kept)
    if (this.#isFresh(kept)) this.#counts.hits++
    else {
      this.#counts.misses++
      await this.#withPatience(this.#refresh(kept))
    }
    if (kept.list) return kept.list
    throw kept.lastError ?? this.#impatient(owner)
  }

  /** Ends the watch; reads under way come to nothing. Safe to call twice. */
  close(): void {
    clearInterval(this.#clock)
    this.#unwatch()
    this.#cached.clear()
  }

  #added(owner: string): CachedOwner {
    const kept = newlyCached(owner)
    this.#cached.add(kept)
    return kept
  }

  /** The list of an owner, where it is known to be in force. */
  #inForce(kept: CachedOwner | undefined): RuleList | null {
    if (this.#stamped || !kept?.list || !this.#isFresh(kept)) return null
    this.#counts.hits++
    if (kept.usedAt !== this.#now) {
      // Its place in the order of use need not be more exact than a tick.
      kept.usedAt = this.#now
      this.#cached.use(kept)
      this.#rereadInBackground(kept)
    }
    return kept.list
  }

  /** Where a store has a stamp in place of notices. */
  async #compareStamp(): Promise<void> {
    if (this.#store.stamp === undefined) return
    // What can't be stamped can't be read either, and reading says why: NaN is never the same.
    const stamp = await this.#store.stamp().catch(() => NaN)
    if (stamp === this.#stamp) return
    this.#stamp = stamp
    this.#notices.takeAll()
  }

  #isFresh(kept: CachedOwner): boolean {
    return (
      kept.lastError === null &&
      this.#notices.areSeen(kept) &&
      !this.#notices.maySwitch(kept) &&
      (this.#isSubscribed || this.#now - kept.readAt < this.#options.staleAfter)
    )
  }

  /** Whether nothing can have changed without a notice. */
  get #isSubscribed(): boolean {
    return this.#subscribed || this.#stamped
  }

  #rereadInBackground(kept: CachedOwner): void {
    const { hearing, deaf } = this.#options.rereadAfter
    const after = this.#subscribed ? Math.max(hearing, REST * kept.took) : deaf
    if (this.#now - kept.readAt > after) void this.#reader.read(kept)
  }

  /** Reads until nothing has changed meanwhile, or a read fails. */
  async #refresh(kept: CachedOwner): Promise<void> {
    const asked = performance.now()
    do {
      await this.#reader.read(kept)
    } while (kept.lastError === null && (!this.#isFresh(kept) || this.#isTooOld(kept, asked)))
  }

  /**
   * Whether a read under way began so long before somebody joined it that a change may lie between: the notice
   * of it may come after the answer. Not where reading takes so long that nobody would wait for a second time.
   */
  #isTooOld({ readAt, took }: CachedOwner, asked: number): boolean {
    return asked - readAt > JOINABLE && took < this.#options.timeout
  }

  async #withPatience(work: Promise<void>): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const patience = new Promise<void>((resolve) => (timer = setTimeout(resolve, this.#options.timeout)))
    await Promise.race([work, patience])
    clearTimeout(timer)
  }

  #impatient(owner: string): StoreError {
    return new StoreError(
      'STORE_UNAVAILABLE',
      `${this.#store.description} has not given the rules of ${owner} within ${this.#options.timeout} ms`,
    )
  }
}
