/**
 * Rules in Redis, one hash for each owner. A change is one compare-and-set script, all or nothing; every
 * failure rejects with a `StoreError` that names the Redis and the key.
 */
import type { StoredGroups } from '../../rules/group.js'
import type { OwnerEntries } from '../../rules/owner-entries.js'
import type { EntryPlace } from '../../rules/entry-problem.js'
import { EVERYONE, serviceDomainOf } from '../../rules/owner.js'
import { quote } from '../../text/quote.js'
import { sorting } from '../../work/pieces.js'
import type { RedisSettings } from '../../settings/redis.js'
import { RedisConnection, type OnStateChange } from './connection.js'
import type { EntryChange, WriteOptions } from '../entry-change.js'
import { EntryWriter } from '../entry-writer.js'
import {
  historyFacts,
  isAskedFor,
  newStepId,
  toHistoryEntry,
  type HistoryEntry,
  type HistoryQuery,
  type ReleaseRecord,
} from '../history.js'
import type { ChangeCheck } from '../reads-back.js'
import { decode } from './decode.js'
import { readHash } from './hash.js'
import { RedisFeed } from './feed.js'
import { expiryOf, readHealth } from './health.js'
import { findKeys } from './cluster.js'
import { restartRisk } from './persistence.js'
import { markingOf, readIdentity, setMarker, type MarkerKeys } from './marker.js'
import { HISTORY_MOST } from './evaluate.js'
import { writeEntries } from './write.js'
import type { ChangeListener, KeyExpiry, RuleStore, StoreHealth, StoreIdentity } from '../rule-store.js'
import { inPieces } from '../../work/turns.js'

/** What a Redis store is given besides its settings. */
export interface RedisStoreOptions {
  /** Called once for each change between reachable and not, the first one included. @default nobody */
  readonly onStateChange?: OnStateChange | undefined
  /** Looks at the meaning of every change. @default none does */
  readonly check?: ChangeCheck | undefined
}

/** How many entries of the history are read at a time; one may have megabytes. */
const HISTORY_CHUNK = 50

/** Rules in a Redis. */
export class RedisStore extends EntryWriter implements RuleStore {
  readonly description: string
  readonly #connection: RedisConnection
  readonly #settings: RedisSettings
  readonly #prefix: string

  /** @throws {StoreError} for a `url` that can't be meant; a Redis that is away shows at the first call. */
  constructor(settings: RedisSettings, { onStateChange, check }: RedisStoreOptions = {}) {
    super(check)
    this.#connection = new RedisConnection(settings, onStateChange)
    this.#settings = settings
    this.#prefix = settings.prefix
    this.description = this.#connection.description
  }

  async readOwner(owner: string): Promise<OwnerEntries> {
    const domain = serviceDomainOf(owner)
    // Two commands sent together and not a pipeline object: their keys live on different nodes of a Cluster.
    const [rules, service] = await Promise.all([
      this.readRules(owner),
      domain === null ? null : this.#field(this.#domainsKey, domain),
    ])
    return { owner, rules, service }
  }

  readRules(owner: string): Promise<ReadonlyMap<string, string>> {
    return readHash(this.#connection, `${this.#prefix}rules:${owner}`)
  }

  readService(domain: string): Promise<string | null> {
    return this.#field(this.#domainsKey, domain)
  }

  watch(listener: ChangeListener): () => void {
    const feed = new RedisFeed(this.#settings, {
      onChange: (keys) => {
        if (keys === null) listener.onChange({ key: 'all' })
        else for (const key of keys) this.#emitChange(key, listener)
      },
      onSubscription: (subscribed, why) => listener.onSubscription(subscribed, why),
    })
    return () => feed.close()
  }

  #emitChange(key: string, listener: ChangeListener): void {
    const name = key.slice(this.#prefix.length)
    if (name.startsWith('rules:')) listener.onChange({ key: 'rules', owner: name.slice('rules:'.length) })
    else if (name === 'domains' || name === 'groups') listener.onChange({ key: name })
  }

  /** As the keys name them: one that is not normalised is listed too, so that it can be shown. */
  async owners(): Promise<string[]> {
    const start = `${this.#prefix}rules:`
    const pattern = `${start.replace(/[\\*?[\]]/g, '\\$&')}*`
    const keys = await findKeys(this.#connection, pattern)
    const owners = [...keys].map((key) => key.slice(start.length))
    return [...(await inPieces(sorting(owners, (a, b) => (a < b ? -1 : a === b ? 0 : 1))))]
  }

  services(): Promise<ReadonlyMap<string, string>> {
    return readHash(this.#connection, this.#domainsKey)
  }

  groups(): Promise<StoredGroups> {
    return readHash(this.#connection, `${this.#prefix}groups`)
  }

  override async writeAll(changes: readonly EntryChange[], { by, marker }: WriteOptions = {}): Promise<void> {
    await this.assertAcceptable(changes)
    const context = {
      connection: this.#connection,
      description: this.description,
      historyKey: this.#historyKey,
      markerKeys: this.#markerKeys,
      keyOf: (change: EntryChange) => this.#keyOf(change),
      placeOf: (change: EntryChange) => this.placeOf(change),
    }
    await writeEntries(context, changes, by, markingOf(marker, by))
  }

  identity(): Promise<StoreIdentity> {
    return readIdentity(this.#connection, this.#markerKeys)
  }

  async writeMarker(expected: string | null, value: string): Promise<void> {
    await setMarker(this.#connection, this.#markerKeys, expected, value)
  }

  health(): Promise<StoreHealth> {
    const { marker, services, rulesForAll } = this.#markerKeys
    return readHealth(this.#connection, [marker, services, `${this.#prefix}groups`, rulesForAll])
  }

  restartRisk = (): Promise<string | null> => restartRisk(this.#connection)

  expiryOf(owner: string): Promise<KeyExpiry> {
    return expiryOf(this.#connection, `${this.#prefix}rules:${owner}`)
  }

  override async *historyEntries(query: Omit<HistoryQuery, 'limit'>): AsyncGenerator<HistoryEntry> {
    let end = '+'
    for (;;) {
      const from = end
      const chunk = await this.#connection.ask({
        key: this.#historyKey,
        writes: false,
        send: (redis) => redis.xrevrangeBuffer(this.#historyKey, from, '-', 'COUNT', HISTORY_CHUNK),
      })
      for (const [rawId, words] of chunk) {
        const id = rawId.toString()
        const entry = toHistoryEntry({ at: timeOf(id), ...paired(await decode(words)) })
        if (entry && isAskedFor(entry, query)) yield entry
        end = `(${id}`
      }
      if (chunk.length < HISTORY_CHUNK) return
    }
  }

  async recordRelease({ owner, field, value }: ReleaseRecord, by: string): Promise<void> {
    const key = this.#historyKey
    const about = ['by', by, 'key', 'releases', 'owner', owner, 'field', field, 'to', value]
    const step = ['step', newStepId(), 'entries', '1']
    await this.#connection.ask({
      key,
      writes: true,
      send: (redis) => redis.xadd(key, 'MAXLEN', '~', HISTORY_MOST.entries, '*', ...about, ...step),
    })
  }

  async facts(): Promise<Readonly<Record<string, string>>> {
    const info = await this.#connection.ask({
      key: null,
      writes: false,
      send: (redis) =>
        redis.info('server').catch((error: unknown) => {
          // A user of Redis may do without it.
          if (error instanceof Error && error.message.startsWith('NOPERM')) return ''
          throw error
        }),
    })
    const version = /^redis_version:(.*)$/m.exec(info)?.[1]?.trim()
    return {
      store: this.description,
      version: version === undefined ? 'unknown' : `Redis ${version}`,
      ...historyFacts(await this.#historyBegins(), HISTORY_MOST),
    }
  }

  async #historyBegins(): Promise<string | null> {
    const [first] = await this.#connection.ask({
      key: this.#historyKey,
      writes: false,
      send: (redis) =>
        redis.xrangeBuffer(this.#historyKey, '-', '+', 'COUNT', 1).catch((error: unknown) => {
          // Haraka's user of Redis does without it; what is no stream is said when it is written.
          if (error instanceof Error && /^(?:NOPERM|WRONGTYPE)/.test(error.message)) return []
          throw error
        }),
    })
    return first === undefined ? null : timeOf(first[0].toString())
  }

  placeOf(place: EntryPlace): string {
    return placeIn(this.#keyOf(place), place.field)
  }

  close(): Promise<void> {
    return this.#connection.close()
  }

  #keyOf({ key, owner }: EntryPlace): string {
    return key === 'rules' ? `${this.#prefix}rules:${owner}` : `${this.#prefix}${key}`
  }

  get #markerKeys(): MarkerKeys {
    return {
      marker: `${this.#prefix}store`,
      services: this.#domainsKey,
      rulesForAll: `${this.#prefix}rules:${EVERYONE}`,
      traces: [this.#historyKey, `${this.#prefix}deliveries`],
    }
  }

  get #historyKey(): string {
    return `${this.#prefix}history`
  }

  get #domainsKey(): string {
    return `${this.#prefix}domains`
  }

  #field(key: string, field: string): Promise<string | null> {
    return this.#connection.ask({ key, writes: false, send: (redis) => redis.hget(key, field) })
  }
}

/** The time in the id of an entry of a stream. */
function timeOf(id: string): string {
  return new Date(Number(id.split('-')[0])).toISOString()
}

function paired(words: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    words.flatMap((word, index) => (index % 2 === 0 ? [[word, words[index + 1] ?? '']] : [])),
  )
}

function placeIn(key: string, field: string): string {
  return `key ${key}, field ${/^[\x21-\x7e]+$/.test(field) ? field : quote(field)}`
}
