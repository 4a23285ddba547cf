/**
 * What is asked of a whole Redis, and so of all masters of a Cluster, not of the node of one key. Rejects where not
 * every node can be asked: a part of the answer is none.
 */
import { Cluster, type Redis } from 'ioredis'
import type { Asks } from './options.js'

const SLOTS = 16_384
/** How many keys one look brings, about. */
const SCAN_COUNT = 1000

/** One line of CLUSTER SLOTS: a range, and the nodes that serve it, the master first. */
type SlotRange = readonly [first: number, last: number, master: readonly [host: string | null, port: number]]

/**
 * The servers that together have all keys: one, or the masters of a Cluster.
 *
 * @throws {StoreError} as `ask` does, also where keys are served by nobody, or a master is not connected.
 */
export function serversOf(connection: Asks): Promise<readonly Redis[]> {
  return connection.ask<readonly Redis[]>({
    key: null,
    writes: false,
    send: (redis) => (redis instanceof Cluster ? mastersOf(redis) : Promise.resolve([redis])),
  })
}

async function mastersOf(cluster: Cluster): Promise<Redis[]> {
  const ranges = (await cluster.cluster('SLOTS')) as unknown as SlotRange[]
  const served = ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0)
  if (served !== SLOTS) throw new Error(`CLUSTERDOWN ${SLOTS - served} of ${SLOTS} slots are not served`)
  const names = [...new Set(ranges.map(([, , [host, port]]) => `${host ?? ''}:${port}`))]
  if (!names.every((name) => connections(cluster).has(name)))
    await new Promise<void>((resolve) => {
      cluster.refreshSlotsCache(() => resolve())
    })
  const known = connections(cluster)
  return names.map((name) => {
    const node = known.get(name)
    if (!node) throw new Error(`CLUSTERDOWN the master ${name} is not connected`)
    return node
  })
}

function connections(cluster: Cluster): ReadonlyMap<string, Redis> {
  return new Map(cluster.nodes().map((node) => [`${node.options.host}:${node.options.port}`, node]))
}

/**
 * Closes connections through which nothing comes, so that their nodes are connected to anew. Total.
 *
 * @returns whether any node has answered
 */
export async function dropSilentNodes(cluster: Cluster): Promise<boolean> {
  const look = async (node: Redis): Promise<boolean> => {
    try {
      await node.ping()
      return true
    } catch (error) {
      // One that does not permit the question has answered it.
      if (error instanceof Error && error.name === 'ReplyError') return true
      node.disconnect()
      return false
    }
  }
  const connected = cluster.nodes().filter(({ status }) => status !== 'wait')
  return (await Promise.all(connected.map(look))).includes(true)
}

/**
 * All keys that a pattern of Redis fits.
 *
 * @throws {StoreError} as `ask` does, also when a part of them is not known.
 */
export async function findKeys(connection: Asks, pattern: string): Promise<ReadonlySet<string>> {
  const found = new Set<string>()
  const nodes = await serversOf(connection)
  // While slots migrate, a key may move from a node that was not asked yet to one that was.
  const rounds = nodes.length > 1 ? [...nodes, ...nodes] : nodes
  for (const node of rounds) await findOn(connection, node, pattern, found)
  return found
}

async function findOn(connection: Asks, node: Redis, pattern: string, found: Set<string>): Promise<void> {
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
