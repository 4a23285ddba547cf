/**
 * What a near cache keeps of owners, found in as few steps as a decision allows: a message asks for a domain and
 * a sender below it at once. The number of owners is bounded; of the domain that was not used for longest the
 * oldest senders go first, then the domain. The whole service always stays.
 */
import { LRUCache } from 'lru-cache'
import { EVERYONE } from '../rules/owner.js'
import type { RuleList } from '../rules/rule-list.js'

/** How many notices of each kind have come. */
export interface Version {
  readonly all: number
  readonly domains: number
  readonly groups: number
  readonly own: number
}

/** What is kept of an owner. There may be a hundred thousand: small whole numbers take no memory of their own. */
export interface CachedOwner {
  readonly owner: string
  /** The last list that was read; what stands in for broken entries is in it. */
  list: RuleList | null
  /** Why the last read gave none, else `null`. */
  lastError: Error | null
  /** The service entry that the list was compiled with; `undefined` for one that can't be read. */
  service: string | null | undefined
  usesGroups: boolean
  /** Notices that the last read has taken into account; `null` before the first. */
  seen: Version | null
  /** Notices of this owner. */
  notices: number
  /** When a decision last found it, to a tick, in milliseconds of the process. */
  usedAt: number
  readAt: number
  /** How long the last read took, in milliseconds. */
  took: number
  /** How many reads in a row came to nothing because of changes meanwhile. */
  inconsistentReads: number
  reading: Promise<void> | null
}

const NEVER = -1_000_000_000

/** The process's clock. */
export function wholeMilliseconds(): number {
  return Math.round(performance.now())
}

/** An owner of whom nothing is known yet. */
export function newlyCached(owner: string): CachedOwner {
  return {
    owner,
    list: null,
    lastError: null,
    service: null,
    usesGroups: false,
    seen: null,
    notices: 0,
    usedAt: NEVER,
    readAt: NEVER,
    took: 0,
    inconsistentReads: 0,
    reading: null,
  }
}

/** A sending domain and its senders. */
export interface Family {
  own: CachedOwner | undefined
  /** By local part, the one that was used last at the end. */
  senders: Map<string, CachedOwner> | undefined
}

/** Owners that are kept. */
export class CachedOwners {
  readonly #max: number
  readonly #families: LRUCache<string, Family>
  #everyone: CachedOwner | undefined
  #size = 0

  /** @param max most owners that are kept */
  constructor(max: number) {
    this.#max = max
    // One more, so that it is never the one to drop something.
    this.#families = new LRUCache({ max: max + 1 })
  }

  get size(): number {
    return this.#size
  }

  /** The whole service. */
  get everyone(): CachedOwner | undefined {
    return this.#everyone
  }

  /** A domain with its senders; does not count as a use. */
  family(domain: string): Family | undefined {
    return this.#families.peek(domain)
  }

  /** Does not count as a use. */
  find(owner: string): CachedOwner | undefined {
    if (owner === EVERYONE) return this.#everyone
    const { domain, local } = partsOf(owner)
    const family = this.#families.peek(domain)
    return local === null ? family?.own : family?.senders?.get(local)
  }

  /** Adds an owner that is not there yet; another one may have to go. */
  add(kept: CachedOwner): void {
    this.#size++
    if (kept.owner === EVERYONE) this.#everyone = kept
    else {
      const { domain, local } = partsOf(kept.owner)
      const family = this.#families.get(domain) ?? { own: undefined, senders: undefined }
      this.#families.set(domain, family)
      if (local === null) family.own = kept
      else (family.senders ??= new Map<string, CachedOwner>()).set(local, kept)
    }
    while (this.#size > this.#max && this.#families.size > 0) this.#dropOne()
  }

  /** Notes a use. */
  use({ owner }: CachedOwner): void {
    if (owner === EVERYONE) return
    const { domain, local } = partsOf(owner)
    const senders = this.#families.get(domain)?.senders
    const sender = local === null ? undefined : senders?.get(local)
    if (local === null || !senders || !sender) return
    senders.delete(local)
    senders.set(local, sender)
  }

  clear(): void {
    this.#families.clear()
    this.#everyone = undefined
    this.#size = 0
  }

  #dropOne(): void {
    const [domain = ''] = this.#families.rkeys()
    const family = this.#families.peek(domain)
    const [oldest] = family?.senders?.keys() ?? []
    if (!family) return
    if (oldest === undefined) family.own = undefined
    else family.senders?.delete(oldest)
    this.#size--
    if (family.own === undefined && !family.senders?.size) this.#families.delete(domain)
  }
}

function partsOf(owner: string): { domain: string; local: string | null } {
  const at = owner.lastIndexOf('@')
  return at < 0 ? { domain: owner, local: null } : { domain: owner.slice(at + 1), local: owner.slice(0, at) }
}

/** Told by a near cache. */
export interface PolicyCacheListener {
  /**
   * An owner was read, or could not be.
   *
   * @param list what is in force, the one read before where it could not; `null` where it never was
   * @param trouble why not, or `null`
   */
  onRead(owner: string, list: RuleList | null, trouble: Error | null): void
  /** As in `ChangeListener`. */
  onSubscription(hears: boolean, why: string): void
}
