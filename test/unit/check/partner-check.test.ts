import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createSecureContext } from 'node:tls'
import { checkPartner } from '../../../plugins/enforce-tls/check/partner-check.js'
import { requirementOfAction } from '../../../plugins/enforce-tls/rules/requirement.js'
import type { CheckContext, CheckRequest } from '../../../plugins/enforce-tls/check/types.js'
import { DnsClient } from '../../../plugins/enforce-tls/dns/client.js'
import type { HarakaMx } from '../../../plugins/enforce-tls/haraka/types.js'
import { freePort } from '../../support/free-port.js'
import { startPeer, type SmtpPeer } from '../../support/smtp-peer.js'

const requirement = requirementOfAction({ level: 'encrypt' }, 'bank.example')

let tls: SmtpPeer
let plain: SmtpPeer
let closedPort: number
before(async () => {
  tls = await startPeer()
  plain = await startPeer({ starttls: false })
  closedPort = await freePort()
})
after(async () => {
  await tls.close()
  await plain.close()
})

type HostName = 'tls' | 'plain' | 'closed' | 'homeless'

/** Asks about a domain with these hosts, in this order. */
function check(
  hosts: readonly HostName[],
  more: Partial<CheckContext> = {},
  question: Partial<CheckRequest> = {},
) {
  const ports = { tls: tls.port, plain: plain.port, closed: closedPort, homeless: 0 }
  const named = hosts.map((host, index): HarakaMx => ({ exchange: `${host}.example`, priority: index + 1 }))
  return checkPartner(
    { domain: 'bank.example', requirement, ...question },
    {
      network: {
        hostsOf: () => Promise.resolve(named),
        addressesOf: () =>
          Promise.resolve(
            hosts.flatMap((host, index): HarakaMx[] =>
              host === 'homeless'
                ? []
                : [
                    {
                      exchange: '127.0.0.1',
                      from_dns: `${host}.example`,
                      port: ports[host],
                      priority: index + 1,
                    },
                  ],
            ),
          ),
      },
      validatingDns: new DnsClient([]),
      policyOf: () => Promise.resolve({ kind: 'none', why: '', authentic: true }),
      resolverSetting: '[dns] resolver',
      helo: 'me.example',
      isTrusted: () => false,
      localMxOk: true,
      trusts: { get: () => assert.fail() },
      secureContext: () => createSecureContext(),
      connectTimeout: 5000,
      timeouts: { reply: 5000, handshake: 5000 },
      failureAction: 'bounce',
      ...more,
    },
  )
}

describe('the verdict over several hosts', () => {
  const ROWS: readonly (readonly [hosts: readonly HostName[], verdict: string, reason: RegExp])[] = [
    [['tls'], 'delivered', /^tls\.example/],
    [['plain'], 'bounced', /^plain\.example does not offer STARTTLS/],
    [['plain', 'plain'], 'bounced', /^plain\.example/],
    [['closed'], 'not-known', /^closed\.example could not be reached: connect ECONNREFUSED/],
    [['homeless'], 'not-known', /^homeless\.example has no address/],
    // Any host that would do is enough.
    [['plain', 'tls'], 'delivered', /^tls\.example/],
    [['closed', 'homeless', 'tls'], 'delivered', /^tls\.example/],
    // A host that may do better later keeps the message waiting; the TLS reason is the one that is told.
    [['plain', 'closed'], 'not-known', /^plain\.example/],
    [['homeless', 'plain'], 'not-known', /^plain\.example/],
  ]
  for (const [hosts, verdict, reason] of ROWS) {
    it(`${hosts.join(', ')}: ${verdict}`, async () => {
      const found = await check(hosts)
      assert.equal(found.verdict, verdict)
      assert.match(found.reason, reason)
      assert.deepEqual(
        found.hosts.map(({ host }) => host),
        hosts.map((host) => `${host}.example`),
      )
    })
  }

  it('says that the message waits first where failures are deferred', async () => {
    for (const found of [
      await check(['plain'], { failureAction: 'defer' }),
      await check(['plain'], {}, { requirement: { ...requirement, onFailure: 'defer' } }),
    ])
      assert.match(found.reason, /after retries/)
    const bounces = await check(
      ['plain'],
      { failureAction: 'defer' },
      { requirement: { ...requirement, onFailure: 'bounce' } },
    )
    assert.doesNotMatch(bounces.reason, /after retries/)
  })

  it('is not known where our own TLS settings can not be used', async () => {
    const found = await check(['tls'], {
      secureContext: () => {
        throw new Error('no cipher match')
      },
    })
    assert.equal(found.verdict, 'not-known')
    assert.match(found.reason, /TLS settings here cannot be used: no cipher match/)
  })

  it('is not known of a domain with more addresses than are asked', async () => {
    const found = await check(Array.from({ length: 45 }, () => 'plain' as const))
    assert.equal(found.verdict, 'not-known')
    assert.equal(found.hosts.length, 45)
    assert.equal(found.hosts.filter(({ reachable }) => reachable).length, 40)
    assert.match(found.hosts.at(-1)?.failure?.detail ?? '', /only the first 40 addresses/)
  })

  it('is not known when there is no time left', async () => {
    const found = await check(['tls'], {}, { signal: AbortSignal.abort() })
    assert.equal(found.verdict, 'not-known')
  })
})

it('says nothing of a leak where many checks share a signal', async () => {
  const warnings: Error[] = []
  const warned = (warning: Error): unknown => warnings.push(warning)
  process.on('warning', warned)
  const { signal } = new AbortController()
  await Promise.all(Array.from({ length: 15 }, () => check(['plain', 'tls'], {}, { signal })))
  await new Promise(setImmediate)
  process.off('warning', warned)
  assert.deepEqual(warnings, [])
})
