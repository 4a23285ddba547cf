/** What plugins name as mail servers of a guarded item, and what Haraka is told. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import constants from 'haraka-constants'
import { makeDelivery } from '../../support/guarded-delivery.js'

describe('what a plugin names as mail servers', () => {
  for (const answer of [null, '', [], {}, 42, { exchange: '127.0.0.1', port: 70_000 }])
    it(`${JSON.stringify(answer)} names none: the item is tried again later`, async () => {
      await using delivery = await makeDelivery()
      delivery.haraka.hooks['get_mx'] = () => [constants.ok, answer]
      await delivery.run()
      assert.deepEqual(delivery.told, ['get_mx', 'temp_fail', 'deferred', 'next', 'again in 64 s'])
      assert.equal(delivery.statuses['cfo'], 'delayed 4.4.4')
    })

  const rows: readonly (readonly [
    what: string,
    code: number,
    hosts: unknown,
    told: string,
    status: string,
  ])[] = [
    ['a refusal is a bounce, as ever', constants.deny, undefined, 'bounce', 'failed 5.1.2'],
    ['a refusal for now is a deferral, as ever', constants.denysoft, undefined, 'temp_fail', 'delayed 4.1.2'],
    [
      'a null MX is a bounce, as ever',
      constants.ok,
      { exchange: '', priority: 0 },
      'bounce',
      'failed 5.1.10',
    ],
    [
      'a host without a name is a null MX, not this machine',
      constants.ok,
      { exchange: '.', priority: 5 },
      'bounce',
      'failed 5.1.10',
    ],
  ]
  for (const [what, code, hosts, told, status] of rows)
    it(what, async () => {
      await using delivery = await makeDelivery()
      delivery.haraka.hooks['get_mx'] = () => [code, hosts]
      await delivery.run()
      assert.deepEqual(delivery.told.slice(0, 2), ['get_mx', told])
      assert.equal(delivery.statuses['cfo'], status)
      assert.equal(delivery.peers[0]?.connections.length, 0)
    })
})
