/** One row of a table of servers: what they do, and what Haraka is told of it. */
import assert from 'node:assert/strict'
import { makeDelivery, type DeliveryOptions } from '../../support/guarded-delivery.js'

export interface HostRow {
  /** What the servers do. */
  readonly what: string
  readonly options: DeliveryOptions
  /** What Haraka does, or is told to do, after the first connection is asked for. */
  readonly told: readonly string[]
  /** Of the recipient, as bounces and hooks of others read it. */
  readonly status: string
  /** What those who look on are told. */
  readonly seen: readonly string[]
}

export const BOUNCED = ['bounce', 'bounce about TLS, to ann@acme.example', 'file removed', 'next']
export const DEFERRED = ['temp_fail', 'deferred', 'next', 'again in 64 s']
export const DELIVERED = ['MAIL mx1 over TLS', 'delivered 1/0/0', 'file removed', 'next']

/** Delivers to them. */
export async function assertEnds({ options, told, status, seen }: HostRow): Promise<void> {
  await using delivery = await makeDelivery(options)
  await delivery.run()
  assert.deepEqual(delivery.told, ['get_mx', 'connect mx1', ...told])
  assert.equal(delivery.statuses['cfo'], status)
  assert.deepEqual(delivery.seen, seen)
  for (const peer of delivery.peers) assert.deepEqual(peer.cleartextAfterEhlo(), [])
}
