/** Looks for keys, on one Redis or on all masters of a Cluster. */
import { Cluster, type Redis } from 'ioredis'
import { mastersOf } from './cluster.js'
import type { RedisConnection } from './connection.js'

/** How many keys one look brings, about. */
const SCAN_COUNT = 1000

/**
 * All keys that a pattern of Redis fits.
 *
 * @throws {StoreError} as `ask` does, also when a part of them can't be told.
 */
export async function findKeys(connection: RedisConnection, pattern: string): Promise<ReadonlySet<string>> {
  const found = new Set<string>()
  const nodes = await connection.ask<readonly Redis[]>({
    key: null,
    writes: false,
    send: (redis) => (redis instanceof Cluster ? mastersOf(redis) : Promise.resolve([redis])),
  })
  // While slots migrate, a key may move from a node that was not asked yet to one that was.
  const rounds = nodes.length > 1 ? [...nodes, ...nodes] : nodes
  for (const node of rounds) await findOn(connection, node, pattern, found)
  return found
}

async function findOn(
  connection: RedisConnection,
  node: Redis,
  pattern: string,
  found: Set<string>,
): Promise<void> {
  let cursor = '0'
  do {
    const [next, keys] = await connection.ask({
      key: null,
      writes: false,
      send: () => node.scan(cursor, 'MATCH', pattern, 'COUNT', SCAN_COUNT),
    })
    for (const key of keys) found.add(key)
    cursor = next
  } while (cursor !== '0')
}
