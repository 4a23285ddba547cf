/** A guarded item with several recipients: each hears of its own end, and every part is guarded as the whole. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { makeDelivery } from '../../support/guarded-delivery.js'
import type { PeerBehaviour } from '../../support/peer-behaviour.js'
import { inTurn } from '../../support/peer-steps.js'

const TWO = ['cfo@bank.example', 'ceo@bank.example']
const NO_SUCH_USER = { rcptReplies: { 'ceo@bank.example': '550 5.1.1 no such user' } }
const FULL = { rcptReplies: { 'ceo@bank.example': '452 4.2.2 mailbox full' } }

describe('recipients of one item', () => {
  it('all hear of a server without TLS', async () => {
    await using delivery = await makeDelivery({ hosts: [{ starttls: false }], to: TWO })
    await delivery.run()
    assert.deepEqual(delivery.statuses, { cfo: 'failed 5.7.4 mx1', ceo: 'failed 5.7.4 mx1' })
  })

  it('whom the server does not know bounces alone, in words that may quote the message', async () => {
    await using delivery = await makeDelivery({ hosts: [NO_SUCH_USER], to: TWO })
    await delivery.run()
    assert.deepEqual(delivery.told.slice(2).sort(), [
      'MAIL mx1 over TLS',
      'bounce about no TLS reason, may quote, to ann@acme.example',
      'ceo: bounce',
      'ceo: file removed',
      'ceo: next',
      'delivered 1/0/1',
      'file removed',
      'next',
    ])
    assert.deepEqual(delivery.statuses, { cfo: '', ceo: 'failed 5.1.1' })
    assert.deepEqual([...delivery.seen].sort(), ['bounced ok 5.1.1', 'delivered ok no status', 'mx1 ok'])
  })

  it('who is put off waits alone, and is guarded at its next attempt', async () => {
    await using delivery = await makeDelivery({ hosts: [FULL], to: TWO })
    await delivery.run()
    assert.deepEqual(
      delivery.told.filter((what) => what.startsWith('ceo: ')),
      ['ceo: temp_fail', 'ceo: deferred', 'ceo: next'],
    )
    assert.deepEqual(delivery.statuses, { cfo: '', ceo: 'delayed 4.2.2' })
    await delivery.peers[0]?.behave({ starttls: false })
    await delivery.again()
    assert.deepEqual(delivery.statuses, { cfo: '', ceo: 'failed 5.7.4 mx1' })
    assert.deepEqual(delivery.peers[0]?.cleartextAfterEhlo(), [])
  })

  it('none is known to the server: the item itself bounces, undivided', async () => {
    const behaviour = {
      rcptReplies: { 'cfo@bank.example': '550 5.1.1 no', 'ceo@bank.example': '550 5.1.1 no' },
    }
    await using delivery = await makeDelivery({ hosts: [behaviour], to: TWO })
    await delivery.run()
    assert.deepEqual(delivery.told.slice(2), [
      'MAIL mx1 over TLS',
      'bounce',
      'bounce about no TLS reason, may quote, to ann@acme.example',
      'file removed',
      'next',
    ])
    assert.deepEqual(delivery.statuses, { cfo: 'failed 5.1.1', ceo: 'failed 5.1.1' })
  })

  it('no room to split one off: nothing is bounced or lost, and it is split off later', async () => {
    let isFull = true
    await using delivery = await makeDelivery({
      hosts: [NO_SUCH_USER],
      to: TWO,
      deferSeconds: 0.05,
      surroundings: {
        splitOff: (_item, recipients) =>
          isFull
            ? Promise.reject(new Error('no space left'))
            : Promise.resolve(delivery.item.part(recipients)),
      },
    })
    delivery.item.send()
    await delivery.until(() => delivery.haraka.log.some((line) => line.includes('no space left')))
    assert.ok(!delivery.told.includes('bounce') && !delivery.told.includes('file removed'))
    isFull = false
    await delivery.settled()
    assert.deepEqual(delivery.statuses, { cfo: '', ceo: 'failed 5.1.1' })
    assert.ok(delivery.told.includes('ceo: bounce') && delivery.told.includes('file removed'))
  })

  it('over LMTP become an item each, before anything is sent', async () => {
    await using delivery = await makeDelivery({ hosts: [{ lmtp: true }], to: TWO })
    await delivery.run()
    assert.deepEqual(delivery.told, ['get_mx', 'divided into cfo | ceo', 'next'])
    assert.equal(delivery.peers[0]?.connections.length, 0)
  })

  it('over LMTP a single one is delivered as it is, over TLS', async () => {
    await using delivery = await makeDelivery({ hosts: [{ lmtp: true }] })
    await delivery.run()
    assert.deepEqual(delivery.told.slice(2), ['MAIL mx1 over TLS', 'delivered 1/0/0', 'file removed', 'next'])
  })
})

describe('a resumed session that breaks', () => {
  const breaksThen = (behaviour: PeerBehaviour): PeerBehaviour => ({
    ...behaviour,
    on: {
      ...behaviour.on,
      handshake: (session) => (session.number === 2 ? session.cut() : session.upgrade()),
    },
  })

  it('judges nobody: the server is asked anew, in full', async () => {
    await using delivery = await makeDelivery({ resumption: true, to: TWO, hosts: [FULL] })
    await delivery.run()
    // The same server, for the recipient that waits.
    await delivery.peers[0]?.behave(breaksThen({}))
    await delivery.again()
    assert.deepEqual(delivery.told.slice(-6), [
      'ceo: connect mx1',
      'ceo: connect mx1',
      'ceo: MAIL mx1 over TLS',
      'ceo: delivered 1/0/0',
      'ceo: file removed',
      'ceo: next',
    ])
    assert.deepEqual(
      delivery.peers[0]?.connections.map(({ tls }) => tls?.resumed),
      [false, undefined, false],
    )
    assert.equal(delivery.seen.at(-2), 'mx1 ok')
  })

  it('does not count beside what the server does when it is asked anew', async () => {
    await using delivery = await makeDelivery({ resumption: true, to: TWO, hosts: [FULL] })
    await delivery.run()
    const STARTTLS = inTurn('220 go', '220 go', '554 5.7.0 no')
    await delivery.peers[0]?.behave(breaksThen({ on: { STARTTLS } }))
    await delivery.again()
    assert.deepEqual(delivery.seen.slice(-2), ['mx1 starttls-refused', 'bounced starttls-refused 5.7.4'])
  })
})
