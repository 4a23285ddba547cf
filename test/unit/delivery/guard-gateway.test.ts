/** A guarded item on its way through a gateway: when it goes there, what it ends with, and what is known of it then. */
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { makeAuthority, selfSigned } from '../../support/certificates.js'
import { makeDelivery, MARK_KEY, required, type DeliveryOptions } from '../../support/guarded-delivery.js'
import type { PeerBehaviour } from '../../support/peer-behaviour.js'
import { fakeAddress } from '../../support/fake-haraka.js'
import { FakeHmail } from '../../support/fake-hmail.js'
import { startPeer, type SmtpPeer } from '../../support/smtp-peer.js'
import type { HarakaMailItem } from '../../../plugins/enforce-tls/haraka/types.js'
import { markFor } from '../../../plugins/enforce-tls/delivery/gateway-mark.js'
import { entryOf } from '../../../plugins/enforce-tls/observe/delivery-log/entry.js'
import { en } from '../../../plugins/enforce-tls/delivery/bounce/texts/en.js'
import { bounceFacts } from '../../../plugins/enforce-tls/delivery/bounce/facts.js'
import { addUp } from '../../../plugins/enforce-tls/rules/requirement.js'
import type { RelayWithTls } from '../../../plugins/enforce-tls/rules/rule.js'
import type { Gateway } from '../../../plugins/enforce-tls/settings/gateways.js'

const NO_TLS = { starttls: false }
const LATER = { on: { STARTTLS: '454 4.7.0 TLS not available' } }
const REROUTE: RelayWithTls = { level: 'encrypt', onFailure: 'reroute', via: 'relay' }
const VIA: RelayWithTls = { level: 'encrypt', via: 'relay' }
const AGAIN = ['temp_fail', 'deferred', 'next', 'again in 64 s']

/** Made once: keys take time. */
const made = (async () => {
  const authority = await makeAuthority('Test CA')
  return {
    ca: authority.cert,
    good: await authority.issue({ ipAddresses: ['127.0.0.1'] }),
    bad: await selfSigned({ ipAddresses: ['127.0.0.1'] }),
  }
})()

function gatewayAt(peer: SmtpPeer, more: Partial<Gateway> = {}): Gateway {
  const { port = 0 } = peer.route()
  return { name: 'relay', host: '127.0.0.1', port, implicitTls: false, login: null, trust: null, ...more }
}

interface Row {
  readonly what: string
  readonly options: DeliveryOptions
  readonly gateway?: PeerBehaviour
  /** Whether its certificate is trusted. @default true */
  readonly trusted?: boolean
  /** @default that of the gateway */
  readonly gateways?: readonly Gateway[]
  readonly seen: readonly string[]
  readonly told: readonly string[]
  /** Messages that the gateway has taken. */
  readonly taken: number
}

const rows: readonly Row[] = [
  {
    what: 'goes there after all hosts have failed for good',
    options: { hosts: [NO_TLS, NO_TLS], action: REROUTE },
    seen: ['mx1 starttls-not-supported', 'mx2 starttls-not-supported', '127 ok', 'rerouted ok no status'],
    told: [
      'connect mx1',
      'connect mx2',
      'connect 127',
      'MAIL 127 over TLS',
      'delivered 1/0/0',
      'file removed',
      'next',
    ],
    taken: 1,
  },
  {
    what: 'does not go there while one host fails for the moment',
    options: { hosts: [NO_TLS, LATER], action: REROUTE },
    seen: ['mx1 starttls-not-supported', 'mx2 starttls-deferred', 'deferred starttls-deferred 4.7.4'],
    told: ['connect mx1', 'connect mx2', ...AGAIN],
    taken: 0,
  },
  {
    what: 'does not go there for what TLS is not to blame for',
    options: { hosts: [{ on: { connect: '554 5.3.2 no mail here' } }], action: REROUTE },
    seen: ['mx1 not TLS', 'bounced ok 5.3.2'],
    told: [
      'connect mx1',
      'bounce',
      'bounce about no TLS reason, to ann@acme.example',
      'file removed',
      'next',
    ],
    taken: 0,
  },
  {
    what: 'from the null sender goes there as well',
    options: { hosts: [NO_TLS], from: '', action: REROUTE },
    seen: ['mx1 starttls-not-supported', '127 ok', 'rerouted ok no status'],
    told: ['connect mx1', 'connect 127', 'MAIL 127 over TLS', 'delivered 1/0/0', 'file removed', 'next'],
    taken: 1,
  },
  {
    what: 'waits while the gateway is not verified, also where it counts as a trusted next hop',
    options: { hosts: [], action: VIA, trustedNextHops: ['127.0.0.1'] },
    trusted: false,
    seen: ['127 gateway-unavailable', 'deferred gateway-unavailable 4.4.1'],
    told: [],
    taken: 0,
  },
  {
    what: 'goes there at once where all mail of the rule does',
    options: { hosts: [{}], action: VIA },
    seen: ['127 ok', 'via-gateway ok no status'],
    told: ['connect 127', 'MAIL 127 over TLS', 'delivered 1/0/0', 'file removed', 'next'],
    taken: 1,
  },
  {
    what: 'waits for a gateway that is not there',
    options: { hosts: [NO_TLS], action: REROUTE },
    gateways: [],
    seen: [
      'mx1 starttls-not-supported',
      'relay gateway-misconfigured',
      'deferred gateway-misconfigured 4.3.5',
    ],
    told: ['connect mx1', ...AGAIN],
    taken: 0,
  },
  {
    what: 'bounces when its time is up, for what its own server failed for',
    options: { hosts: [NO_TLS], action: REROUTE, failures: 2 },
    gateways: [],
    seen: [
      'mx1 starttls-not-supported',
      'relay gateway-misconfigured',
      'bounced gateway-misconfigured 5.3.5',
    ],
    told: [
      'connect mx1',
      'temp_fail',
      'bounce',
      'bounce about TLS, to ann@acme.example',
      'file removed',
      'next',
    ],
    taken: 0,
  },
  {
    what: 'waits where another rule asks for what only its own servers can publish',
    options: {
      hosts: [{}],
      decide: (guard) => {
        const both = addUp(required(VIA), required({ level: 'dane' }))
        if (both) guard.enforce(both)
        return undefined
      },
    },
    seen: ['relay gateway-misconfigured', 'deferred gateway-misconfigured 4.3.5'],
    told: AGAIN,
    taken: 0,
  },
  {
    what: 'bounces for the answer of the gateway to the recipient',
    options: { hosts: [NO_TLS], action: REROUTE },
    gateway: { rcptReplies: { 'cfo@bank.example': '550 5.1.1 no such user' } },
    seen: ['mx1 starttls-not-supported', '127 ok', 'bounced ok 5.1.1'],
    told: [
      'connect mx1',
      'connect 127',
      'MAIL 127 over TLS',
      'bounce',
      'bounce about no TLS reason, may quote, to ann@acme.example',
      'file removed',
      'next',
    ],
    taken: 0,
  },
  {
    what: 'waits for what the gateway answers at MAIL, and says so of the gateway',
    options: { hosts: [NO_TLS], action: REROUTE },
    gateway: { onSecure: { MAIL: '451 4.3.0 try later' } },
    seen: ['mx1 starttls-not-supported', '127 gateway-unavailable', 'deferred gateway-unavailable 4.4.1'],
    told: ['connect mx1', 'connect 127', 'MAIL 127 over TLS', ...AGAIN],
    taken: 0,
  },
  {
    what: 'goes without a gateway, and without TLS, where an administrator has released it',
    options: {
      hosts: [NO_TLS],
      decide: (guard, _item, requirement) => {
        guard.release(requirement, { order: 'o1', by: 'ann@helpdesk', reason: 'due today', encrypted: false })
        return undefined
      },
      action: VIA,
    },
    seen: ['release'],
    told: ['connect mx1, TLS not forced', 'MAIL mx1 in the clear', 'delivered 1/0/0', 'file removed', 'next'],
    taken: 0,
  },
]

describe('a guarded message whose rule names a gateway', () => {
  for (const { what, options, gateway = {}, trusted = true, gateways, seen, told, taken } of rows)
    it(what, async () => {
      const { ca, good, bad } = await made
      await using peer = await startPeer({ ...gateway, tls: trusted ? good : bad })
      await using delivery = await makeDelivery({
        ca,
        gateways: gateways ?? [gatewayAt(peer)],
        ...options,
      })
      await delivery.run()
      if (told.length > 0)
        assert.deepEqual(
          delivery.told.filter((each) => each !== 'get_mx'),
          told,
        )
      assert.deepEqual(delivery.seen.slice(-seen.length), seen)
      assert.equal(peer.messages.filter(({ acceptedFor }) => acceptedFor.length > 0).length, taken)
      assert.deepEqual(peer.cleartextAfterEhlo(), [])
    })

  it('that it refuses for one recipient, and puts off for another: both say what was tried, and what it answered', async () => {
    const { ca, good } = await made
    await using peer = await startPeer({
      tls: good,
      rcptReplies: { 'cfo@bank.example': '550 5.1.1 no', 'desk@bank.example': '450 4.2.1 later' },
    })
    const tried: string[][] = []
    const waits: string[] = []
    await using delivery = await makeDelivery({
      ca,
      gateways: [gatewayAt(peer)],
      hosts: [NO_TLS],
      action: REROUTE,
      to: ['cfo@bank.example', 'desk@bank.example', 'third@bank.example'],
      surroundings: {
        composeBounce: (request) => {
          const worded = { texts: en, me: 'mail.acme.example', minVersion: 'TLSv1.2' } as const
          tried.push([...bounceFacts(request, { now: new Date(), content: 'minimal', ...worded }).attempts])
          return Promise.resolve({ contents: '', heldTo: null, instead: null, redacted: null })
        },
        waiting: {
          waits: (_item, { failure, host, gateway }) =>
            void waits.push(`${host} ${failure.detail}, waits for ${gateway ?? 'none'}`),
          ended: () => undefined,
          givingUp: () => null,
          release: () => null,
          works: () => undefined,
          gatewayWorks: (name) => void waits.push(`${name} works`),
          aheadOf: () => null,
        },
      },
    })
    await delivery.run()
    const { port = 0 } = peer.route()
    assert.equal(tried.length, 1)
    assert.match(tried[0]?.[0] ?? '', /^mx1\.bank\.example \(.*\): does not offer STARTTLS/)
    assert.equal(tried[0]?.[1], `127.0.0.1 (127.0.0.1:${port}): answered 550 5.1.1`)
    assert.deepEqual(waits.sort(), ['127.0.0.1 answered 450 4.2.1, waits for none', 'relay works'])
  })

  it('has its session told as its own, and the level of the rules as theirs', async () => {
    const { ca, good, bad } = await made
    for (const [tls, result] of [
      [good, 'via-gateway'],
      [bad, 'deferred'],
    ] as const) {
      await using peer = await startPeer({ tls })
      await using delivery = await makeDelivery({ ca, gateways: [gatewayAt(peer)], hosts: [], action: VIA })
      await delivery.run()
      const entries = delivery.events.map((event) => entryOf(event, 'p.1'))
      assert.equal(entries.at(-1)?.result, result)
      assert.deepEqual(
        entries.map(({ kind, level, viaLevel }) => [kind, level, viaLevel]),
        [
          ['attempt', 'encrypt', 'verify'],
          ['outcome', 'encrypt', 'verify'],
        ],
      )
    }
  })

  const viaWith = async (peer: SmtpPeer, content: string): Promise<readonly string[]> => {
    const { ca } = await made
    await using delivery = await makeDelivery({ ca, gateways: [gatewayAt(peer)], hosts: [], action: VIA })
    delivery.item.content = content
    await delivery.run()
    return delivery.told
  }

  it('that was at the gateway before bounces; a mark of another message or of other recipients, or a forged one, is none', async () => {
    await using peer = await startPeer({ tls: (await made).good })
    const { port = 0 } = peer.route()
    const markOf = async (...to: readonly string[]): Promise<string> => {
      const { field } = await markFor(
        {
          data_stream: () => Readable.from([Buffer.from('Message-ID: <one@acme.example>\r\n\r\nHello\r\n')]),
          todo: { domain: 'bank.example', rcpt_to: to.map(fakeAddress) } as HarakaMailItem['todo'],
        },
        gatewayAt(peer),
        MARK_KEY,
      )
      return field.toString('latin1').trimEnd()
    }
    const mark = await markOf('cfo@bank.example')
    assert.equal(await markOf('CFO@Bank.Example', 'cfo@bank.example'), mark)
    assert.equal(
      await markOf('a@bank.example', 'b@bank.example'),
      await markOf('b@bank.example', 'a@bank.example'),
    )
    const same = 'Message-ID: <one@acme.example>'
    assert.match(mark, /^X-Enforce-TLS-Loop: [\w-]{22}$/)
    for (const [header, told] of [
      [`Received: from gw\r\n${mark}\r\nMessage-ID: <one@acme.example>`, 'bounce'],
      [
        `message-id:\r\n <one@acme.example>\r\n${mark.replace('X-Enforce-TLS-Loop', 'x-enforce-tls-loop')}`,
        'bounce',
      ],
      [`${mark}\r\nMessage-ID: <two@acme.example>`, 'delivered 1/0/0'],
      [`${mark}x\r\nMessage-ID: <one@acme.example>`, 'delivered 1/0/0'],
      [`Subject: ${mark}\r\nMessage-ID: <one@acme.example>`, 'delivered 1/0/0'],
      // Whoever received it sent it on, or a list did.
      [`${await markOf('cto@bank.example')}\r\n${same}`, 'delivered 1/0/0'],
      [`${await markOf('cfo@bank.example', 'cto@bank.example')}\r\n${same}`, 'delivered 1/0/0'],
      [`${await markOf('cto@bank.example')}\r\n${mark}\r\n${same}`, 'bounce'],
      [`X-Enforce-TLS-Gateway: 127.0.0.1:${port}`, 'delivered 1/0/0'],
    ] as const) {
      const seen = await viaWith(peer, `${header}\r\n\r\nHello\r\n`)
      assert.ok(seen.includes(told), `${header}: ${seen.join()}`)
    }
  })

  it('bounces after too many servers, in case the gateway takes the mark off', async () => {
    await using peer = await startPeer({ tls: (await made).good })
    for (const [passed, told] of [
      [30, 'delivered 1/0/0'],
      [31, 'bounce'],
    ] as const) {
      const seen = await viaWith(peer, `${'Received: from gw\r\n'.repeat(passed)}\r\nHello\r\n`)
      assert.ok(seen.includes(told), `${passed}: ${seen.join()}`)
    }
  })

  for (const changes of [false, true])
    it(`that waits for a connection to the gateway ${changes ? 'begins anew where the gateway has changed' : 'goes on where it was'}`, async () => {
      const { ca, good } = await made
      let letGo = (): void => undefined
      const gate = new Promise<void>((resolve) => (letGo = resolve))
      const held: PeerBehaviour = {
        tls: good,
        onSecure: {
          message: async (session) => {
            await gate
            await session.proceed()
          },
        },
      }
      await using first = await startPeer(held)
      await using second = await startPeer({ tls: good })
      let gateway = gatewayAt(first)
      await using delivery = await makeDelivery({
        ca,
        hosts: [NO_TLS],
        action: REROUTE,
        reuse: true,
        perHost: 1,
        get gateways() {
          return [gateway]
        },
      })
      const { haraka, peers } = delivery
      const other = new FakeHmail(haraka, {
        mail_from: fakeAddress('ann@acme.example'),
        rcpt_to: [fakeAddress('b@bank.example')],
        notes: {},
      })
      delivery.item.send()
      await delivery.until(() => first.received.length === 1)
      other.send()
      await delivery.until(() => peers[0]?.connections.length === 2 && !haraka.underWay.has(other))
      if (changes) gateway = gatewayAt(second)
      letGo()
      await delivery.until(() => first.messages.length + second.messages.length === 2)
      await delivery.until(() => haraka.underWay.size === 0)
      assert.deepEqual([first.messages.length, second.messages.length], changes ? [1, 1] : [2, 0])
      assert.equal(peers[0]?.connections.length, changes ? 3 : 2)
    })
})
