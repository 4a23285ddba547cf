/**
 * Reads and compiles the rules of one owner into the cache. Where the store does not answer, the last list
 * stays as it is, with the error beside it; entries that do not validate are for the list to make up for.
 */
import { switchOf, type OwnerParts } from '../rules/owner-entries.js'
import { serviceDomainOf } from '../rules/owner.js'
import { RuleList } from '../rules/rule-list.js'
import type { DecidingStore } from '../store/rule-store.js'
import type { CachedOwner, PolicyCacheListener } from './cache-entries.js'
import type { Invalidations } from './invalidations.js'
import { readable, readParts } from './read-parts.js'
import type { Unreadable } from '../rules/entry-problem.js'
import type { StoredGroups } from '../rules/group.js'
import { inPieces } from '../work/turns.js'

/** How many times in a row a read is done again because of changes meanwhile. */
const INCONSISTENT_MAX = 2

/** Reads owners. */
export class OwnerLoader {
  readonly #store: DecidingStore
  readonly #invalidations: Invalidations
  readonly #listener: PolicyCacheListener
  readonly #counts = { reads: 0, failedReads: 0 }

  constructor(store: DecidingStore, invalidations: Invalidations, listener: PolicyCacheListener) {
    this.#store = store
    this.#invalidations = invalidations
    this.#listener = listener
  }

  /** What it has done so far. */
  get counts(): { readonly reads: number; readonly failedReads: number } {
    return this.#counts
  }

  /** One read at a time for each owner, whoever asks. Never rejects. */
  read(cached: CachedOwner): Promise<void> {
    cached.reading ??= this.#read(cached).finally(() => (cached.reading = null))
    return cached.reading
  }

  async #read(cached: CachedOwner): Promise<void> {
    // A read that fails is not repeated in the background at once either.
    cached.readAt = performance.now()
    this.#counts.reads++
    try {
      await this.#readInto(cached, this.#invalidations.version)
      cached.lastError = null
    } catch (error) {
      cached.lastError = error instanceof Error ? error : new Error(String(error))
      this.#counts.failedReads++
    }
    this.#listener.onRead(cached.owner, cached.list, cached.lastError)
  }

  async #readInto(cached: CachedOwner, version: number): Promise<void> {
    if (await this.#isSameService(cached)) {
      cached.version = version
      return
    }
    const { parts, groups, usesGroups } = await readParts(this.#store, cached.owner)
    const list = await compile(parts, groups, cached.list ?? undefined)
    cached.took = performance.now() - cached.readAt
    if (this.#isInconsistent(cached, version)) return
    Object.assign(cached, { list, usesGroups, version, inconsistentReads: 0 })
  }

  /**
   * Whether somebody changed what was read while it was read: a long list comes in pages, and a rule that was
   * moved meanwhile can be in none of them. It is read again, but not for ever: where changes never stop, a list
   * of today is better than one of yesterday.
   */
  #isInconsistent(cached: CachedOwner, version: number): boolean {
    if (cached.inconsistentReads === INCONSISTENT_MAX) return false
    if (!this.#invalidations.hasChangedSince(version, cached)) return false
    cached.inconsistentReads++
    return true
  }

  /**
   * Whether nothing has changed but services, and the owner's own not: spares an owner of many rules a new list
   * whenever some other domain's service is switched.
   */
  async #isSameService(cached: CachedOwner): Promise<boolean> {
    const { owner, list } = cached
    const domain = serviceDomainOf(owner)
    if (domain === null || list === null || cached.lastError !== null) return false
    if (!this.#invalidations.isSubscribed || !this.#invalidations.isCurrentButForService(cached)) return false
    if (this.#invalidations.isCurrent(cached)) return false
    // Without rules there is nothing to switch.
    if (list === RuleList.empty) return true
    const service = await readable(this.#store.readService(domain))
    const { switch: before, serviceProblem } = list.compiled
    const { is, problem } = switchOf({ owner, service }, before)
    return problem === null && serviceProblem === null && is === before
  }
}

/** `RuleList.compile`, for a list of any length: it yields by itself. */
export async function compile(
  entries: OwnerParts,
  groups: StoredGroups | Unreadable,
  before?: RuleList,
): Promise<RuleList> {
  return await inPieces(RuleList.compile(entries, groups, before))
}
