/**
 * Reads and compiles the rules of one owner into what is kept of it. What can't be read or does not validate
 * leaves the last valid list as it is, with the trouble beside it.
 */
import { serviceDomainOf } from '../rules/owner.js'
import { compileInPieces } from './compile-in-pieces.js'
import { wholeMilliseconds, type KeptOwner, type Marks } from './kept-owners.js'
import type { Notices } from './notices.js'
import { readRules } from './read-rules.js'
import type { DecidingStore } from './rule-store.js'

/** What a reader works with. */
export interface OwnerReaderOptions {
  readonly store: DecidingStore
  readonly notices: Notices
  /** Whether nothing can change without a notice now. */
  readonly isTold: () => boolean
  /** As in `NearCacheListener`. */
  readonly onRead: (owner: string, trouble: Error | null, known: boolean) => void
}

/** How many times in a row a read is done again because of changes meanwhile. */
const TORN_MAX = 2

/** Reads owners. */
export class OwnerReader {
  readonly #options: OwnerReaderOptions
  readonly #counts = { reads: 0, failedReads: 0 }
  #lastService: string | null = null

  constructor(options: OwnerReaderOptions) {
    this.#options = options
  }

  /** What it has done so far. */
  get counts(): { readonly reads: number; readonly failedReads: number } {
    return this.#counts
  }

  /** One read at a time for each owner, whoever asks. Never rejects. */
  read(kept: KeptOwner): Promise<void> {
    kept.reading ??= this.#readNow(kept).finally(() => (kept.reading = null))
    return kept.reading
  }

  async #readNow(kept: KeptOwner): Promise<void> {
    const { store, notices, onRead } = this.#options
    const marks = notices.marksOf(kept)
    // A read that fails is not repeated in the background at once either.
    const begun = (kept.readAt = wholeMilliseconds())
    this.#counts.reads++
    try {
      if (await this.#onlyServicesChanged(kept)) kept.seen = marks
      else {
        const { entries, groups, usesGroups } = await readRules(store, kept.owner)
        // Also of a list that turns out to be invalid: it is not read again before something changes.
        const about = { usesGroups, service: this.#shared(entries.service), seen: marks }
        const list = await compileInPieces(entries, groups).catch((error: unknown) => {
          Object.assign(kept, about)
          throw error
        })
        kept.took = wholeMilliseconds() - begun
        if (!this.#isTorn(kept, marks)) Object.assign(kept, about, { list, torn: 0 })
      }
      kept.trouble = null
    } catch (error) {
      kept.trouble = error instanceof Error ? error : new Error(String(error))
      this.#counts.failedReads++
    }
    onRead(kept.owner, kept.trouble, kept.list !== null)
  }

  /**
   * Whether somebody changed what was read while it was read: a long list comes in pages, and a rule that was
   * moved meanwhile can be in none of them. It is read again, but not for ever: where changes never stop, a list
   * of today is better than one of yesterday.
   */
  #isTorn(kept: KeptOwner, marks: Marks): boolean {
    if (!this.#options.notices.hasChangedSince(marks, kept) || kept.torn === TORN_MAX) return false
    kept.torn++
    return true
  }

  /** Spares an owner of many rules a new list whenever some other domain's service is switched. */
  async #onlyServicesChanged(kept: KeptOwner): Promise<boolean> {
    const { store, notices, isTold } = this.#options
    const domain = serviceDomainOf(kept.owner)
    if (domain === null || !isTold() || !kept.list || kept.trouble !== null) return false
    if (!notices.areSeen(kept) || !notices.maySwitch(kept)) return false
    return (await store.readService(domain)) === kept.service
  }

  /** Most services are described by the same text, which is kept once then. */
  #shared(service: string | null): string | null {
    if (service !== this.#lastService) this.#lastService = service
    return this.#lastService
  }
}
