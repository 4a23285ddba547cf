/**
 * Gives orders for messages that wait, and waits for what becomes of them. An order that nobody has taken in time is
 * withdrawn, so that it is not carried out when everybody has forgotten it; whether that or the taking came first is
 * decided in the store. Rejects with a `StoreError` where the store does not answer.
 */
import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { SharedHashes } from '../store/shared-hashes.js'
import { HASHES, isStale, parseAnswer, parseOrder, type Action, type Order } from './orders.js'
import type { WaitingMessage, WaitingNode } from './read-waiting.js'

/** Between two looks for answers, in milliseconds. */
const LOOK_PAUSE = 250
/** Without any answer for so long, those that are missing are not waited for, in milliseconds. */
const PATIENCE = 10_000

/** What is ordered. */
export interface OrderRequest {
  readonly action: Action
  readonly by: string
  /** Needed for a release. */
  readonly reason: string
}

/** What became of an order for a message. */
export interface OrderResult {
  readonly message: WaitingMessage
  /** Whether it was carried out; `null` where that is unknown. */
  readonly done: boolean | null
  /** As a sentence without a full stop. */
  readonly says: string
}

/**
 * Orders the same for several messages.
 *
 * @param messages as whoever orders was shown them: what has changed since is not released or given up
 * @param nodes as they were read with the messages
 * @param patience how long to wait without any answer, in milliseconds
 */
export async function giveOrders(
  hashes: SharedHashes,
  {
    nodes,
    messages,
  }: { readonly nodes: readonly WaitingNode[]; readonly messages: readonly WaitingMessage[] },
  request: OrderRequest,
  patience = PATIENCE,
): Promise<OrderResult[]> {
  const results: OrderResult[] = []
  const open = new Map<string, WaitingMessage>()
  for (const node of nodes) {
    const there = messages.filter((message) => message.node === node.node)
    if (node.down) {
      const says = `${node.name} has not been seen since ${node.seen}; order it again when it is back`
      results.push(...there.map((message) => ({ message, done: false, says })))
      continue
    }
    const orders = new Map(there.map((message) => [message.id, orderFor(message, request)]))
    const texts = new Map([...orders].map(([id, order]) => [id, JSON.stringify(order)]))
    await withdrawStale(hashes, node.node, orders)
    const added = await hashes.add(HASHES.orders(node.node), texts)
    for (const message of there) {
      const order = orders.get(message.id)
      if (order && added.has(message.id)) open.set(order.id, message)
      else results.push({ message, done: false, says: 'somebody else has just ordered something for it' })
    }
  }
  return results.concat(await answersTo(hashes, open, patience))
}

/** What a command that was ended has left behind stands in nobody's way. */
async function withdrawStale(
  hashes: SharedHashes,
  node: string,
  orders: ReadonlyMap<string, Order>,
): Promise<void> {
  for (const [item, json] of await hashes.get(HASHES.orders(node), [...orders.keys()])) {
    const order = parseOrder(json, item)
    if (!order || isStale(order)) await hashes.take(HASHES.orders(node), item)
  }
}

function orderFor(message: WaitingMessage, { action, by, reason }: OrderRequest): Order {
  return {
    id: randomBytes(9).toString('base64url'),
    item: message.id,
    action,
    by,
    reason,
    at: new Date().toISOString(),
    demand: message.demand,
    class: message.class,
  }
}

async function answersTo(
  hashes: SharedHashes,
  open: Map<string, WaitingMessage>,
  patience: number,
): Promise<OrderResult[]> {
  const results: OrderResult[] = []
  let last = performance.now()
  while (open.size > 0 && performance.now() - last < patience) {
    await pause(LOOK_PAUSE)
    const answers = await hashes.get(HASHES.answers, [...open.keys()])
    for (const [id, json] of answers) {
      const message = open.get(id)
      const answer = parseAnswer(json)
      if (!message || !answer) continue
      open.delete(id)
      results.push({ message, done: answer.done, says: answer.says })
      last = performance.now()
    }
    await hashes.write(HASHES.answers, new Map([...answers.keys()].map((id) => [id, null])))
  }
  for (const message of open.values()) {
    const withdrawn = await hashes.take(HASHES.orders(message.node), message.id)
    results.push(
      withdrawn
        ? { message, done: false, says: 'nobody took the order in time, so it is withdrawn' }
        : { message, done: null, says: 'it is under way; look again in a moment' },
    )
  }
  return results
}
