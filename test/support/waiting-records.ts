/** Records of waiting mail as a Haraka would tell them, and a stand-in that answers orders for them. */
import type { SharedHashes } from '../../plugins/enforce-tls/store/shared-hashes.js'
import { HASHES, parseOrder, type Order } from '../../plugins/enforce-tls/waiting/orders.js'
import type { WaitingRecord } from '../../plugins/enforce-tls/waiting/record.js'

const HOUR = 3_600_000

/** A record; what a test does not say is as it usually is. */
export function waitingRecord(id: string, given: Partial<WaitingRecord> = {}): WaitingRecord {
  const at = (hours: number) => new Date(Date.now() + hours * HOUR).toISOString()
  return {
    id,
    uuid: `${id.toUpperCase()}.1`,
    sender: 'ann@acme.example',
    recipients: ['cfo@bank.example'],
    recipientCount: 1,
    domain: 'bank.example',
    rules: [{ owner: 'acme.example', id: 'payments', name: 'Payments' }],
    level: 'encrypt',
    class: 'starttls-deferred',
    detail: 'answered STARTTLS with 454 4.7.0 TLS not available due to temporary reason',
    host: 'mx.bank.example',
    since: at(-5),
    next: at(1),
    until: at(60),
    tries: 7,
    demand: 'demand',
    terms: 'terms',
    ...given,
  }
}

/** Tells records, and that their node was seen. */
export async function tellWaiting(
  hashes: SharedHashes,
  node: string,
  records: readonly WaitingRecord[],
  { at = new Date().toISOString(), more = false }: { readonly at?: string; readonly more?: boolean } = {},
): Promise<void> {
  const beat = JSON.stringify({ name: `${node}.test.example`, at, more })
  await hashes.write(HASHES.nodes, new Map([[node, beat]]))
  await hashes.write(
    HASHES.items(node),
    new Map(records.map((record) => [record.id, JSON.stringify(record)])),
  )
}

/** Takes orders and says that they are done, until it is stopped; gives those that it took. */
export function answerOrders(hashes: SharedHashes, node: string): { orders: Order[]; stop: () => void } {
  const orders: Order[] = []
  const timer = setInterval(() => void answer(), 50)
  const answer = async (): Promise<void> => {
    for (const [item, json] of await hashes.read(HASHES.orders(node))) {
      if (!(await hashes.take(HASHES.orders(node), item))) continue
      const order = parseOrder(json, item)
      if (!order) continue
      orders.push(order)
      const said = { order: order.id, item, done: true, says: 'it is tried now', at: order.at }
      await hashes.write(HASHES.answers, new Map([[order.id, JSON.stringify(said)]]))
    }
  }
  return { orders, stop: () => clearInterval(timer) }
}
