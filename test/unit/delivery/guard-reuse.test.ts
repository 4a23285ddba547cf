/** Guarded items that go over one connection, one after another: what Haraka and those who look on are told. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import constants from 'haraka-constants'
import { cut } from '../../support/peer-steps.js'
import { second } from '../../support/reuse-rows.js'
import type { PeerBehaviour, Reply } from '../../support/peer-behaviour.js'
import { makeDelivery, type GuardedDelivery } from '../../support/guarded-delivery.js'
import { FakeHmail } from '../../support/fake-hmail.js'
import { fakeAddress } from '../../support/fake-haraka.js'

/** What is told of an item that goes over an open connection, or over one of its own. */
const OVER_OPEN = ['get_mx', 'MAIL mx1 over TLS', 'delivered 1/0/0', 'file removed', 'next']
const FRESH = ['get_mx', 'connect mx1', 'MAIL mx1 over TLS', 'delivered 1/0/0', 'file removed', 'next']

async function deliveryTo(behaviour: PeerBehaviour): Promise<GuardedDelivery> {
  return makeDelivery({ hosts: [behaviour], reuse: true })
}

function itemTo({ haraka }: GuardedDelivery, to: string): FakeHmail {
  const envelope = { mail_from: fakeAddress('ann@acme.example'), rcpt_to: [fakeAddress(to)] }
  return new FakeHmail(haraka, { ...envelope, notes: {} })
}

/** Sends another item; gives what is told of it. */
async function next(delivery: GuardedDelivery, to = 'cfo@bank.example'): Promise<readonly string[]> {
  const { haraka } = delivery
  const before = haraka.told.length
  itemTo(delivery, to).send()
  await delivery.until(() => haraka.underWay.size === 0)
  return haraka.told.slice(before)
}

describe('items that follow each other', () => {
  it('go over one connection, and are seen as that', async () => {
    await using delivery = await deliveryTo({})
    assert.deepEqual(await next(delivery), FRESH)
    assert.deepEqual(await next(delivery), OVER_OPEN)
    assert.deepEqual(await next(delivery), OVER_OPEN)
    assert.equal(delivery.peers[0]?.connections.length, 1)
    const reused = delivery.events.map((event) =>
      event.kind === 'attempt' || event.kind === 'outcome' ? event.session?.reused : null,
    )
    assert.deepEqual(reused, [false, false, true, true, true, true])
  })

  it('one in a Haraka that begins with EHLO whatever it is given goes over a fresh connection', async () => {
    class BeginsWithEhlo extends FakeHmail {
      override try_deliver_host_on_socket(
        ...args: Parameters<FakeHmail['try_deliver_host_on_socket']>
      ): void {
        if (!(args[3] as { __fromPool?: boolean }).__fromPool) super.try_deliver_host_on_socket(...args)
      }
    }
    await using delivery = await deliveryTo({})
    await next(delivery)
    const { haraka } = delivery
    const before = haraka.told.length
    const envelope = {
      mail_from: fakeAddress('ann@acme.example'),
      rcpt_to: [fakeAddress('cfo@bank.example')],
    }
    new BeginsWithEhlo(haraka, { ...envelope, notes: {} }).send()
    await delivery.until(() => haraka.underWay.size === 0)
    assert.deepEqual(haraka.told.slice(before), FRESH)
  })

  for (const [what, reply] of Object.entries<Reply>({
    'is refused': '550 5.7.1 no more',
    'is put off': '451 4.7.1 no more',
    'is answered with gibberish': 'fine',
    'is cut off': cut,
  }))
    for (const step of ['MAIL', 'RCPT', 'DATA'] as const)
      it(`one that ${what} at ${step} goes on over a fresh connection, and that is its only attempt`, async () => {
        await using delivery = await deliveryTo({ onSecure: { [step]: second(reply) } })
        assert.deepEqual(await next(delivery), FRESH)
        assert.deepEqual(await next(delivery), ['get_mx', 'MAIL mx1 over TLS', ...FRESH.slice(1)])
        assert.deepEqual(delivery.seen, [
          'mx1 ok',
          'delivered ok no status',
          'mx1 ok',
          'delivered ok no status',
        ])
        assert.equal(delivery.peers[0]?.messages.length, 2)
      })

  it('try one open connection at most, even if there are others', async () => {
    let refuses = false
    await using delivery = await deliveryTo({
      onSecure: {
        MAIL: (session) =>
          refuses && session.record.messages.length > 0
            ? session.reply('451 4.7.1 later')
            : session.proceed(),
      },
    })
    const { haraka, peers } = delivery
    for (const to of ['a@bank.example', 'b@bank.example']) itemTo(delivery, to).send()
    await delivery.until(() => haraka.underWay.size === 0 && peers[0]?.messages.length === 2)
    assert.equal(peers[0]?.connections.length, 2)
    refuses = true
    assert.equal((await next(delivery)).filter((what) => what.startsWith('MAIL')).length, 2)
  })

  it('do not touch reuse when a recipient is unknown on a fresh connection, too', async () => {
    await using delivery = await deliveryTo({ rcptReplies: { 'gone@bank.example': '550 5.1.1 who?' } })
    await next(delivery)
    const told = await next(delivery, 'gone@bank.example')
    assert.ok(told.includes('connect mx1'), 'only a session of its own is believed')
    assert.equal(told.filter((what) => /bounce/.test(what)).length > 0, true)
    await next(delivery)
    assert.deepEqual(await next(delivery), OVER_OPEN)
  })

  it('are not kept for a session after a message that was refused', async () => {
    await using delivery = await deliveryTo({ onSecure: { message: '554 5.6.0 spam' } })
    await next(delivery)
    await delivery.peers[0]?.waitForSilence()
    assert.deepEqual(delivery.peers[0]?.connections[0]?.verbs('tls').slice(-1), ['QUIT'])
  })
})

/** Two items to two hosts: the first has no TLS, the second one connection, which the first item has. */
async function withFullPlace(rules: { known: boolean }) {
  let letGo = (): void => undefined
  const gate = new Promise<void>((resolve) => (letGo = resolve))
  const delivery = await makeDelivery({
    hosts: [
      { starttls: false },
      {
        onSecure: {
          message: async (session) => {
            await gate
            await session.proceed()
          },
        },
      },
    ],
    reuse: true,
    perHost: 1,
    decide: (guard, _item, requirement) => {
      if (!rules.known) return [constants.delay, 1]
      guard.enforce(requirement)
      return undefined
    },
  })
  const { haraka, peers } = delivery
  const [first, other] = [itemTo(delivery, 'a@bank.example'), itemTo(delivery, 'b@bank.example')]
  first.send()
  await delivery.until(() => peers[1]?.received.length === 1)
  other.send()
  await delivery.until(() => peers[0]?.connections.length === 2 && !haraka.underWay.has(other))
  return { delivery, letGo }
}

describe('an item whose place is full', () => {
  it('leaves the queue, and when it is called goes on where it was', async () => {
    const scene = await withFullPlace({ known: true })
    await using delivery = scene.delivery
    const { haraka, peers } = delivery
    scene.letGo()
    await delivery.until(() => peers[1]?.messages.length === 2 && haraka.underWay.size === 0)
    assert.equal(peers[0]?.connections.length, 2, 'the first host is not tried again')
    assert.deepEqual(
      delivery.seen.filter((seen) => seen.startsWith('mx1')),
      ['mx1 starttls-not-supported', 'mx1 starttls-not-supported'],
    )
    assert.equal(peers[1]?.connections.length, 1)
  })

  it('begins anew where the rules were unknown when it was called', async () => {
    const rules = { known: true }
    const scene = await withFullPlace(rules)
    await using delivery = scene.delivery
    const { haraka, peers } = delivery
    rules.known = false
    scene.letGo()
    await delivery.until(() => haraka.waiting.length === 1 && haraka.underWay.size === 0)
    rules.known = true
    await delivery.again()
    assert.equal(peers[0]?.connections.length, 3)
    assert.equal(peers[1]?.messages.length, 2)
  })
})
