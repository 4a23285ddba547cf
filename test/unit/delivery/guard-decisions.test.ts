/** A guarded item and what the rules say of it, in time, too late or never: nothing goes out before they have spoken. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import constants from 'haraka-constants'
import { makeDelivery, type DeliveryOptions } from '../../support/guarded-delivery.js'
import { late } from '../../support/peer-steps.js'
import { until } from '../../support/until.js'

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

  it('an attempt under way when the rules are asked anew keeps to what it began with', async () => {
    await using delivery = await makeDelivery({ hosts: [{ on: { handshake: late(200) } }] })
    const { item, peers, told } = delivery
    item.send()
    await peers[0]?.waitForCommand('STARTTLS')
    delivery.attach()
    await delivery.settled()
    assert.deepEqual(told, ['get_mx', 'connect mx1', 'MAIL mx1 over TLS', ...DELIVERED])
    assert.deepEqual(peers[0]?.cleartextAfterEhlo(), [])
  })

  it('and where the server ends it before its first reply in TLS, the process lives', async () => {
    await using delivery = await makeDelivery({
      hosts: [{ onSecure: { EHLO: async (session) => (await session.pause(200), session.cut()) } }, {}],
    })
    const { item, peers, told } = delivery
    item.send()
    await until(() => peers[0]?.connections[0]?.verbs('tls').includes('EHLO') === true, {
      what: () => 'EHLO in TLS',
    })
    delivery.attach()
    await delivery.settled()
    assert.deepEqual(told, ['get_mx', 'connect mx1', 'next', 'again in 60 s'])
  })

  it('and where that fails, no other host is tried before they have spoken', async () => {
    await using delivery = await makeDelivery({
      hosts: [{ on: { STARTTLS: (session) => session.drip(['554-5.7.0 wait', '554 5.7.0 no'], 200) } }, {}],
    })
    const { item, peers, told } = delivery
    item.send()
    await peers[0]?.waitForCommand('STARTTLS')
    delivery.attach()
    await delivery.settled()
    assert.deepEqual(told, ['get_mx', 'connect mx1', 'next', 'again in 60 s'])
    assert.equal(peers[1]?.connections.length, 0)
  })
})
