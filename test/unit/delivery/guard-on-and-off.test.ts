/** The guard put on an item and taken off it, and the hops that need none. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import constants from 'haraka-constants'
import { Guard } from '../../../plugins/enforce-tls/delivery/guard.js'
import { GUARDED_METHODS } from '../../../plugins/enforce-tls/delivery/guarded-item.js'
import { makeDelivery, required } from '../../support/guarded-delivery.js'

const NO_TLS = { starttls: false }
const DELIVERED = ['delivered 1/0/0', 'file removed', 'next']

describe('the guard on and off an item', () => {
  it('gives the item its own version of each method, and takes every one of them off', async () => {
    await using delivery = await makeDelivery({ hosts: [] })
    const { item } = delivery
    const before = Object.getOwnPropertyNames(item)
    const guard = delivery.attach()
    guard.enforce(required())
    assert.deepEqual(
      Object.getOwnPropertyNames(item).filter((name) => !before.includes(name)),
      [...GUARDED_METHODS],
    )
    guard.detach()
    assert.deepEqual(Object.getOwnPropertyNames(item), before)
    assert.equal(Guard.delivered(item, item.todo.rcpt_to), null)
    assert.deepEqual(delivery.events, [])
  })

  it("an item that is Haraka's own again heeds Haraka's own force_tls_hosts", async () => {
    await using delivery = await makeDelivery({
      decide: (guard) => {
        guard.detach()
      },
    })
    delivery.haraka.forceTlsHosts.add('127.0.0.1')
    delivery.haraka.hooks['get_mx'] = () => [constants.ok, [{ exchange: '127.0.0.1', port: 1 }]]
    await delivery.run()
    assert.ok(delivery.told.includes('connect 127'))
  })

  it('is one guard over all attempts, with an epoch for each', async () => {
    await using delivery = await makeDelivery({ hosts: [] })
    const first = delivery.attach()
    const { epoch } = first
    assert.equal(delivery.attach(), first)
    assert.notEqual(first.epoch, epoch)
  })

  it('a hook that is not waited for any more ends the epoch, so that its decision is known to be late', async () => {
    let epoch = 0
    await using delivery = await makeDelivery({
      decide: (guard) => {
        epoch = guard.epoch
        return [constants.denysoft, 'plugin timeout']
      },
    })
    await delivery.run()
    assert.notEqual(delivery.guard?.epoch, epoch)
  })

  it('a decision in time leaves the epoch as it was', async () => {
    let epoch = 0
    await using delivery = await makeDelivery({
      decide: (guard, _item, requirement) => {
        epoch = guard.epoch
        guard.enforce(requirement)
      },
    })
    await delivery.run()
    assert.equal(delivery.guard?.epoch, epoch)
  })

  it('a hop that the settings trust gets the message without TLS', async () => {
    await using delivery = await makeDelivery({ hosts: [NO_TLS], trustedNextHops: ['mx1.bank.example'] })
    await delivery.run()
    assert.deepEqual(delivery.told, [
      'get_mx',
      'connect mx1, TLS not forced',
      'MAIL mx1 in the clear',
      ...DELIVERED,
    ])
  })

  it('and no other hop does', async () => {
    await using delivery = await makeDelivery({
      hosts: ['down', NO_TLS],
      trustedNextHops: ['mx1.bank.example'],
      failureAction: 'bounce',
    })
    await delivery.run()
    assert.deepEqual(delivery.told.slice(1, 4), ['connect mx1, TLS not forced', 'connect mx2', 'temp_fail'])
    assert.deepEqual(delivery.peers[1]?.cleartextAfterEhlo(), [])
  })
})
