/** What the policy cache knows of one owner. */
import type { RuleList } from '../rules/rule-list.js'

/** How many invalidations of each kind had come when a list was read. */
export interface Version {
  readonly all: number
  readonly domains: number
  readonly groups: number
  readonly own: number
}

/** An owner in the cache. */
export interface CachedOwner {
  readonly owner: string
  /** The last list that was read; what stands in for broken entries is in it. */
  list: RuleList | null
  /** Why the last read gave none, else `null`. */
  lastError: Error | null
  usesGroups: boolean
  /** Of the last read; `null` before the first. */
  version: Version | null
  /** Invalidations of this owner. */
  invalidations: number
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
    version: null,
    invalidations: 0,
    readAt: -Infinity,
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
