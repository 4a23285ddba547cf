/**
 * What a store has told of changes, as counts. A list that was read keeps the marks of that moment, and is out of
 * date once a count that concerns it has gone up.
 */
import { serviceDomainOf } from '../rules/owner.js'
import type { CachedOwner, Version } from './cache-entries.js'
import type { Change } from '../store/rule-store.js'

/** Notices of one process. */
export class Invalidations {
  readonly #counts = { all: 0, domains: 0, groups: 0 }
  #last: Version = { all: 0, domains: 0, groups: 0, own: 0 }

  /** Takes a notice. @param kept the owner that it is about, where it is about one that is kept */
  take(change: Change, kept: CachedOwner | undefined): void {
    if (change.key !== 'rules') this.#counts[change.key]++
    else if (kept) kept.notices++
  }

  /** Anything may have changed. */
  takeAll(): void {
    this.#counts.all++
  }

  /** The marks of this moment. Most owners have the same, which are made once. */
  versionOf({ notices: own }: CachedOwner): Version {
    const { all, domains, groups } = this.#counts
    const last = this.#last
    if (last.all === all && last.domains === domains && last.groups === groups && last.own === own)
      return last
    return (this.#last = { all, domains, groups, own })
  }

  /** Whether the list that was last read is still as it is in the store, but for its domain's service. */
  areSeen({ seen, notices, usesGroups }: CachedOwner): boolean {
    const { all, groups } = this.#counts
    return (
      seen !== null && seen.all === all && seen.own === notices && (!usesGroups || seen.groups === groups)
    )
  }

  /** Whether the service of the owner's domain may have been switched since. */
  maySwitch({ owner, seen }: CachedOwner): boolean {
    return seen?.domains !== this.#counts.domains && serviceDomainOf(owner) !== null
  }

  /** Whether anything has changed, since these marks, that a read since then may have seen half of. */
  hasChangedSince({ all, groups, own }: Version, { notices }: CachedOwner): boolean {
    const now = this.#counts
    return all !== now.all || groups !== now.groups || own !== notices
  }
}
