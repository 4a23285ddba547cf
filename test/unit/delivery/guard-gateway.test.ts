/** A guarded item on its way through a gateway: when it goes there, what it ends with, and what is known of it then. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { makeAuthority, selfSigned } from '../../support/certificates.js'
import { makeDelivery, required, type DeliveryOptions } from '../../support/guarded-delivery.js'
import type { PeerBehaviour } from '../../support/peer-behaviour.js'
import { startPeer, type SmtpPeer } from '../../support/smtp-peer.js'
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
    what: 'goes without a gateway, and without TLS, where an administrator has released it',
    options: {
      hosts: [NO_TLS],
      decide: (guard, _item, requirement) => {
        guard.release(requirement, { by: 'ann@helpdesk', reason: 'due today', encrypted: false })
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

  it('that was at the gateway before bounces, whatever the case of its mark', async () => {
    const { ca, good } = await made
    await using peer = await startPeer({ tls: good })
    const { port = 0 } = peer.route()
    for (const [mark, told] of [
      [`x-enforce-tls-gateway: 127.0.0.1:${port}`, 'bounce'],
      [`X-Enforce-TLS-Gateway: 127.0.0.1:${port + 1}`, 'delivered 1/0/0'],
      [`Subject: X-Enforce-TLS-Gateway: 127.0.0.1:${port}`, 'delivered 1/0/0'],
    ] as const) {
      await using delivery = await makeDelivery({
        ca,
        gateways: [gatewayAt(peer)],
        hosts: [],
        action: VIA,
      })
      delivery.item.content = `${mark}\r\n\r\nHello\r\n`
      await delivery.run()
      assert.ok(delivery.told.includes(told), `${mark}: ${delivery.told.join()}`)
    }
  })
})
