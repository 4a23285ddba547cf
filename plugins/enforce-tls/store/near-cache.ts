/**
 * The rules of owners, compiled and near: looked up without any I/O while nothing has changed. The store tells
 * of changes, whoever makes them, and the owner is then read again before the next decision. Owners without
 * rules are kept too. What was last known stays in force while the store is away or an owner's rules are broken.
 *
 * A notice can be lost, so nothing here trusts notices alone: a list in use is read again in the background now
 * and then, and where the store can't tell of changes at all, no list is used that was read too long ago.
 */
import type { MailAddress } from '../rules/address.js'
import { serviceDomainOf } from '../rules/owner.js'
import { InvalidEntry, type RuleList } from '../rules/rule-list.js'
import { compileInPieces } from './compile-in-pieces.js'
import { KeptOwners, newlyKept, type KeptOwner, type Marks } from './kept-owners.js'
import { readRules } from './read-rules.js'
import { StoreError, type Change, type RuleStore } from './rule-store.js'

/** How a near cache works. Times in milliseconds. */
export interface NearCacheOptions {
  /** Most owners that are kept; the one that was not used for longest goes first. */
  readonly maxOwners: number
  /** How long a decision waits for a read; what was last known is in force then. */
  readonly patience: number
  /** A list in use is read again in the background after this time. @default 25 s, or 10 s without notices */
  readonly rereadAfter?: { readonly hearing: number; readonly deaf: number }
  /** Without notices, no list is used that was read longer ago. @default 25 s */
  readonly staleAfter?: number
}

/** Told by a near cache. */
export interface NearCacheListener {
  /**
   * An owner was read, or could not be.
   *
   * @param trouble why not, or `null`
   * @param known whether there is a last valid list, which stays in force
   */
  onRead(owner: string, trouble: Error | null, known: boolean): void
  /** As in `ChangeListener`. */
  onHearing(hears: boolean, why: string): void
}

/** What a near cache has done so far, for metrics. */
export interface NearCacheCounts {
  readonly hits: number
  readonly misses: number
  readonly reads: number
  readonly failedReads: number
  /** Owners that are kept now. */
  readonly owners: number
  /** Whether the store tells of changes now. */
  readonly hears: boolean
}

/** A list that takes long to read is read again in the background only after so many times that long. */
const REST = 100
const REREAD_AFTER = { hearing: 25_000, deaf: 10_000 }
const STALE_AFTER = 25_000
/** How many times in a row a read is done again because of changes meanwhile. */
const TORN_MAX = 2
/** How old a read under way may be, for another decision to share it, in ms. */
const JOINABLE = 50
/** How exact ages are. */
const TICK = 1000

/** The rules of owners, as near as can be. */
export class NearCache {
  readonly #store: RuleStore
  readonly #options: Required<NearCacheOptions>
  readonly #listener: NearCacheListener
  readonly #kept: KeptOwners
  readonly #unwatch: () => void
  readonly #clock: NodeJS.Timeout
  readonly #counts = { hits: 0, misses: 0, reads: 0, failedReads: 0 }
  readonly #notices = { all: 0, domains: 0, groups: 0 }
  #lastMarks: Marks = { all: 0, domains: 0, groups: 0, own: 0 }
  #lastService: string | null = null
  #hears = false
  #stamp: unknown = null
  #now = wholeMilliseconds()

  constructor(store: RuleStore, options: NearCacheOptions, listener: NearCacheListener) {
    this.#store = store
    this.#options = { rereadAfter: REREAD_AFTER, staleAfter: STALE_AFTER, ...options }
    this.#listener = listener
    this.#kept = new KeptOwners(options.maxOwners)
    this.#clock = setInterval(() => (this.#now = wholeMilliseconds()), TICK).unref()
    this.#unwatch = store.watch({
      onChange: (change) => this.#onChange(change),
      onHearing: (hears, why) => {
        this.#hears = hears
        listener.onHearing(hears, why)
      },
    })
  }

  /** What it has done so far. */
  get counts(): NearCacheCounts {
    return { ...this.#counts, owners: this.#kept.size, hears: this.#hears }
  }

  /** The list in force of an owner, if that can be told without any I/O; else `null`: use `get`. */
  peek(owner: string): RuleList | null {
    return this.#inForce(this.#kept.find(owner))
  }

  /** The same of all owners that an address is subject to, as `ownersOf` has them. */
  peekAll({ local, domain }: MailAddress): readonly RuleList[] | null {
    const everyone = this.#inForce(this.#kept.everyone)
    if (!everyone) return null
    if (domain === '') return [everyone]
    const family = this.#kept.family(domain)
    const own = this.#inForce(family?.own)
    const sender = this.#inForce(family?.senders?.get(local))
    return own && sender && [everyone, own, sender]
  }

  /**
   * The list in force of an owner; read first where it is not known, or has changed.
   *
   * @throws {StoreError | InvalidEntry} when it can't be read and never could.
   */
  async get(owner: string): Promise<RuleList> {
    await this.#compareStamp()
    const kept = this.#kept.find(owner) ?? this.#added(owner)
    this.#kept.use(kept)
    if (this.#isFresh(kept)) this.#counts.hits++
    else {
      this.#counts.misses++
      await this.#withPatience(this.#refresh(kept))
    }
    if (kept.list) return kept.list
    throw kept.trouble ?? this.#impatient(owner)
  }

  /** Ends the watch; reads under way come to nothing. Safe to call twice. */
  close(): void {
    clearInterval(this.#clock)
    this.#unwatch()
    this.#kept.clear()
  }

  #added(owner: string): KeptOwner {
    const kept = newlyKept(owner)
    this.#kept.add(kept)
    return kept
  }

  /** The list of an owner, where it is known to be in force. */
  #inForce(kept: KeptOwner | undefined): RuleList | null {
    if (!kept?.list || this.#store.stamp !== undefined || !this.#isFresh(kept)) return null
    this.#counts.hits++
    if (kept.usedAt !== this.#now) {
      // Its place in the order of use need not be more exact than a tick.
      kept.usedAt = this.#now
      this.#kept.use(kept)
      this.#rereadInBackground(kept)
    }
    return kept.list
  }

  #onChange(change: Change): void {
    if (change.key !== 'rules') this.#notices[change.key]++
    else {
      const kept = this.#kept.find(change.owner)
      if (kept) kept.notices++
    }
  }

  /** Where a store has a stamp in place of notices. */
  async #compareStamp(): Promise<void> {
    if (this.#store.stamp === undefined) return
    // What can't be stamped can't be read either, and reading says why: NaN is never the same.
    const stamp = await this.#store.stamp().catch(() => NaN)
    if (stamp === this.#stamp) return
    this.#stamp = stamp
    this.#notices.all++
  }

  /** Most owners have seen the same. */
  #marksOf({ notices: own }: KeptOwner): Marks {
    const { all, domains, groups } = this.#notices
    const last = this.#lastMarks
    if (last.all === all && last.domains === domains && last.groups === groups && last.own === own)
      return last
    return (this.#lastMarks = { all, domains, groups, own })
  }

  #isFresh(kept: KeptOwner): boolean {
    const { seen, trouble, usesGroups, notices } = kept
    if (seen === null || (trouble !== null && !(trouble instanceof InvalidEntry))) return false
    const { all, groups } = this.#notices
    return (
      seen.all === all &&
      seen.own === notices &&
      (!usesGroups || seen.groups === groups) &&
      !this.#mustCompareService(kept) &&
      (this.#isTold || this.#now - kept.readAt < this.#options.staleAfter)
    )
  }

  #mustCompareService({ owner, seen }: KeptOwner): boolean {
    return seen?.domains !== this.#notices.domains && serviceDomainOf(owner) !== null
  }

  /** Whether nothing can have changed without a notice. */
  get #isTold(): boolean {
    return this.#hears || this.#store.stamp !== undefined
  }

  #rereadInBackground(kept: KeptOwner): void {
    const { hearing, deaf } = this.#options.rereadAfter
    const after = this.#hears ? Math.max(hearing, REST * kept.took) : deaf
    if (this.#now - kept.readAt > after) void this.#read(kept)
  }

  /** Reads until nothing has changed meanwhile, or a read fails. */
  async #refresh(kept: KeptOwner): Promise<void> {
    const asked = performance.now()
    do {
      await this.#read(kept)
    } while (kept.trouble === null && (!this.#isFresh(kept) || this.#isTooOld(kept, asked)))
  }

  /**
   * Whether a read under way began so long before somebody joined it that a change may lie between: the notice
   * of it may come after the answer. Not where reading takes so long that nobody would wait for a second time.
   */
  #isTooOld({ readAt, took }: KeptOwner, asked: number): boolean {
    return asked - readAt > JOINABLE && took < this.#options.patience
  }

  /** One read at a time for each owner, whoever asks. Never rejects. */
  #read(kept: KeptOwner): Promise<void> {
    kept.reading ??= this.#readNow(kept).finally(() => (kept.reading = null))
    return kept.reading
  }

  async #readNow(kept: KeptOwner): Promise<void> {
    const { owner } = kept
    const marks = this.#marksOf(kept)
    const begun = wholeMilliseconds()
    // A read that fails is not repeated in the background at once either.
    kept.readAt = begun
    this.#counts.reads++
    try {
      if (await this.#onlyServicesChanged(kept)) kept.seen = marks
      else {
        const { entries, groups, usesGroups } = await readRules(this.#store, owner)
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
    this.#listener.onRead(owner, kept.trouble, kept.list !== null)
  }

  /**
   * Whether somebody changed what was read while it was read: a long list comes in pages, and a rule that was
   * moved meanwhile can be in none of them. It is read again, but not for ever: where changes never stop, a list
   * of today is better than one of yesterday.
   */
  #isTorn(kept: KeptOwner, { all, groups, own }: Marks): boolean {
    const now = this.#marksOf(kept)
    if ((all === now.all && groups === now.groups && own === now.own) || kept.torn === TORN_MAX) return false
    kept.torn++
    return true
  }

  /** Spares an owner of many rules a new list whenever some other domain's service is switched. */
  async #onlyServicesChanged(kept: KeptOwner): Promise<boolean> {
    const domain = serviceDomainOf(kept.owner)
    const { seen } = kept
    if (domain === null || !this.#isTold || !kept.list || kept.trouble !== null || seen === null) return false
    const { all, groups, domains } = this.#notices
    if (seen.all !== all || seen.own !== kept.notices || (kept.usesGroups && seen.groups !== groups))
      return false
    if (seen.domains === domains) return false
    return (await this.#store.readService(domain)) === kept.service
  }

  /** Most services are described by the same text. */
  #shared(service: string | null): string | null {
    if (service !== this.#lastService) this.#lastService = service
    return this.#lastService
  }

  async #withPatience(work: Promise<void>): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const patience = new Promise<void>((resolve) => (timer = setTimeout(resolve, this.#options.patience)))
    await Promise.race([work, patience])
    clearTimeout(timer)
  }

  #impatient(owner: string): StoreError {
    return new StoreError(
      'STORE_UNAVAILABLE',
      `${this.#store.description} has not given the rules of ${owner} within ${this.#options.patience} ms`,
    )
  }
}

/** Of the process's clock. */
function wholeMilliseconds(): number {
  return Math.round(performance.now())
}
