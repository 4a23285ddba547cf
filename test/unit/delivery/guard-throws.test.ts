/** What throws under guard: the process lives, and the item has a next step. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { makeDelivery, required, type DeliveryOptions } from '../../support/guarded-delivery.js'

const NO_TLS = { starttls: false }

describe('what throws under guard puts the item back, and it is tried again', () => {
  const broken = (): Promise<never> => Promise.reject(new Error('broken'))
  const LMTP = { lmtp: true }
  const rows: readonly (readonly [what: string, options: DeliveryOptions, before: readonly string[]])[] = [
    [
      'a bounce that can not be written',
      { hosts: [NO_TLS], surroundings: { composeBounce: broken } },
      ['get_mx', 'connect mx1', 'bounce'],
    ],
    [
      'a queue file that can not be kept',
      { hosts: [NO_TLS], from: '', failures: 2, surroundings: { keepAsError: broken } },
      ['get_mx', 'connect mx1', 'temp_fail', 'bounce'],
    ],
    [
      'a message that can not be divided',
      { hosts: [LMTP], to: ['cfo@bank.example', 'ceo@bank.example'], surroundings: { divide: broken } },
      ['get_mx'],
    ],
  ]
  for (const [what, options, before] of rows)
    it(what, async () => {
      await using delivery = await makeDelivery(options)
      await delivery.run()
      assert.deepEqual(delivery.told, [...before, 'next', 'again in 60 s'])
      assert.match(delivery.haraka.log.join('\n'), /^CRIT .*broken/m)
      delivery.haraka.told.length = 0
      await delivery.again()
      assert.deepEqual(delivery.told.slice(0, before.length), before)
    })

  it('a socket that can not be secured', async () => {
    await using delivery = await makeDelivery()
    const { item, told } = delivery
    delivery.attach().enforce(required())
    let destroyed = false
    const socket = {
      targetsocket: { destroy: () => (destroyed = true) },
      removeAllListeners: () => undefined,
      clean: () => undefined,
    }
    item.try_deliver_host_on_socket({ exchange: '127.0.0.1' }, '127.0.0.1', 25, socket)
    assert.deepEqual(told, ['next', 'again in 60 s'])
    assert.ok(destroyed)
  })
})
