/**
 * Rules in Redis, one hash for each owner, one for services, one for groups. A change is one compare-and-set script on one key, all or nothing;
 * every failure rejects with a `StoreError` that names the Redis and the key.
 */
import { assertGroupName, type StoredGroups } from '../rules/group.js'
import { assertOwner, type OwnerEntries } from '../rules/owner-entries.js'
import { quote, serviceDomainOf } from '../rules/owner.js'
import type { RedisSettings } from '../settings.js'
import { RedisConnection, type OnStateChange } from './redis-connection.js'
import { StoreError, type RuleChange, type RuleStore } from './rule-store.js'

/** What a Redis store tells of itself. */
export interface RedisStoreOptions {
  /** Called once for each change between reachable and not, the first one included. @default nobody */
  readonly onStateChange?: OnStateChange | undefined
}

/**
 * Takes five arguments for each field: its name, whether it is expected ("1") or not (""), the expected
 * value, whether it shall be there, the new value. Answers with the first field that is not as expected.
 * One key only, so that it works in a Redis Cluster.
 */
const COMPARE_AND_SET = `
for i = 1, #ARGV, 5 do
  local expected = ARGV[i + 1] == '1' and ARGV[i + 2]
  if redis.call('HGET', KEYS[1], ARGV[i]) ~= expected then return ARGV[i] end
end
for i = 1, #ARGV, 5 do
  if ARGV[i + 3] == '1' then
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 4])
  else
    redis.call('HDEL', KEYS[1], ARGV[i])
  end
end
return false
`

const SCAN_COUNT = 1000

/** Rules in a Redis. */
export class RedisStore implements RuleStore {
  readonly description: string
  readonly #connection: RedisConnection
  readonly #prefix: string

  /** @throws {StoreError} for a `url` that can't be meant; a Redis that is away shows at the first call. */
  constructor(settings: RedisSettings, { onStateChange }: RedisStoreOptions = {}) {
    this.#connection = new RedisConnection(settings, onStateChange)
    this.#prefix = settings.prefix
    this.description = this.#connection.description
  }

  async readOwner(owner: string): Promise<OwnerEntries> {
    const domain = serviceDomainOf(owner)
    // Two commands sent together and not a pipeline object: their keys live on different nodes of a Cluster.
    const [rules, service] = await Promise.all([
      this.#hash(`${this.#prefix}rules:${owner}`),
      domain === null ? null : this.#field(this.#domainsKey, domain),
    ])
    return { owner, rules, service }
  }

  /** As the keys name them: one that is not normalised is listed too, so that it can be shown. */
  async owners(): Promise<string[]> {
    const start = `${this.#prefix}rules:`
    const pattern = `${start.replace(/[\\*?[\]]/g, '\\$&')}*`
    const owners = new Set<string>()
    let cursor = '0'
    do {
      const [next, keys] = await this.#connection.ask({
        key: null,
        writes: false,
        send: (redis) => redis.scan(cursor, 'MATCH', pattern, 'COUNT', SCAN_COUNT),
      })
      for (const key of keys) owners.add(key.slice(start.length))
      cursor = next
    } while (cursor !== '0')
    return [...owners].sort()
  }

  services(): Promise<ReadonlyMap<string, string>> {
    return this.#hash(this.#domainsKey)
  }

  async writeService(domain: string, expected: string | null, value: string | null): Promise<void> {
    assertOwner(domain)
    await this.#compareAndSet(this.#domainsKey, [{ id: domain, expected, value }])
  }

  groups(): Promise<StoredGroups> {
    return this.#hash(this.#groupsKey)
  }

  async writeGroup(name: string, expected: string | null, value: string | null): Promise<void> {
    assertGroupName(name)
    await this.#compareAndSet(this.#groupsKey, [{ id: name, expected, value }])
  }

  async writeRules(owner: string, changes: readonly RuleChange[]): Promise<void> {
    assertOwner(owner)
    await this.#compareAndSet(`${this.#prefix}rules:${owner}`, changes)
  }

  placeOf({ key, owner, field }: Parameters<RuleStore['placeOf']>[0]): string {
    return placeIn(this.#prefix + (key === 'rules' ? `rules:${owner}` : key), field)
  }

  close(): Promise<void> {
    return this.#connection.close()
  }

  get #domainsKey(): string {
    return `${this.#prefix}domains`
  }

  get #groupsKey(): string {
    return `${this.#prefix}groups`
  }

  #hash(key: string): Promise<ReadonlyMap<string, string>> {
    return this.#connection.ask({
      key,
      writes: false,
      send: async (redis) => new Map(Object.entries(await redis.hgetall(key))),
    })
  }

  #field(key: string, field: string): Promise<string | null> {
    return this.#connection.ask({ key, writes: false, send: (redis) => redis.hget(key, field) })
  }

  async #compareAndSet(key: string, changes: readonly RuleChange[]): Promise<void> {
    if (changes.length === 0) return
    const words = changes.flatMap(({ id, expected, value }) => [
      id,
      ...optional(expected),
      ...optional(value),
    ])
    const conflict = await this.#connection.ask({
      key,
      writes: true,
      send: (redis) => redis.eval(COMPARE_AND_SET, 1, key, ...words) as Promise<string | null>,
    })
    if (conflict !== null)
      throw new StoreError(
        'STORE_CONFLICT',
        `${this.description}: ${placeIn(key, conflict)} was changed by somebody else in the meantime; nothing was written, read it again and repeat`,
      )
  }
}

function optional(text: string | null): [present: string, text: string] {
  return text === null ? ['', ''] : ['1', text]
}

function placeIn(key: string, field: string): string {
  return `key ${key}, field ${/^[\x21-\x7e]+$/.test(field) ? field : quote(field)}`
}
