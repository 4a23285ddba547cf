/** A guarded item and what the rules say of it, in time, too late or never: nothing goes out before they have spoken. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import constants from 'haraka-constants'
import { Guard } from '../../../plugins/enforce-tls/delivery/guard.js'
import { GUARDED_METHODS } from '../../../plugins/enforce-tls/delivery/guarded-item.js'
import { makeDelivery, required, type DeliveryOptions } from '../../support/guarded-delivery.js'

const NO_TLS = { starttls: false }
const DELIVERED = ['delivered 1/0/0', 'file removed', 'next']

interface Row {
  readonly what: string
  readonly decide: NonNullable<DeliveryOptions['decide']>
  /** All that Haraka does, or is told to do. */
  readonly told: readonly string[]
  readonly status?: string
}

describe('what the rules say of an item', () => {
  const rows: readonly Row[] = [
    {
      what: 'TLS is required',
      decide: (guard, _item, requirement) => {
        guard.enforce(requirement)
      },
      told: ['get_mx', 'connect mx1', 'MAIL mx1 over TLS', ...DELIVERED],
    },
    {
      what: "nothing is required: the item is all Haraka's own",
      decide: (guard) => {
        guard.detach()
      },
      told: ['get_mx', 'connect mx1, TLS not forced', 'MAIL mx1 in the clear', ...DELIVERED],
    },
    {
      what: 'nothing yet, and the hook says to go on: the item waits',
      decide: () => undefined,
      told: ['delay', 'next', 'again in 60 s'],
    },
    {
      what: 'nothing yet, and the hook has timed out: the item waits',
      decide: () => [constants.denysoft, 'plugin timeout'],
      told: ['delay', 'next', 'again in 60 s'],
    },
    {
      what: 'nothing yet, and the hook names the seconds',
      decide: () => [constants.delay, '7'],
      told: ['delay', 'next', 'again in 7 s'],
    },
    {
      what: 'nothing yet, and the hook names no seconds',
      decide: () => [constants.delay, 'soon'],
      told: ['delay', 'next', 'again in 60 s'],
    },
    {
      what: 'TLS is required, and another plugin wants a delay',
      decide: (guard, _item, requirement) => {
        guard.enforce(requirement)
        return [constants.delay, '30']
      },
      told: ['delay', 'next', 'again in 30 s'],
    },
    {
      what: 'nothing is left to do: Haraka gets its place back, and nothing else',
      decide: (guard) => {
        guard.retire()
      },
      told: ['next'],
    },
    {
      what: 'nothing will ever be known: the sender is told',
      decide: (guard) => {
        guard.fail('the rules could not be read')
      },
      told: ['bounce', 'bounce about no TLS reason, to ann@acme.example', 'file removed', 'next'],
      status: 'failed 5.4.3',
    },
  ]
  for (const { what, decide, told, status = '' } of rows)
    it(what, async () => {
      await using delivery = await makeDelivery({ decide })
      await delivery.run()
      assert.deepEqual(delivery.told, told)
      assert.equal(delivery.statuses['cfo'], status)
    })

  it('a connection before they have spoken puts the item back, without a byte to the server', async () => {
    await using delivery = await makeDelivery()
    const { item, peers, told } = delivery
    delivery.attach()
    await item.found_mx(peers.map((peer) => peer.route()))
    assert.deepEqual(told, ['next', 'again in 60 s'])
    assert.equal(peers[0]?.connections.length, 0)
  })

  it('what they said of one attempt does not hold at the next', async () => {
    let attempts = 0
    await using delivery = await makeDelivery({
      hosts: [{ on: { connect: '421 4.3.2 busy' } }],
      decide: (guard, _item, requirement) => {
        if (attempts++ === 0) guard.enforce(requirement)
      },
    })
    await delivery.run()
    await delivery.peers[0]?.behave({})
    await delivery.again()
    assert.deepEqual(delivery.told.slice(-3), ['delay', 'next', 'again in 60 s'])
    assert.equal(delivery.peers[0]?.messages.length, 0)
  })

  it('an item that needed nothing is guarded anew at its next attempt', async () => {
    let attempts = 0
    await using delivery = await makeDelivery({
      hosts: [{ starttls: false, on: { connect: '421 4.3.2 busy' } }],
      decide: (guard, _item, requirement) => {
        if (attempts++ === 0) guard.detach()
        else guard.enforce(requirement)
      },
    })
    await delivery.run()
    assert.ok(delivery.told.includes('connect mx1, TLS not forced'))
    await delivery.peers[0]?.behave(NO_TLS)
    await delivery.again()
    assert.equal(delivery.statuses['cfo'], 'failed 5.7.4 mx1')
    assert.deepEqual(delivery.peers[0]?.cleartextAfterEhlo(), [])
  })
})

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
