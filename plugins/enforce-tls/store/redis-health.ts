/**
 * What endangers the rules in a Redis: a limit of memory with a policy that removes keys at will, keys with a time to
 * live, a replica that has lost its master. Rejects as `ask` does; what a user of Redis may not ask is told as unknown.
 */
import { Cluster, type Redis } from 'ioredis'
import { mastersOf } from './redis-cluster.js'
import type { RedisConnection } from './redis-connection.js'
import type { StoreHealth } from './rule-store.js'

type Connection = Pick<RedisConnection, 'ask' | 'description'>

/** Looks at all servers that hold keys. @param keys those that are looked at one by one */
export async function readHealth(connection: Connection, keys: readonly string[]): Promise<StoreHealth> {
  const nodes = await connection.ask<readonly Redis[]>({
    key: null,
    writes: false,
    send: (redis) => (redis instanceof Cluster ? mastersOf(redis) : Promise.resolve([redis])),
  })
  const [infos, expiries] = await Promise.all([
    Promise.all(
      nodes.flatMap((node) => ['memory', 'replication'].map((part) => readInfo(connection, node, part))),
    ),
    Promise.all(keys.map(async (key) => ({ key, after: await askExpiry(connection, key) }))),
  ])
  const told = infos.filter((info) => info !== NOT_PERMITTED)
  const evicting = told.find(mayEvict)
  const unknown = [
    ...(told.length === infos.length ? [] : ['its memory policy and its master (+info)']),
    ...(expiries.some(({ after }) => after === NOT_PERMITTED) ? ['whether keys expire (+pttl)'] : []),
  ]
  return {
    mayEvict: evicting !== undefined,
    risks: [
      ...(evicting === undefined ? [] : [evictionRisk(connection, evicting)]),
      ...expiries.flatMap(({ key, after }) =>
        typeof after === 'number' ? [expiryRisk(`${connection.description}: key ${key}`, after)] : [],
      ),
    ],
    behind: told.some(isCutOff)
      ? `${connection.description} is a replica whose link to its master is down, so its data may be out of date; check the master, or name it in [redis]`
      : null,
    unknown:
      unknown.length === 0
        ? null
        : `${connection.description} does not permit this user to ask for ${unknown.join(' and ')}; check the ACL of the user`,
  }
}

/** What a key with a time to live means. @param after in milliseconds */
export function expiryRisk(place: string, after: number): string {
  return `${place} expires in ${Math.ceil(after / 1000)} s, and its rules with it; keep it with PERSIST`
}

/** After how long a key vanishes, in milliseconds; `null` for never, or where that may not be asked. */
export async function expiryOf(connection: Connection, key: string): Promise<number | null> {
  const after = await askExpiry(connection, key)
  return after === NOT_PERMITTED ? null : after
}

const NOT_PERMITTED = 'not permitted'

function askExpiry(connection: Connection, key: string): Promise<number | null | typeof NOT_PERMITTED> {
  return connection.ask<number | null | typeof NOT_PERMITTED>({
    key,
    writes: false,
    // -1: never, -2: there is no such key.
    send: (redis) => redis.pttl(key).then((after) => (after < 0 ? null : after), whenNotPermitted),
  })
}

function readInfo(connection: Connection, node: Redis, part: string): Promise<string> {
  return connection.ask({
    key: null,
    writes: false,
    send: () => node.info(part).catch(whenNotPermitted),
  })
}

function whenNotPermitted(error: unknown): typeof NOT_PERMITTED {
  // Some services rename commands away.
  if (error instanceof Error && /^(?:NOPERM|ERR unknown command)/.test(error.message)) return NOT_PERMITTED
  throw error
}

function fieldOf(info: string, name: string): string {
  return new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? ''
}

/** Without a limit nothing is removed. */
function mayEvict(info: string): boolean {
  return Number(fieldOf(info, 'maxmemory')) > 0 && fieldOf(info, 'maxmemory_policy').startsWith('allkeys-')
}

function isCutOff(info: string): boolean {
  return fieldOf(info, 'role') === 'slave' && fieldOf(info, 'master_link_status') === 'down'
}

function evictionRisk({ description }: Connection, info: string): string {
  return `${description} removes any key, rules too, when its memory is full (maxmemory-policy ${fieldOf(info, 'maxmemory_policy')}); set maxmemory-policy noeviction, or volatile-lru`
}
