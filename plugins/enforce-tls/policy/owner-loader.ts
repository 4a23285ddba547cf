/**
 * Reads and compiles the rules of one owner into what is kept of it. Where the store does not answer, the last list
 * stays as it is, with the trouble beside it; entries that do not validate are for the list to make up for.
 */
import { Unreadable } from '../rules/entry-problem.js'
import { serviceDomainOf } from '../rules/owner.js'
import { compileInPieces } from './compile.js'
import { wholeMilliseconds, type CachedOwner, type Version } from './cache-entries.js'
import type { PolicyCacheListener } from './cache-entries.js'
import type { Invalidations } from './invalidations.js'
import { readable, readParts } from './read-parts.js'
import type { DecidingStore } from '../store/rule-store.js'

/** What a reader works with. */
export interface OwnerLoaderOptions {
  readonly store: DecidingStore
  readonly notices: Invalidations
  /** Whether nothing can change without a notice now. */
  readonly isSubscribed: () => boolean
  /** As in `NearCacheListener`. */
  readonly onRead: PolicyCacheListener['onRead']
}

/** How many times in a row a read is done again because of changes meanwhile. */
const TORN_MAX = 2

/** Reads owners. */
export class OwnerLoader {
  readonly #options: OwnerLoaderOptions
  readonly #counts = { reads: 0, failedReads: 0 }
  #lastService: string | null = null

  constructor(options: OwnerLoaderOptions) {
    this.#options = options
  }

  /** What it has done so far. */
  get counts(): { readonly reads: number; readonly failedReads: number } {
    return this.#counts
  }

  /** One read at a time for each owner, whoever asks. Never rejects. */
  read(kept: CachedOwner): Promise<void> {
    kept.reading ??= this.#readNow(kept).finally(() => (kept.reading = null))
    return kept.reading
  }

  async #readNow(kept: CachedOwner): Promise<void> {
    const { store, notices, onRead } = this.#options
    const marks = notices.versionOf(kept)
    // A read that fails is not repeated in the background at once either.
    const begun = (kept.readAt = wholeMilliseconds())
    this.#counts.reads++
    try {
      if (await this.#onlyServicesChanged(kept)) kept.seen = marks
      else {
        const read = await readParts(store, kept.owner)
        const list = await compileInPieces(read, kept.list ?? undefined)
        const service = this.#shared(read.parts.service)
        kept.took = wholeMilliseconds() - begun
        if (!this.#isInconsistent(kept, marks))
          Object.assign(kept, { usesGroups: read.usesGroups, service, seen: marks, list, torn: 0 })
      }
      kept.lastError = null
    } catch (error) {
      kept.lastError = error instanceof Error ? error : new Error(String(error))
      this.#counts.failedReads++
    }
    onRead(kept.owner, kept.list, kept.lastError)
  }

  /**
   * Whether somebody changed what was read while it was read: a long list comes in pages, and a rule that was
   * moved meanwhile can be in none of them. It is read again, but not for ever: where changes never stop, a list
   * of today is better than one of yesterday.
   */
  #isInconsistent(kept: CachedOwner, marks: Version): boolean {
    if (!this.#options.notices.hasChangedSince(marks, kept) || kept.inconsistentReads === TORN_MAX)
      return false
    kept.inconsistentReads++
    return true
  }

  /** Spares an owner of many rules a new list whenever some other domain's service is switched. */
  async #onlyServicesChanged(kept: CachedOwner): Promise<boolean> {
    const { store, notices, isSubscribed: isTold } = this.#options
    const domain = serviceDomainOf(kept.owner)
    if (domain === null || !isTold() || !kept.list || kept.lastError !== null) return false
    if (!notices.areSeen(kept) || !notices.maySwitch(kept)) return false
    return (await readable(store.readService(domain))) === kept.service
  }

  /** Most services are described by the same text, which is kept once then. */
  #shared(service: string | null | Unreadable): string | null | undefined {
    // One that can't be read is like none other, so that it is looked at again.
    if (service instanceof Unreadable) return undefined
    if (service !== this.#lastService) this.#lastService = service
    return this.#lastService
  }
}
