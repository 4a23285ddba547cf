/**
 * What a store has said of changes. Each one makes a new version; a list that was read has the version of the moment
 * when reading began, and is out of date once a later one concerns it.
 */
import { serviceDomainOf } from '../rules/owner.js'
import type { CachedOwner } from './cache-entries.js'
import type { Change, DecidingStore } from '../store/rule-store.js'

/** Invalidations of one process. */
export class Invalidations {
  /** The version of the last change of each kind. */
  readonly #last = { all: 0, domains: 0, groups: 0 }
  #version = 0
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
    this.#version++
    if (change.key !== 'rules') this.#last[change.key] = this.#version
    else if (cached) cached.invalidated = this.#version
  }

  /** Compares the stamp, where the store has one: with another one anything may have changed. */
  async compareStamp(): Promise<void> {
    if (this.#store.stamp === undefined) return
    // What can't be stamped can't be read either, and reading says why: NaN is never the same.
    const stamp = await this.#store.stamp().catch(() => NaN)
    if (stamp === this.#stamp) return
    this.#stamp = stamp
    this.take({ key: 'all' }, undefined)
  }

  /** The version of this moment. */
  get version(): number {
    return this.#version
  }

  /** Whether the list that was last read is as it is in the store. */
  isCurrent(cached: CachedOwner): boolean {
    return this.isCurrentButForService(cached) && !this.#maySwitch(cached)
  }

  /** The same, whatever has become of services. */
  isCurrentButForService({ version, invalidated, usesGroups }: CachedOwner): boolean {
    const { all, groups } = this.#last
    return version >= Math.max(all, invalidated, usesGroups ? groups : 0)
  }

  /** Whether anything has changed, since this version, that a read since then may have seen half of. */
  hasChangedSince(version: number, { invalidated }: CachedOwner): boolean {
    return Math.max(this.#last.all, this.#last.groups, invalidated) > version
  }

  /** Whether the service of the owner's domain may have been switched since. */
  #maySwitch({ owner, version }: CachedOwner): boolean {
    return version < this.#last.domains && serviceDomainOf(owner) !== null
  }
}
