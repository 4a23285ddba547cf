/**
 * What endangers the rules in a Redis: a limit of memory with a policy that removes keys at will, keys with a time to
 * live, a replica that has lost its master. Rejects as `ask` does; what a user of Redis may not ask is unknown.
 */
import type { Redis } from 'ioredis'
import { serversOf } from './cluster.js'
import type { Asks } from './options.js'
import type { KeyExpiry, StoreHealth } from '../rule-store.js'

type Connection = Asks & { readonly description: string }

/** Looks at all servers that hold keys. @param keys those that are looked at one by one */
export async function readHealth(connection: Connection, keys: readonly string[]): Promise<StoreHealth> {
  const { description } = connection
  const nodes = await serversOf(connection)
  const parts = nodes.flatMap((node) => ['memory', 'replication'].map((part) => ({ node, part })))
  const [infos, pings, expiries] = await Promise.all([
    Promise.all(parts.map(({ node, part }) => readInfo(connection, node, part))),
    Promise.all(nodes.map((node) => askWhetherAlive(connection, node))),
    Promise.all(keys.map((key) => askExpiry(connection, key))),
  ])
  const known = infos.filter((info) => info !== NOT_PERMITTED)
  const evicting = known.find(mayEvict)
  const unknown = [
    ...(known.length === infos.length ? [] : ['its memory policy and its master (+info)']),
    ...(expiries.includes(NOT_PERMITTED) ? ['whether keys expire (+pttl)'] : []),
    ...(pings.includes(NOT_PERMITTED) ? ['a sign of life (+ping)'] : []),
  ]
  return {
    evicts:
      evicting === undefined
        ? null
        : `${description} removes any key, rules too, when its memory is full (maxmemory-policy ${fieldOf(evicting, 'maxmemory_policy')}); set maxmemory-policy noeviction, or volatile-lru`,
    keys: keys.map((key, index) => ({ key, after: afterOf(expiries[index]) })),
    replica: known.some(isReplica),
    behind: known.some(isCutOff)
      ? `${description} is a replica whose link to its master is down, so its data may be out of date; check the master, or name it in [redis]`
      : null,
    unknown:
      unknown.length === 0
        ? null
        : `${description} does not permit this user to ask for ${unknown.join(' and ')}; check the ACL of the user`,
  }
}

/** After how long a key vanishes. */
export async function expiryOf(connection: Connection, key: string): Promise<KeyExpiry> {
  return { key, after: afterOf(await askExpiry(connection, key)) }
}

const NOT_PERMITTED = 'not permitted'

function afterOf(answer: number | typeof NOT_PERMITTED | undefined): KeyExpiry['after'] {
  if (typeof answer !== 'number' || answer === -2) return 'gone'
  return answer < 0 ? 'never' : answer
}

/** The answer of PTTL: milliseconds, -1 for never, -2 for no such key. */
function askExpiry(connection: Connection, key: string): Promise<number | typeof NOT_PERMITTED> {
  return connection.ask<number | typeof NOT_PERMITTED>({
    key,
    writes: false,
    send: (redis) => redis.pttl(key).catch(whenNotPermitted),
  })
}

/** As the feed and a Cluster do of connections that are silent. */
function askWhetherAlive(connection: Connection, node: Redis): Promise<string> {
  return connection.ask<string>({
    key: null,
    writes: false,
    send: () => node.ping().catch(whenNotPermitted),
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

function isReplica(info: string): boolean {
  return fieldOf(info, 'role') === 'slave'
}

function isCutOff(info: string): boolean {
  return isReplica(info) && fieldOf(info, 'master_link_status') === 'down'
}
