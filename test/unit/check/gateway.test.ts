/** A gateway that is asked, by itself and behind a partner: at its own level, with what its login needs, and what that means for mail. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createSecureContext, createServer } from 'node:tls'
import { checkGateway, requirementFor } from '../../../plugins/enforce-tls/check/gateway-check.js'
import { checkPartner } from '../../../plugins/enforce-tls/check/partner-check.js'
import type { CheckContext, GatewayCheck, PartnerCheck } from '../../../plugins/enforce-tls/check/types.js'
import { TrustProblem } from '../../../plugins/enforce-tls/delivery/tls/trust-files.js'
import { DnsClient } from '../../../plugins/enforce-tls/dns/client.js'
import { requirementOf } from '../../../plugins/enforce-tls/rules/requirement.js'
import type { RelayWithTls } from '../../../plugins/enforce-tls/rules/rule.js'
import type { Gateway } from '../../../plugins/enforce-tls/settings/gateways.js'
import { makeAuthority, selfSigned } from '../../support/certificates.js'
import type { PeerBehaviour } from '../../support/peer-behaviour.js'
import { startPeer, type SmtpPeer } from '../../support/smtp-peer.js'

const LOGIN = { user: 'relay-user', password: 'S3CRET' }
const AUTH = { capabilities: ['AUTH PLAIN LOGIN'] }
const RULE = { owner: 'acme.example', id: 'r1', name: 'Bank' }

let ca: string
let good: PeerBehaviour['tls'] & object
let bad: PeerBehaviour['tls'] & object
before(async () => {
  const authority = await makeAuthority('Test CA')
  ca = authority.cert
  good = await authority.issue({ ipAddresses: ['127.0.0.1'] })
  bad = await selfSigned({ ipAddresses: ['127.0.0.1'] })
})

const peers: SmtpPeer[] = []
after(() => Promise.all(peers.map((peer) => peer.close())))

async function peerWith(behaviour: PeerBehaviour): Promise<SmtpPeer> {
  const peer = await startPeer(behaviour)
  peers.push(peer)
  return peer
}

function gatewayAt({ port }: SmtpPeer, more: Partial<Gateway> = {}): Gateway {
  return { name: 'relay', host: '127.0.0.1', port, implicitTls: false, login: null, trust: null, ...more }
}

/** @param partner the partner's own server, if there is one */
function contextWith(gateways: readonly Gateway[] | null, partner?: SmtpPeer): CheckContext {
  return {
    network: {
      hostsOf: () => Promise.resolve(partner ? [{ exchange: 'mx.bank.example', priority: 1 }] : []),
      addressesOf: ([first]) =>
        Promise.resolve(
          first?.exchange === '127.0.0.1'
            ? [first]
            : partner
              ? [partner.route({ name: 'mx.bank.example' })]
              : [],
        ),
    },
    validatingDns: new DnsClient([]),
    policyOf: () => Promise.resolve({ kind: 'none', why: '', authentic: true }),
    resolverSetting: '[dns] resolver',
    ...{ helo: 'me.example', localMxOk: true, connectTimeout: 5000, failureAction: 'bounce' as const },
    // A gateway is never one of them.
    isTrusted: ({ exchange }) => exchange === '127.0.0.1' && partner === undefined,
    trusts: {
      get: (name) => {
        throw new TrustProblem(`${name} is expired`)
      },
    },
    secureContext: () => createSecureContext({ ca }),
    timeouts: { reply: 5000, handshake: 5000 },
    ...(gateways === null ? {} : { gateways }),
  }
}

async function asked(behaviour: PeerBehaviour, more: Partial<Gateway> = {}): Promise<GatewayCheck> {
  const requirement = requirementFor('relay')
  assert.ok(requirement.gateway)
  const peer = await peerWith(behaviour)
  const found = await checkGateway(requirement, requirement.gateway, contextWith([gatewayAt(peer, more)]))
  assert.ok(found && 'gateway' in found)
  assert.equal(peer.messages.length, 0)
  assert.doesNotMatch(peer.transcript(), /C\(tls\): (?:AUTH|MAIL)/, 'neither login nor mail is said')
  return found
}

describe('a gateway that is asked', () => {
  it('is held to level verify, whatever counts as a trusted next hop', async () => {
    const found = await asked({ tls: good })
    assert.deepEqual(
      [found.verdict, found.level, found.auth],
      ['delivered', 'verify', { needed: false, offered: [] }],
    )
    assert.equal(found.hosts[0]?.protocol, 'TLSv1.3')
    const untrusted = await asked({ tls: bad })
    assert.equal(untrusted.verdict, 'waits')
    assert.equal(untrusted.hosts[0]?.failure?.class, 'certificate-not-trusted')
    assert.equal((await asked({ starttls: false })).verdict, 'waits')
    assert.equal((await asked({ on: { STARTTLS: '454 4.7.0 later' } })).verdict, 'not-known')
  })

  it('has to offer AUTH where a login is set', async () => {
    const found = await asked({ tls: good, ...AUTH }, { login: LOGIN })
    assert.deepEqual(
      [found.verdict, found.auth],
      ['delivered', { needed: true, offered: ['PLAIN', 'LOGIN'] }],
    )
    const without = await asked({ tls: good }, { login: LOGIN })
    assert.equal(without.verdict, 'waits')
    assert.match(without.reason, /does not offer AUTH, but a user and password are set for it/)
    assert.doesNotMatch(JSON.stringify([found, without]), /S3CRET|relay-user/)
  })

  it('with TLS first greets inside it', async () => {
    const server = createServer(good, (socket) => {
      socket.on('error', () => undefined).write('220 gw ready\r\n')
      socket.on('data', (data) => {
        if (String(data).startsWith('EHLO')) socket.write('250-gw\r\n250 AUTH PLAIN\r\n')
        else socket.end('221 bye\r\n')
      })
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const { port } = server.address() as AddressInfo
    const requirement = requirementFor('relay')
    assert.ok(requirement.gateway)
    const gateway: Gateway = {
      name: 'relay',
      host: '127.0.0.1',
      port,
      implicitTls: true,
      login: LOGIN,
      trust: null,
    }
    const found = await checkGateway(requirement, requirement.gateway, contextWith([gateway]))
    server.close()
    assert.ok(found && 'gateway' in found)
    assert.deepEqual(
      [found.verdict, found.auth.offered, found.hosts[0]?.starttls],
      ['delivered', ['PLAIN'], null],
    )
  })

  it('whose trust cannot be used is not asked', async () => {
    const found = await asked({ tls: good }, { trust: 'partner-a' })
    assert.equal(found.verdict, 'waits')
    assert.match(found.reason, /was not contacted, because trust "partner-a" cannot be used: .* is expired/)
  })
})

describe('a partner whose mail goes through a gateway', () => {
  const checked = (
    action: RelayWithTls,
    gateways: readonly Gateway[] | null,
    partner: SmtpPeer,
  ): Promise<PartnerCheck> =>
    checkPartner(
      { domain: 'bank.example', requirement: requirementOf(action, 'bank.example', RULE) },
      contextWith(gateways, partner),
    )

  for (const onFailure of [undefined, 'reroute'] as const)
    it(`${onFailure ?? 'always'} is judged by what the gateway does`, async () => {
      const plain = await peerWith({ starttls: false })
      const action: RelayWithTls = { level: 'encrypt', via: 'relay', ...(onFailure ? { onFailure } : {}) }
      const takes = await checked(action, [gatewayAt(await peerWith({ tls: good }))], plain)
      assert.equal(takes.verdict, 'rerouted')
      assert.match(takes.reason, /through the gateway relay.*, which takes it: 127\.0\.0\.1 .* fulfils/)
      assert.equal(takes.gateway?.verdict, 'delivered')
      const fails = await checked(action, [gatewayAt(await peerWith({ tls: bad }))], plain)
      assert.equal(fails.verdict, 'waits')
      const unknown = await checked(action, null, plain)
      assert.equal(unknown.verdict, 'not-known')
      assert.match(unknown.reason, /whose settings are unknown here/)
      const missing = await checked(action, [], plain)
      assert.equal(missing.verdict, 'waits')
      assert.match(missing.reason, /which is not in \[gateways\] of enforce-tls\.ini/)
    })

  it('only where its own servers fail is not asked while they do not', async () => {
    const tls = await peerWith({})
    const found = await checked({ level: 'encrypt', via: 'relay', onFailure: 'reroute' }, [], tls)
    assert.equal(found.verdict, 'delivered')
    assert.equal(found.gateway, undefined)
  })
})
