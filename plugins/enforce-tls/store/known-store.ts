/**
 * A store whose answers count only while it is the one whose rules were seen before. It stands between the store and
 * those who decide: what an owner has in a store that has lost its rules, or that is cut off from its master, is
 * unknown, and thrown as a `DoubtfulStore`.
 */
import type { StoredGroups } from '../rules/group.js'
import type { OwnerEntries } from '../rules/owner-entries.js'
import type { EntryPlace } from '../rules/entry-problem.js'
import { serviceDomainOf } from '../rules/owner.js'
import {
  StoreError,
  type ChangeListener,
  type DecidingStore,
  type KeyExpiry,
  type RuleStore,
} from './rule-store.js'
import { StoreWatch, type StoreView, type StoreWatchOptions } from './watch.js'

/** What a store answers does not count now. */
export class DoubtfulStore extends StoreError {
  /** @param owner the only one whom it is about; `null` for all, which is in the log already */
  constructor(
    code: 'STORE_GONE' | 'STORE_UNAVAILABLE',
    message: string,
    readonly owner: string | null = null,
  ) {
    super(code, message)
    this.name = 'DoubtfulStore'
  }
}

/** What it is given besides its store. */
export interface KnownStoreOptions extends StoreWatchOptions {
  /** Most owners that are cached. */
  readonly maxOwners: number
}

/** A store behind which another one is looked at. */
export class KnownStore implements DecidingStore {
  readonly description: string
  readonly stamp?: () => Promise<unknown>
  readonly #store: RuleStore
  readonly #watch: StoreWatch
  readonly #onEmptyStore: KnownStoreOptions['onEmptyStore']
  /** Owners that were last read with rules. */
  readonly #withRules = new Set<string>()
  readonly #maxOwners: number
  /** Those whose rules vanish by themselves, or have. */
  readonly #expiring = new Set<string>()

  constructor(store: RuleStore, options: KnownStoreOptions) {
    this.#store = store
    this.description = store.description
    if (store.stamp) this.stamp = store.stamp
    this.#onEmptyStore = options.onEmptyStore
    this.#maxOwners = options.maxOwners
    this.#watch = new StoreWatch(store, options)
  }

  /** Looks at the store from now on, also while nobody asks for rules. */
  start(): void {
    this.#watch.start()
  }

  /** Whether its rules are lost. */
  get gone(): boolean {
    return this.#watch.gone
  }

  /** Whether they are lost, and mail goes as if there were none (`on_empty_store=deliver`). */
  get emptied(): boolean {
    return this.#watch.emptied
  }

  /** Whether no rules were ever seen in it, as far as is known. */
  get isNew(): boolean {
    return this.#watch.isNew
  }

  /** Whether this Haraka would not know after a restart that it has lost them. */
  get unremembered(): boolean {
    return this.#watch.unremembered
  }

  /** Whether they may be lost by something that can be mended. */
  get atRisk(): boolean {
    return this.#watch.atRisk || this.#expiring.size > 0
  }

  /** @throws {DoubtfulStore} where what the store holds does not count; as the store itself does otherwise. */
  async readOwner(owner: string): Promise<OwnerEntries> {
    const entries = await this.#read(owner)
    // Afterwards: what was read of a store that is still the same then was read of it.
    const [view, expiry] = await Promise.all([
      this.#watch.look(),
      entries.rules.size > 0 ? this.#store.expiryOf(owner) : null,
    ])
    assertCounts(view)
    this.#assertWhole(entries, view, expiry)
    return entries
  }

  async #read(owner: string): Promise<OwnerEntries> {
    try {
      return await this.#store.readOwner(owner)
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'STORE_GONE') throw error
      if (this.#onEmptyStore() === 'deliver') return { owner, rules: new Map(), service: null }
      this.#watch.warnings.gone(error.message)
      throw new DoubtfulStore('STORE_GONE', error.message)
    }
  }

  /** @throws as `readOwner`. */
  async readRules(owner: string): Promise<ReadonlyMap<string, string>> {
    const rules = await this.#store.readRules(owner)
    assertCounts(await this.#watch.look())
    return rules
  }

  readService(domain: string): Promise<string | null> {
    return this.#store.readService(domain)
  }

  groups(): Promise<StoredGroups> {
    return this.#store.groups()
  }

  watch(listener: ChangeListener): () => void {
    return this.#store.watch({
      onChange: (change) => {
        if (change.key !== 'rules') this.#watch.lookSoon()
        listener.onChange(change)
      },
      onSubscription: (...state) => listener.onSubscription(...state),
    })
  }

  placeOf(place: EntryPlace): string {
    return this.#store.placeOf(place)
  }

  /** Ends looking; the store itself is closed by who opened it. */
  close(): void {
    this.#watch.close()
  }

  /** Rules that are gone all at once, from a store that may remove them by itself, are no rules that somebody deleted. */
  #assertWhole({ owner, rules, service }: OwnerEntries, view: StoreView, expiry: KeyExpiry | null): void {
    const evicts = view.health.evicts !== null
    if (rules.size === 0) {
      if ((evicts || this.#expiring.has(owner)) && this.#withRules.has(owner))
        throw this.#vanished(owner, `all rules of ${owner}`)
      this.#withRules.delete(owner)
      return
    }
    this.#noteExpiry(owner, expiry)
    this.#remember(owner)
    const domain = serviceDomainOf(owner)
    if ((evicts || view.keysExpire) && domain !== null && service === null && !view.identity.hasServices)
      throw this.#vanished(owner, `the services of all domains, ${domain} too,`)
  }

  #remember(owner: string): void {
    this.#withRules.delete(owner)
    this.#withRules.add(owner)
    const [oldest] = this.#withRules
    if (this.#withRules.size > this.#maxOwners && oldest !== undefined) this.#withRules.delete(oldest)
  }

  #vanished(owner: string, what: string): DoubtfulStore {
    const problem = `${what} disappeared at once from ${this.description}, which may have removed them itself (a time to live, or maxmemory-policy); write them again or, if somebody removed them on purpose, fix that and restart Haraka`
    return new DoubtfulStore('STORE_GONE', problem, owner)
  }

  #noteExpiry(owner: string, expiry: KeyExpiry | null): void {
    if (expiry === null) return
    // What has vanished since it was read stays in mind.
    if (typeof expiry.after === 'number') this.#expiring.add(owner)
    else if (expiry.after === 'never') this.#expiring.delete(owner)
    this.#watch.warnings.expiry(expiry)
  }
}

/** What was read counts only of a store that still has its rules and the link to its master. */
function assertCounts({ standing, health }: StoreView): void {
  if (standing.state === 'gone') throw new DoubtfulStore('STORE_GONE', standing.problem)
  if (health.behind !== null) throw new DoubtfulStore('STORE_UNAVAILABLE', health.behind)
}
