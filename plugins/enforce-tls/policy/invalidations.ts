/**
 * What a store has said of changes, as counts. A list that was read has the version of that moment, and is out of
 * date once a count that concerns it has gone up.
 */
import { serviceDomainOf } from '../rules/owner.js'
import type { CachedOwner, Version } from './cache-entries.js'
import type { Change, DecidingStore } from '../store/rule-store.js'

/** Invalidations of one process. */
export class Invalidations {
  readonly #counts = { all: 0, domains: 0, groups: 0 }
  readonly #store: Pick<DecidingStore, 'stamp'>
  #stamp: unknown = null
  #isSubscribed = false

  constructor(store: Pick<DecidingStore, 'stamp'>) {
    this.#store = store
  }

  /** Whether every change is known: the store says so, or is asked for its stamp each time. */
  get isSubscribed(): boolean {
    return this.#isSubscribed || this.isStamped
  }

  /** Whether the store has a stamp in place of invalidations: then none can be lost. */
  get isStamped(): boolean {
    return this.#store.stamp !== undefined
  }

  /** Takes what the store says of its subscription. */
  subscribed(isSubscribed: boolean): void {
    this.#isSubscribed = isSubscribed
  }

  /** Takes a change. @param cached the owner that it is about, where it is about one that is cached */
  take(change: Change, cached: CachedOwner | undefined): void {
    if (change.key !== 'rules') this.#counts[change.key]++
    else if (cached) cached.invalidations++
  }

  /** Compares the stamp, where the store has one: with another one anything may have changed. */
  async compareStamp(): Promise<void> {
    if (this.#store.stamp === undefined) return
    // What can't be stamped can't be read either, and reading says why: NaN is never the same.
    const stamp = await this.#store.stamp().catch(() => NaN)
    if (stamp === this.#stamp) return
    this.#stamp = stamp
    this.#counts.all++
  }

  /** The version of this moment. */
  versionOf({ invalidations: own }: CachedOwner): Version {
    return { ...this.#counts, own }
  }

  /** Whether the list that was last read is as it is in the store. */
  isCurrent(cached: CachedOwner): boolean {
    return this.isCurrentButForService(cached) && !this.#maySwitch(cached)
  }

  /** The same, whatever has become of services. */
  isCurrentButForService({ version, invalidations, usesGroups }: CachedOwner): boolean {
    const { all, groups } = this.#counts
    return (
      version !== null &&
      version.all === all &&
      version.own === invalidations &&
      (!usesGroups || version.groups === groups)
    )
  }

  /** Whether anything has changed, since this version, that a read since then may have seen half of. */
  hasChangedSince({ all, groups, own }: Version, { invalidations }: CachedOwner): boolean {
    const now = this.#counts
    return all !== now.all || groups !== now.groups || own !== invalidations
  }

  /** Whether the service of the owner's domain may have been switched since. */
  #maySwitch({ owner, version }: CachedOwner): boolean {
    return version?.domains !== this.#counts.domains && serviceDomainOf(owner) !== null
  }
}
