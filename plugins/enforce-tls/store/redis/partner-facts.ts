/** What was observed of partners, in Redis: the hash `<prefix>suggest`. */
import type { RedisSettings } from '../../settings/redis.js'
import type { FactChange, PartnerFacts } from '../partner-facts.js'
import { RedisConnection } from './connection.js'
import { readHash } from './hash.js'

/** Fields of one command: Redis serves others in between. */
const FIELDS_MAX = 200

/** Takes a field, what is expected there and what comes instead, for each change; an empty text is none. */
const REPLACE = `
local others = {}
for i = 1, #ARGV, 3 do
  if (redis.call('HGET', KEYS[1], ARGV[i]) or '') ~= ARGV[i + 1] then
    others[#others + 1] = ARGV[i]
  elseif ARGV[i + 2] == '' then
    redis.call('HDEL', KEYS[1], ARGV[i])
  else
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 2])
  end
end
return others
`

/** What was observed of partners, in Redis. */
export class RedisPartnerFacts implements PartnerFacts {
  readonly #connection: RedisConnection
  readonly #key: string

  /** @throws {StoreError} for a `url` that can't be meant. */
  constructor(settings: RedisSettings) {
    this.#connection = new RedisConnection(settings)
    this.#key = `${settings.prefix}suggest`
  }

  readAll(): Promise<ReadonlyMap<string, string>> {
    return readHash(this.#connection, this.#key)
  }

  async read(names: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const found = new Map<string, string>()
    for (const part of inParts(names)) {
      const texts = await this.#connection.ask({
        key: this.#key,
        writes: false,
        send: (redis) => redis.hmget(this.#key, ...part),
      })
      for (const [index, text] of texts.entries()) if (text !== null) found.set(part[index] ?? '', text)
    }
    return found
  }

  size(): Promise<number> {
    const key = this.#key
    return this.#connection.ask({ key, writes: false, send: (redis) => redis.hlen(key) })
  }

  async replace(changes: ReadonlyMap<string, FactChange>): Promise<ReadonlySet<string>> {
    const others = new Set<string>()
    for (const part of inParts([...changes])) {
      const words = part.flatMap(([name, { expected, value }]) => [name, expected ?? '', value ?? ''])
      const key = this.#key
      const answer = await this.#connection.ask({
        key,
        writes: true,
        send: (redis) => redis.eval(REPLACE, 1, key, ...words),
      })
      for (const name of answer as string[]) others.add(name)
    }
    return others
  }

  close(): Promise<void> {
    return this.#connection.close()
  }
}

function inParts<T>(all: readonly T[]): T[][] {
  const parts: T[][] = []
  for (let at = 0; at < all.length; at += FIELDS_MAX) parts.push(all.slice(at, at + FIELDS_MAX))
  return parts
}
