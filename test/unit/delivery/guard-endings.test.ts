/** How a guarded item ends when no host is left, or nobody can be told: what Haraka is told, and what is kept. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import constants from 'haraka-constants'
import { UNCONFIRMED } from '../../../plugins/enforce-tls/delivery/outcome.js'
import { makeDelivery, type DeliveryOptions, type GuardedDelivery } from '../../support/guarded-delivery.js'
import { cut } from '../../support/peer-steps.js'
import { BOUNCED, DEFERRED } from './host-row.js'

const NO_TLS = { starttls: false }
const LATER = { on: { STARTTLS: '454 4.7.0 TLS not available' } }
const INSTEAD = { enforce_tls: { held_to: [], instead: 'minimal bounce' } }

interface Row {
  readonly what: string
  readonly options: DeliveryOptions
  /** What is otherwise than usual around the item. */
  readonly prepare?: (delivery: GuardedDelivery) => void
  /** What Haraka does, or is told to do, after the connection. */
  readonly told: readonly string[]
  readonly status: string
  /** What those who look on are told of the end. */
  readonly end: string
}

const rows: readonly Row[] = [
  {
    what: 'a rule that defers goes before a setting that bounces',
    options: { hosts: [NO_TLS], action: { level: 'encrypt', onFailure: 'defer' } },
    told: DEFERRED,
    status: 'delayed 5.7.4 mx1',
    end: 'deferred starttls-not-supported 5.7.4',
  },
  {
    what: 'a rule that bounces goes before a setting that defers',
    options: { hosts: [NO_TLS], action: { level: 'encrypt', onFailure: 'bounce' }, failureAction: 'defer' },
    told: BOUNCED,
    status: 'failed 5.7.4 mx1',
    end: 'bounced starttls-not-supported 5.7.4',
  },
  {
    what: 'a setting that defers',
    options: { hosts: [NO_TLS], failureAction: 'defer' },
    told: DEFERRED,
    status: 'delayed 5.7.4 mx1',
    end: 'deferred starttls-not-supported 5.7.4',
  },
  {
    what: 'a setting that defers does not hold for what TLS is not to blame for',
    options: { hosts: [{ on: { connect: '554 5.3.2 no mail here' } }], failureAction: 'defer' },
    told: ['bounce', 'bounce about no TLS reason, to ann@acme.example', 'file removed', 'next'],
    status: 'failed 5.3.2 mx1',
    end: 'bounced ok 5.3.2',
  },
  {
    what: 'the last but one of the retries',
    options: { hosts: [LATER], failures: 1 },
    told: ['temp_fail', 'deferred', 'next', 'again in 128 s'],
    status: 'delayed 4.7.4 mx1',
    end: 'deferred starttls-deferred 4.7.4',
  },
  {
    what: 'the retries are used up',
    options: { hosts: [LATER], failures: 2 },
    told: ['temp_fail', ...BOUNCED],
    status: 'failed 5.7.4 mx1',
    end: 'bounced starttls-deferred 5.7.4',
  },
  {
    what: 'the retries of a rule that defers are used up',
    options: { hosts: [NO_TLS], failures: 2, action: { level: 'encrypt', onFailure: 'defer' } },
    told: ['temp_fail', ...BOUNCED],
    status: 'failed 5.7.4 mx1',
    end: 'bounced starttls-not-supported 5.7.4',
  },
  {
    what: 'the sender is <>, who can not be told: the whole schedule first',
    options: { hosts: [NO_TLS], from: '' },
    told: DEFERRED,
    status: 'delayed 5.7.4 mx1',
    end: 'deferred starttls-not-supported 5.7.4',
  },
  {
    what: 'the sender is <> and the retries are used up: kept for a person, never deleted',
    options: { hosts: [NO_TLS], from: '', failures: 2 },
    told: ['temp_fail', 'bounce', 'kept as error file', 'next'],
    status: 'failed 5.7.4 mx1',
    end: 'kept starttls-not-supported 5.7.4',
  },
  {
    what: 'a bounce that finds no TLS on its way: the minimal one goes instead',
    options: { hosts: [NO_TLS], from: '', notes: INSTEAD },
    told: ['minimal bounce to cfo@bank.example', 'file removed', 'next'],
    status: '',
    end: 'bounced starttls-not-supported 5.7.4',
  },
  {
    what: 'a bounce that is put off for the first time',
    options: { hosts: [LATER], from: '', notes: INSTEAD },
    told: DEFERRED,
    status: 'delayed 4.7.4 mx1',
    end: 'deferred starttls-deferred 4.7.4',
  },
  {
    what: 'a bounce that is put off for the third time: the minimal one goes instead',
    options: { hosts: [LATER], from: '', failures: 2, notes: INSTEAD },
    told: ['minimal bounce to cfo@bank.example', 'file removed', 'next'],
    status: '',
    end: 'bounced starttls-deferred 5.7.4',
  },
  {
    what: 'a bounce that TLS is not to blame for keeps its text, however often it fails',
    options: { hosts: ['down'], from: '', failures: 1, notes: INSTEAD },
    told: ['temp_fail', 'deferred', 'next', 'again in 128 s'],
    status: 'delayed 4.4.1 mx1',
    end: 'deferred ok 4.4.1',
  },
  {
    what: 'the DSN can not be queued: the message stays, and is tried again',
    options: { hosts: [NO_TLS] },
    prepare: ({ haraka }) => (haraka.queueIsFull = true),
    told: ['bounce', 'bounce about TLS, to ann@acme.example not queued', 'next', 'again in 60 s'],
    status: 'failed 5.7.4 mx1',
    end: '',
  },
  {
    what: 'a plugin wants the bounce not to be sent, which is its right',
    options: { hosts: [NO_TLS] },
    prepare: ({ haraka }) => (haraka.hooks['bounce'] = () => [constants.ok]),
    told: ['bounce', 'file removed', 'next'],
    status: 'failed 5.7.4 mx1',
    end: '',
  },
  {
    what: 'a plugin that timed out over the bounce has decided nothing',
    options: { hosts: [NO_TLS] },
    prepare: ({ haraka }) => (haraka.hooks['bounce'] = () => [constants.denysoft, 'plugin timeout']),
    told: BOUNCED,
    status: 'failed 5.7.4 mx1',
    end: 'bounced starttls-not-supported 5.7.4',
  },
  {
    what: 'a plugin names the seconds of a deferral',
    options: { hosts: [LATER] },
    prepare: ({ haraka }) => (haraka.hooks['deferred'] = () => [constants.denysoft, '300']),
    told: ['temp_fail', 'deferred', 'next', 'again in 300 s'],
    status: 'delayed 4.7.4 mx1',
    end: 'deferred starttls-deferred 4.7.4',
  },
  {
    what: 'a plugin that timed out over a deferral names no seconds: the usual ones',
    options: { hosts: [LATER] },
    prepare: ({ haraka }) => (haraka.hooks['deferred'] = () => [constants.denysoft, 'plugin timeout']),
    told: DEFERRED,
    status: 'delayed 4.7.4 mx1',
    end: 'deferred starttls-deferred 4.7.4',
  },
]

describe('the end of a guarded item', () => {
  for (const { what, options, prepare, told, status, end } of rows)
    it(what, async () => {
      await using delivery = await makeDelivery(options)
      prepare?.(delivery)
      await delivery.run()
      assert.deepEqual(delivery.told, ['get_mx', 'connect mx1', ...told])
      assert.equal(delivery.statuses['cfo'], status)
      assert.equal(delivery.seen.slice(1).join(), end)
    })

  it('a DSN that can not be queued at first goes out at the next attempt, once', async () => {
    await using delivery = await makeDelivery({ hosts: [NO_TLS] })
    delivery.haraka.queueIsFull = true
    await delivery.run()
    delivery.haraka.queueIsFull = false
    await delivery.again()
    assert.deepEqual(delivery.told.slice(-4), BOUNCED)
    assert.deepEqual(
      delivery.seen.filter((event) => event.startsWith('bounced')),
      ['bounced starttls-not-supported 5.7.4'],
    )
  })

  it('an attempt that fails for another reason than the one before says nothing of TLS', async () => {
    await using delivery = await makeDelivery({ hosts: [LATER], failures: 1 })
    await delivery.run()
    await delivery.peers[0]?.goDown()
    await delivery.again()
    assert.deepEqual(delivery.told.slice(-4), [
      'bounce',
      'bounce about no TLS reason, to ann@acme.example',
      'file removed',
      'next',
    ])
    assert.equal(delivery.statuses['cfo'], 'failed 5.4.1 mx1')
  })

  it('once MAIL was said, what servers say may quote the message, at later attempts too', async () => {
    await using delivery = await makeDelivery({
      hosts: [{ onSecure: { MAIL: '451 4.3.0 later' } }],
      failures: 1,
    })
    await delivery.run()
    await delivery.peers[0]?.behave({ onSecure: { EHLO: '421 4.3.0 later' } })
    await delivery.again()
    assert.deepEqual(delivery.told.at(-3), 'bounce about no TLS reason, may quote, to ann@acme.example')
  })

  it('a delivery after a deferral has no status of the deferral', async () => {
    await using delivery = await makeDelivery({ hosts: [LATER] })
    await delivery.run()
    await delivery.peers[0]?.behave({})
    await delivery.again()
    assert.equal(delivery.seen.at(-1), 'delivered ok no status')
  })
})

describe('a message that a server was sent whole, without an answer', () => {
  for (const [what, message, later, expected] of [
    ['may have been delivered, where the server hangs up', cut, null, true],
    ['may have been delivered, where it rejects it at the next attempt', cut, '550 5.1.1 unknown', true],
    ['was not, where it rejects it', '550 5.7.1 no', null, false],
    ['was not, where it puts it off', '451 4.3.0 later', null, false],
  ] as const)
    it(what, async () => {
      await using delivery = await makeDelivery({
        hosts: [{ onSecure: { message } }],
        failures: later ? 1 : 2,
      })
      await delivery.run()
      if (later) {
        await delivery.peers[0]?.behave({ onSecure: { RCPT: later } })
        await delivery.again()
      }
      const bounce = delivery.told.filter((each) => each.startsWith('bounce about')).join()
      assert.match(bounce, /^bounce about no TLS reason/)
      assert.equal(bounce.includes('may be delivered'), expected, bounce)
      const isTold = delivery.events.some(
        (event) => event.kind === 'attempt' && event.failure?.detail === UNCONFIRMED,
      )
      assert.equal(isTold, expected)
    })

  it('has nothing to do with what was cut off in the middle of it', async () => {
    await using delivery = await makeDelivery({ hosts: [{ onSecure: { DATA: cut } }], failures: 2 })
    await delivery.run()
    assert.ok(delivery.told.some((each) => /^bounce about no TLS reason(?!.*may be delivered)/.test(each)))
  })
})

describe('what was not delivered for another reason than TLS', () => {
  const wordsOf = async (options: DeliveryOptions): Promise<string | undefined> => {
    await using delivery = await makeDelivery(options)
    await delivery.run()
    const last = delivery.events.at(-1)
    return last?.kind === 'outcome' ? last.words : undefined
  }

  it('is told with the words of the server, bounded and visible', async () => {
    const rejected = { onSecure: { RCPT: `550 5.1.1 no such user \u202e${'x'.repeat(400)}` } }
    const words = (await wordsOf({ hosts: [rejected] })) ?? ''
    assert.match(words, /^mx1\.bank\.example answered 550 5\.1\.1 no such user \\u202ex+…$/)
    assert.equal(words.length, 300)
    const later = { onSecure: { RCPT: '450 4.2.1 come back' } }
    assert.equal(await wordsOf({ hosts: [later] }), 'mx1.bank.example answered 450 4.2.1 come back')
  })

  it('is told with Haraka’s reason where no server answered about it', async () => {
    assert.equal(await wordsOf({ hosts: ['down'] }), 'mx1.bank.example could not be reached')
    assert.equal(await wordsOf({ hosts: [NO_TLS] }), undefined, 'TLS is to blame')
  })
})
