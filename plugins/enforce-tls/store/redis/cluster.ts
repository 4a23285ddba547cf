/**
 * What is asked of a Redis Cluster as a whole, not of the node of one key. Rejects where not every node can be
 * asked: a part of the answer is none.
 */
import type Redis from 'ioredis'
import type { Cluster } from 'ioredis'

const SLOTS = 16_384

/** One line of CLUSTER SLOTS: a range, and the nodes that serve it, the master first. */
type SlotRange = readonly [first: number, last: number, master: readonly [host: string | null, port: number]]

/**
 * The connections to the masters that together serve all keys.
 *
 * @throws where keys are served by nobody, or a master is not connected.
 */
export async function mastersOf(cluster: Cluster): Promise<Redis[]> {
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

/** Closes connections through which nothing comes, so that their nodes are connected to anew. Total. */
export async function dropSilentNodes(cluster: Cluster): Promise<void> {
  const look = async (node: Redis): Promise<void> => {
    try {
      await node.ping()
    } catch (error) {
      // One that does not permit the question has answered it.
      if (!(error instanceof Error && error.name === 'ReplyError')) node.disconnect()
    }
  }
  await Promise.all(
    cluster
      .nodes()
      .filter(({ status }) => status !== 'wait')
      .map(look),
  )
}
