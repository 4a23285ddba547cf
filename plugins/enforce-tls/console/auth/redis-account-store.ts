/**
 * Accounts and sessions in Redis, beside the rules: hashes `users` and `tokens`, and a key with a time to live for
 * each session. Failures are those of the rule store.
 */
import { RateLimiterRedis, type RateLimiterAbstract } from 'rate-limiter-flexible'
import type { RedisSettings } from '../../settings/redis.js'
import { RedisConnection } from '../../store/redis/connection.js'
import { newStepId, parseHistoryLine, type AccountChange, type HistoryEntry } from '../../store/history.js'
import { HISTORY_MOST, writeField } from '../../store/redis/evaluate.js'
import {
  accountConflict,
  SESSIONS_MAX,
  type AccountKind,
  type NewSession,
  type Witness,
  type TryLimit,
  type AccountStore,
} from './account-store.js'

/** So many entries of the history are read at a time. */
const HISTORY_CHUNK = 200

/** Accounts and sessions in a Redis. */
export class RedisAccountStore implements AccountStore {
  readonly description: string
  readonly #connection: RedisConnection
  readonly #prefix: string

  /** @throws {StoreError} for a `url` that can't be meant. */
  constructor(settings: RedisSettings) {
    this.#connection = new RedisConnection(settings)
    this.#prefix = settings.prefix
    this.description = this.#connection.description
  }

  all(kind: AccountKind): Promise<ReadonlyMap<string, string>> {
    const key = this.#prefix + kind
    return this.#connection.ask({
      key,
      writes: false,
      send: async (redis) => new Map(Object.entries(await redis.hgetall(key))),
    })
  }

  read(kind: AccountKind, name: string): Promise<string | null> {
    const key = this.#prefix + kind
    return this.#connection.ask({ key, writes: false, send: (redis) => redis.hget(key, name) })
  }

  async write(
    kind: AccountKind,
    name: string,
    expected: string | null,
    value: string | null,
    witness: Witness | null = null,
  ): Promise<void> {
    const key = this.#prefix + kind
    const change = { field: name, expected, value }
    const still = witness === null ? null : { field: witness.name, expected: witness.json }
    if (!(await writeField(this.#connection, key, change, still)))
      throw accountConflict(`${this.description}: key ${key}, field ${name}`)
  }

  readSession(key: string): Promise<string | null> {
    const name = this.#sessionKey(key)
    return this.#connection.ask({ key: name, writes: false, send: (redis) => redis.get(name) })
  }

  async createSession({ user, key, value, createdAt, expiresAt, endsAt }: NewSession): Promise<void> {
    const name = this.#sessionKey(key)
    const index = this.#indexKey(user)
    const sessions = await this.#connection.ask({
      key: index,
      writes: false,
      send: (redis) => redis.hgetall(index),
    })
    for (const old of endedBy(sessions, createdAt)) await this.dropSession(user, old)
    await this.#connection.ask({
      key: index,
      writes: true,
      send: (redis) => redis.hset(index, key, `${createdAt} ${endsAt}`),
    })
    await this.#connection.ask({
      key: name,
      writes: true,
      send: (redis) => redis.set(name, value, 'PX', timeTo(expiresAt)),
    })
  }

  async renewSession(key: string, value: string, expiresAt: number): Promise<void> {
    const name = this.#sessionKey(key)
    await this.#connection.ask({
      key: name,
      writes: true,
      send: (redis) => redis.set(name, value, 'PX', timeTo(expiresAt), 'XX'),
    })
  }

  async dropSession(user: string, key: string): Promise<void> {
    const name = this.#sessionKey(key)
    const index = this.#indexKey(user)
    await this.#connection.ask({ key: name, writes: true, send: (redis) => redis.del(name) })
    await this.#connection.ask({ key: index, writes: true, send: (redis) => redis.hdel(index, key) })
  }

  async sessionsOf(user: string): Promise<ReadonlyMap<string, string>> {
    const index = this.#indexKey(user)
    const sessions = await this.#connection.ask({
      key: index,
      writes: false,
      send: (redis) => redis.hgetall(index),
    })
    const found = new Map<string, string>()
    for (const key of Object.keys(sessions)) {
      const value = await this.readSession(key)
      if (value !== null) found.set(key, value)
    }
    return found
  }

  tokenUses(): Promise<ReadonlyMap<string, string>> {
    const key = this.#usesKey
    return this.#connection.ask({
      key,
      writes: false,
      send: async (redis) => new Map(Object.entries(await redis.hgetall(key))),
    })
  }

  async noteTokenUse(id: string, at: string | null): Promise<void> {
    const key = this.#usesKey
    await this.#connection.ask({
      key,
      writes: true,
      send: (redis) => (at === null ? redis.hdel(key, id) : redis.hset(key, id, at)),
    })
  }

  async record({ key, owner, field, value }: AccountChange, by: string): Promise<void> {
    const stream = this.#historyKey
    const entry = {
      at: new Date().toISOString(),
      by,
      key,
      owner,
      field,
      to: value,
      step: newStepId(),
      entries: 1,
    }
    await this.#connection.ask({
      key: stream,
      writes: true,
      send: (redis) =>
        redis.xadd(stream, 'MAXLEN', '~', HISTORY_MOST.entries, '*', 'entry', JSON.stringify(entry)),
    })
  }

  async *recorded(): AsyncGenerator<HistoryEntry> {
    const stream = this.#historyKey
    for (let end = '+'; ;) {
      const from = end
      const chunk = await this.#connection.ask({
        key: stream,
        writes: false,
        send: (redis) => redis.xrevrange(stream, from, '-', 'COUNT', HISTORY_CHUNK),
      })
      for (const [id, [, line = '']] of chunk) {
        const entry = parseHistoryLine(line)
        if (entry !== null) yield entry
        end = `(${id}`
      }
      if (chunk.length < HISTORY_CHUNK) return
    }
  }

  limiter({ name, points, duration }: TryLimit): RateLimiterAbstract {
    return new RateLimiterRedis({
      storeClient: this.#limiterClient(),
      useRedisPackage: true,
      keyPrefix: `${this.#prefix}tries:${name}`,
      points,
      duration,
    })
  }

  close(): Promise<void> {
    return this.#connection.close()
  }

  #sessionKey(key: string): string {
    return `${this.#prefix}session:${key}`
  }

  /** Of the sessions of a user: when they began, and when they end at the latest. */
  #indexKey(user: string): string {
    return `${this.#prefix}sessions-of:${user}`
  }

  get #historyKey(): string {
    return `${this.#prefix}account-history`
  }

  get #usesKey(): string {
    return `${this.#prefix}token-uses`
  }

  /** The two commands that the limiter sends, over the connection that explains its failures. */
  #limiterClient() {
    const ask = this.#connection.ask.bind(this.#connection)
    return {
      eval: (script: string, { keys, arguments: values }: { keys: string[]; arguments: string[] }) =>
        ask({
          key: keys[0] ?? null,
          writes: true,
          send: (redis) => redis.eval(script, keys.length, ...keys, ...values),
        }),
      del: (key: string) => ask({ key, writes: true, send: (redis) => redis.del(key) }),
    }
  }
}

/** The sessions of an index that make room for a new one: those that are over, and the oldest where there are too many. */
function endedBy(index: Readonly<Record<string, string>>, now: number): string[] {
  const sessions = Object.entries(index).map(([key, times]) => {
    const [createdAt = 0, endsAt = 0] = times.split(' ').map(Number)
    return { key, createdAt, endsAt }
  })
  const over = sessions.filter(({ endsAt }) => !(endsAt > now))
  const live = sessions.filter(({ endsAt }) => endsAt > now).sort((a, b) => b.createdAt - a.createdAt)
  return [...over, ...live.slice(SESSIONS_MAX - 1)].map(({ key }) => key)
}

/** In milliseconds; at least one, since Redis refuses less. */
function timeTo(expiresAt: number): number {
  return Math.max(1, expiresAt - Date.now())
}
