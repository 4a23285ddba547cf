/**
 * Where rules are kept, behind one interface. A store moves JSON texts and knows their places; what they
 * mean is for `rules/` to say. Every call that fails rejects with a `StoreError` that names the store, the
 * place and the way out, and has then changed nothing, except where its message says that it can't know.
 */
import type { StoredGroups } from '../rules/group.js'
import type { OwnerEntries } from '../rules/owner-entries.js'
import type { EntryPlace } from '../rules/entry-problem.js'
import type { EntryChange, RuleChange, WriteOptions } from './entry-change.js'
import type { HistoryEntry, HistoryQuery, ReleaseRecord } from './history.js'

export type { EntryChange, RuleChange, WriteOptions } from './entry-change.js'
export type { HistoryEntry, HistoryQuery, ReleaseRecord } from './history.js'

/** Why a store did not do what it was asked to. */
export type StoreErrorCode =
  /** It did not answer, refused, or can't be reached; unknown is not "none". */
  | 'STORE_UNAVAILABLE'
  /** It answered with something that is not of the expected kind. */
  | 'STORE_CORRUPT'
  /** Somebody else changed the same entry in the meantime. */
  | 'STORE_CONFLICT'
  /** Of several changes on different nodes of a Cluster some were made, or all but not recorded; the message says which. */
  | 'STORE_HALFWAY'
  /** It answered, and is not the store with the rules that were seen before, or has lost them; unknown is not "none". */
  | 'STORE_GONE'
  /** What was to be written would not be read as what it says. */
  | 'STORE_REFUSED'

/** A failed call of a store. */
export class StoreError extends Error {
  constructor(
    readonly code: StoreErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
    this.name = 'StoreError'
  }
}

/** What somebody has changed. */
export type Change =
  | { readonly key: 'rules'; readonly owner: string }
  /** Some service, or some group. */
  | { readonly key: 'domains' | 'groups' }
  /** Anything: what is cached must be read again. */
  | { readonly key: 'all' }

/** What distinguishes a store from others, and whether it is without rules. */
export interface StoreIdentity {
  /** Its marker as it stands, see `parseMarker`; `null` where it has none. */
  readonly marker: string | null
  /** Why the marker may not be read, else `null`. */
  readonly markerProblem: string | null
  /** Whether any domain has a service. Without one, no rules act but those of `*`. */
  readonly hasServices: boolean
  /** Whether `*` has rules. */
  readonly hasRulesForAll: boolean
  /**
   * What lies beside it and shows that it had rules before: its history, its delivery log. Looked for only where it has
   * neither rules nor a marker, and as far as that may be seen.
   */
  readonly traces: readonly string[]
  /** Whether it is a file that is not there. */
  readonly missing: boolean
}

/** A key, and after how long it vanishes by itself. */
export interface KeyExpiry {
  readonly key: string
  /** In milliseconds, or `never`; `gone` where there is no such key, or that is unknown. */
  readonly after: number | 'never' | 'gone'
}

/** What endangers the rules in a store, apart from what anybody writes there. */
export interface StoreHealth {
  /** Why any of its keys may be removed at any time, else `null`. */
  readonly evicts: string | null
  /** The keys that are not an owner's own, and when they vanish by themselves. */
  readonly keys: readonly KeyExpiry[]
  /** Whether it copies another store. */
  readonly replica: boolean
  /** Why it may be behind the store that it copies, else `null`. */
  readonly behind: string | null
  /** Why that is unknown, else `null`. */
  readonly unknown: string | null
}

/** Gets what a store reports of changes in it. */
export interface ChangeListener {
  /** Something was changed, by anybody. */
  onChange(change: Change): void
  /**
   * Called once for each change between subscribed to all changes and not, the first one included. Until the
   * first call it is not.
   *
   * @param why what keeps it from that, for a log; empty while it is subscribed
   */
  onSubscription(subscribed: boolean, why: string): void
}

/** Rules and services of owners, and groups, kept somewhere. Owners and domains are passed normalised. */
export interface RuleStore {
  /** The store in a log line or an error, such as `redis redis://127.0.0.1:6379 (prefix enforce-tls:)`. */
  readonly description: string

  /** All that is kept of an owner, and of the service of its domain; an owner without rules has empty ones. */
  readOwner(owner: string): Promise<OwnerEntries>

  /** The rules of an owner alone, by id, as JSON. */
  readRules(owner: string): Promise<ReadonlyMap<string, string>>

  /** The service of a domain as JSON, or `null` where it has none. */
  readService(domain: string): Promise<string | null>

  /** Reports changes from now on, where the store can; gives what ends that. */
  watch(listener: ChangeListener): () => void

  /** In place of `watch`: gives something else after any change. For a store where asking that costs little. */
  readonly stamp?: () => Promise<unknown>

  /** Every owner that has rules, sorted. */
  owners(): Promise<string[]>

  /** Every service, by domain, as JSON. */
  services(): Promise<ReadonlyMap<string, string>>

  /** Every group, by name, as JSON. */
  groups(): Promise<StoredGroups>

  /** Sets a domain's service, or removes it with `null`; the same optimistic contract as `writeAll`. */
  writeService(
    domain: string,
    expected: string | null,
    value: string | null,
    options?: WriteOptions,
  ): Promise<void>

  /** Sets a group's patterns, or removes it with `null`; the same optimistic contract as `writeAll`. */
  writeGroup(
    name: string,
    expected: string | null,
    value: string | null,
    options?: WriteOptions,
  ): Promise<void>

  /** Writes rules of one owner, all or none; the same optimistic contract as `writeAll`. */
  writeRules(owner: string, changes: readonly RuleChange[], options?: WriteOptions): Promise<void>

  /**
   * Writes entries of any kind, all or none, and records them in the history in the same step.
   *
   * @throws {StoreError} `STORE_REFUSED` for a value that would not be read as it is; `STORE_CONFLICT` when any of them is not as expected; `STORE_HALFWAY` where the
   *   store is a Redis Cluster, can't change its nodes in one step, and failed between them.
   */
  writeAll(changes: readonly EntryChange[], options?: WriteOptions): Promise<void>

  /** Records in the history that a message was released, which changes no entry. @param by who did it */
  recordRelease(release: ReleaseRecord, by: string): Promise<void>

  /** What distinguishes this store from others. */
  identity(): Promise<StoreIdentity>

  /**
   * Sets the marker.
   *
   * @param expected what was last seen there
   * @throws {StoreError} `STORE_CONFLICT` where it is not as expected.
   */
  writeMarker(expected: string | null, value: string): Promise<void>

  /** What endangers the rules here. */
  health(): Promise<StoreHealth>

  /**
   * What a restart of the store would lose, and the way out, where it is a server that may lose anything; `null` where it
   * keeps all, or that is unknown.
   */
  readonly restartRisk?: () => Promise<string | null>

  /** After how long the rules of an owner vanish by themselves; `null` where nothing here does. */
  expiryOf(owner: string): Promise<KeyExpiry | null>

  /** The recorded changes, latest first. */
  history(query: HistoryQuery): Promise<readonly HistoryEntry[]>

  /** The same one by one, for whoever knows only on the way where to stop. */
  historyEntries(query: Omit<HistoryQuery, 'limit'>): AsyncIterable<HistoryEntry>

  /** What this store is, by name, for a person who looks after it: version or size, among others. */
  facts(): Promise<Readonly<Record<string, string>>>

  /** The place of an entry in this store's own words, for an error message. */
  placeOf(place: EntryPlace): string

  /** Gives back connections, watchers and timers. Safe to call twice. */
  close(): Promise<void>
}

/** The reading half of a store. */
export type ReadStore = Omit<
  RuleStore,
  'writeAll' | 'recordRelease' | 'writeRules' | 'writeService' | 'writeGroup' | 'writeMarker' | 'close'
>

/** What a decision needs of a store. */
export type DecidingStore = Pick<
  RuleStore,
  'description' | 'readOwner' | 'readRules' | 'readService' | 'groups' | 'watch' | 'stamp' | 'placeOf'
>
