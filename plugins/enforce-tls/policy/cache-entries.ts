/** What the policy cache knows of one owner. */
import type { RuleList } from '../rules/rule-list.js'

/** An owner in the cache. */
export interface CachedOwner {
  readonly owner: string
  /** The last list that was read; what stands in for broken entries is in it. */
  list: RuleList | null
  /** Why the last read gave none, else `null`. */
  lastError: Error | null
  usesGroups: boolean
  /** That of the last read, see `Invalidations`; -1 before the first. */
  version: number
  /** The one that came with the last invalidation of this owner. */
  invalidated: number
  /** When the last read began, in milliseconds of the process. */
  readAt: number
  /** How long it took, in milliseconds. */
  took: number
  /** How many reads in a row came to nothing because of changes meanwhile. */
  inconsistentReads: number
  reading: Promise<void> | null
}

/** An owner of whom nothing is known yet. */
export function newlyCached(owner: string): CachedOwner {
  return {
    owner,
    list: null,
    lastError: null,
    usesGroups: false,
    version: -1,
    invalidated: 0,
    readAt: 0,
    took: 0,
    inconsistentReads: 0,
    reading: null,
  }
}

/** Gets what happens in a policy cache. */
export interface PolicyCacheListener {
  /**
   * An owner was read, or could not be.
   *
   * @param list what is in force, the one read before where it could not; `null` where it never was
   * @param lastError why not, or `null`
   */
  onRead(owner: string, list: RuleList | null, lastError: Error | null): void
  /** As in `ChangeListener`. */
  onSubscription(isSubscribed: boolean, why: string): void
}
