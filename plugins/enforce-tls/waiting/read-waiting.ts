/**
 * What waits in all processes and nodes that share the store, as they told it last. Rejects with a `StoreError` where the
 * store does not answer: what waits is unknown then, not "nothing".
 */
import type { SharedHashes } from '../store/shared-hashes.js'
import { sorting, type InPieces } from '../work/pieces.js'
import { inPieces } from '../work/turns.js'
import { DOWN_AFTER, parseHeartbeat } from './node-heartbeat.js'
import { HASHES, parseGrant, parseOrder } from './orders.js'
import { parseRecord, type WaitingRecord } from './record.js'
import { untriedOf } from './untried-items.js'

/** A node that tells what waits there. */
export interface WaitingNode {
  readonly node: string
  /** The name of its Haraka. */
  readonly name: string
  /** When it was seen last, in ISO 8601 and UTC. */
  readonly seen: string
  /** Whether it has not been seen for a minute: what waits there is as it was then. */
  readonly down: boolean
  /** Whether more waits there than it tells. */
  readonly more: boolean
  /** How many messages it has not tried since it started, and has no record of: whether they wait for TLS is unknown. */
  readonly untried: number
}

/** A message that waits. */
export interface WaitingMessage extends WaitingRecord {
  readonly node: string
  /** What is ordered for it and not yet carried out, and by whom; empty for nothing. */
  readonly ordered: string
  /** Who has released it; empty for nobody. */
  readonly releasedBy: string
}

/** All that is known. */
export interface Waiting {
  readonly nodes: readonly WaitingNode[]
  /** Longest waiting first. */
  readonly messages: readonly WaitingMessage[]
}

/** What is asked for; all of it must hold. */
export interface WaitingFilter {
  /** The recipients' domain. */
  readonly partner?: string | undefined
  /** A rule's id. */
  readonly rule?: string | undefined
  /** Whose rule it is. */
  readonly owner?: string | undefined
  /** Ids of messages. */
  readonly ids?: readonly string[] | undefined
  /** Whether whoever asks may see mail of these owners' rules. @default everything */
  readonly accepts?: ((message: WaitingMessage) => boolean) | undefined
}

/** So many records are looked at between two yields. */
const PIECE = 100

/** Reads which nodes there are, and nothing of what waits there. @param now as for `readWaiting` */
export async function readNodes(hashes: SharedHashes, now = Date.now()): Promise<WaitingNode[]> {
  const nodes: WaitingNode[] = []
  for (const [node, json] of await hashes.read(HASHES.nodes)) {
    const beat = parseHeartbeat(json)
    if (!beat) continue
    const down = now - Date.parse(beat.at) > DOWN_AFTER
    const untried = untriedOf((await hashes.read(HASHES.untried(node))).values(), beat.at)
    nodes.push({ node, name: beat.name, seen: beat.at, down, more: beat.more, untried })
  }
  return nodes.sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Reads what waits. @param now for who is down, in milliseconds since the epoch */
export async function readWaiting(
  hashes: SharedHashes,
  filter: WaitingFilter = {},
  now = Date.now(),
): Promise<Waiting> {
  const nodes = await readNodes(hashes, now)
  let messages: readonly WaitingMessage[] = []
  for (const { node } of nodes) {
    const records = await hashes.read(HASHES.items(node))
    const orders = await hashes.read(HASHES.orders(node))
    const grants = await hashes.read(HASHES.grants(node))
    messages = messages.concat(await inPieces(matching(node, filter, records, orders, grants)))
  }
  return { nodes, messages: await inPieces(sorting(messages, bySince)) }
}

function* matching(
  node: string,
  filter: WaitingFilter,
  records: ReadonlyMap<string, string>,
  orders: ReadonlyMap<string, string>,
  grants: ReadonlyMap<string, string>,
): InPieces<WaitingMessage[]> {
  const found: WaitingMessage[] = []
  let looked = 0
  for (const [id, json] of records) {
    if (++looked % PIECE === 0) yield
    const record = parseRecord(json)
    if (record?.id !== id) continue
    const order = parseOrder(orders.get(id) ?? '', id)
    const grant = parseGrant(grants.get(id) ?? '', id)
    const message = {
      ...record,
      node,
      ordered: order ? `${order.action} by ${order.by}` : '',
      releasedBy: grant?.by ?? '',
    }
    if (fits(message, filter)) found.push(message)
  }
  return found
}

function fits(message: WaitingMessage, { partner, rule, owner, ids, accepts }: WaitingFilter): boolean {
  const { domain, rules, id } = message
  return (
    (partner === undefined || domain === partner) &&
    (rule === undefined ||
      rules.some((each) => each.id === rule && (owner === undefined || each.owner === owner))) &&
    (owner === undefined || rules.some((each) => each.owner === owner)) &&
    (ids === undefined || ids.includes(id)) &&
    (accepts === undefined || accepts(message))
  )
}

function bySince(a: WaitingMessage, b: WaitingMessage): number {
  if (a.since !== b.since) return a.since < b.since ? -1 : 1
  return a.id < b.id ? -1 : 1
}
