/** What a check says at levels that look at what is published: real handshakes, a DNS and policies of its own. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createSecureContext } from 'node:tls'
import { checkPartner } from '../../../plugins/enforce-tls/check/partner-check.js'
import { TimeLimit } from '../../../plugins/enforce-tls/check/time-limit.js'
import type { PartnerCheck, ValidatingDns } from '../../../plugins/enforce-tls/check/types.js'
import type { Answer, RecordType } from '../../../plugins/enforce-tls/dns/answer.js'
import type { StsAnswer } from '../../../plugins/enforce-tls/published/mta-sts/sts-policies.js'
import { requirementOfAction } from '../../../plugins/enforce-tls/rules/requirement.js'
import type { RelayWithTls } from '../../../plugins/enforce-tls/rules/rule.js'
import { issue, tlsa, type Issued } from '../../support/chains.js'
import { startPeer, type SmtpPeer } from '../../support/smtp-peer.js'
import { until } from '../../support/until.js'

const [DOMAIN, HOST] = ['bank.example', 'mx.bank.example']
const NO_POLICY: StsAnswer = { kind: 'none', why: '', authentic: true }
const MTA_STS: RelayWithTls = { level: 'mta-sts' }

let leaf: Issued
let [secure, plain, refusing]: SmtpPeer[] = []
before(async () => {
  leaf = await issue({ name: 'mx', ca: false, names: [HOST] })
  const tls = { key: leaf.keyPem, cert: leaf.pem }
  secure = await startPeer({ tls })
  plain = await startPeer({ starttls: false })
  refusing = await startPeer({ tls, on: { connect: '554 5.7.1 not you' } })
})
after(async () => {
  for (const peer of [secure, plain, refusing]) await peer?.close()
})

interface Asked {
  readonly policy?: StsAnswer | Promise<StsAnswer>
  readonly tlsa?: boolean
  readonly peer?: SmtpPeer | undefined
  readonly reports?: readonly string[]
}

function check(
  action: RelayWithTls,
  { policy = NO_POLICY, tlsa: has = false, peer = secure, reports = [] }: Asked,
) {
  const dns: ValidatingDns = {
    validation: () => Promise.resolve([{ resolver: '127.0.0.1:53', validates: true, why: '' }]),
    ask<T extends RecordType>(name: string, type: T): Promise<Answer<T>> {
      const found = (...records: readonly unknown[]) =>
        Promise.resolve({ kind: 'found', name, authentic: true, records, ttl: 60 } as Answer<T>)
      if (type === 'A') return found('127.0.0.1')
      if (type === 'TLSA' && has) return found(tlsa(3, 1, 1, leaf))
      if (type === 'TXT' && name === `_smtp._tls.${DOMAIN}` && reports.length > 0) return found(...reports)
      return Promise.resolve({ kind: 'none', name, reason: 'no-such-record', authentic: true, ttl: 60 })
    },
  }
  return checkPartner(
    {
      domain: DOMAIN,
      requirement: requirementOfAction(action, DOMAIN),
      mx: { host: HOST, port: peer?.port ?? 0 },
      published: true,
    },
    {
      network: {
        hostsOf: () => Promise.reject(new Error('Haraka asks nobody')),
        addressesOf: (hosts) =>
          Promise.resolve(hosts.map((mx) => ({ ...mx, exchange: '127.0.0.1', from_dns: HOST }))),
      },
      validatingDns: dns,
      policyOf: () => Promise.resolve(policy),
      resolverSetting: '[dns] resolver',
      helo: 'me.example',
      isTrusted: () => false,
      localMxOk: true,
      trusts: { get: () => assert.fail() },
      secureContext: () => createSecureContext({ ca: leaf.pem }),
      connectTimeout: 5000,
      timeouts: { reply: 5000, handshake: 5000 },
      failureAction: 'bounce',
    },
  )
}

describe('a check at levels that look at what is published', () => {
  const ROWS: readonly (readonly [what: string, action: RelayWithTls, () => Asked, expected: string])[] = [
    ['a policy that lists the host', MTA_STS, () => ({ policy: policy() }), 'delivered'],
    [
      'a policy that lists others',
      MTA_STS,
      () => ({ policy: policy({ mx: ['a.example'] }) }),
      'waits mx-not-listed',
    ],
    [
      'a policy of mode testing',
      MTA_STS,
      () => ({ policy: policy({ mode: 'testing' }) }),
      'waits nothing-published',
    ],
    [
      'a policy that is unknown',
      MTA_STS,
      () => ({ policy: unknown('fetch') }),
      'not-known sts-policy-fetch-error',
    ],
    [
      'a policy that is not valid',
      MTA_STS,
      () => ({ policy: unknown('policy') }),
      'waits sts-policy-invalid',
    ],
    [
      'a policy and a server without TLS',
      MTA_STS,
      () => ({ policy: policy(), peer: plain }),
      'waits starttls-not-supported',
    ],
    ['no policy', MTA_STS, () => ({}), 'waits nothing-published'],
    ['no policy, otherwise encrypt', { ...MTA_STS, otherwise: 'encrypt' }, () => ({}), 'delivered'],
    [
      'no policy and no TLS, otherwise encrypt',
      { ...MTA_STS, otherwise: 'encrypt' },
      () => ({ peer: plain }),
      'bounced starttls-not-supported',
    ],
    [
      'no policy and no TLS, otherwise none',
      { ...MTA_STS, otherwise: 'none' },
      () => ({ peer: plain }),
      'free',
    ],
    [
      'no policy and a server that takes no mail, otherwise none',
      { ...MTA_STS, otherwise: 'none' },
      () => ({ peer: refusing }),
      'bounced',
    ],
    [
      'TLSA records and a policy',
      { level: 'published' },
      () => ({ tlsa: true, policy: policy() }),
      'delivered',
    ],
    [
      'TLSA records and a policy that lists others',
      { level: 'published' },
      () => ({ tlsa: true, policy: policy({ mx: ['a.example'] }) }),
      'waits mx-not-listed',
    ],
  ]
  for (const [what, action, asked, expected] of ROWS)
    it(`of ${action.level} with ${what}: ${expected}`, async () => {
      const found = await check(action, asked())
      assert.equal(shown(found), expected)
    })

  it('says what the policy is, and which levels the server fulfils', async () => {
    const { mtaSts, levels, hosts } = await check({ level: 'encrypt' }, { policy: policy() })
    assert.equal(
      mtaSts?.sentence,
      'The MTA-STS policy of bank.example (mode enforce) lists all of its mail servers.',
    )
    assert.deepEqual(mtaSts.policy, { id: '1', mx: [HOST], maxAge: 86_400, age: 3, problems: [] })
    assert.deepEqual(levels, ['encrypt', 'verify', 'secure', 'mta-sts', 'published'])
    assert.equal(hosts[0]?.listed, true)
  })

  it('says which servers the policy leaves out', async () => {
    const { mtaSts, hosts } = await check(
      { level: 'encrypt' },
      { policy: policy({ mx: ['a.example'], mode: 'testing' }) },
    )
    assert.equal(
      mtaSts?.sentence,
      'The MTA-STS policy of bank.example (mode testing) lists none of its mail servers: a.example, but mode testing requires nothing.',
    )
    assert.equal(hosts[0]?.listed, false)
  })

  it('says where TLS reports are wanted', async () => {
    const reports = ['v=TLSRPTv1; rua=mailto:tls@bank.example']
    const { tlsReports } = await check({ level: 'encrypt' }, { reports })
    assert.deepEqual(tlsReports, {
      wanted: true,
      to: ['mailto:tls@bank.example'],
      sentence: 'bank.example asks for TLS reports at mailto:tls@bank.example.',
    })
  })

  it('does not wait for a policy that the level does not ask for', async () => {
    const before = secure?.connections.length ?? 0
    let arrive: (answer: StsAnswer) => void = () => undefined
    const late = new Promise<StsAnswer>((resolve) => (arrive = resolve))
    const checking = check({ level: 'dane' }, { tlsa: true, policy: late })
    await until(() => (secure?.connections.length ?? 0) > before, { what: () => 'a connection' })
    arrive(NO_POLICY)
    assert.equal(shown(await checking), 'delivered')
  })
})

describe('a time limit', () => {
  it('ends what never comes, and what is ended', async () => {
    const never = new Promise<never>(() => undefined)
    assert.equal(await new TimeLimit(20).inTimeOr(never, 'late'), 'late')
    const ended = new AbortController()
    const waiting = new TimeLimit(60_000, ended.signal).inTimeOr(never, 'late')
    ended.abort()
    assert.equal(await waiting, 'late')
    assert.equal(await new TimeLimit(60_000, ended.signal).inTimeOr(never, 'late'), 'late')
  })
})

function shown({ verdict, hosts }: PartnerCheck): string {
  const name = verdict === 'delivered' || verdict === 'free' ? null : hosts[0]?.failure?.class
  return name ? `${verdict} ${name}` : verdict
}

function policy(about: { readonly mode?: 'testing'; readonly mx?: readonly string[] } = {}): StsAnswer {
  const rest = { domain: DOMAIN, id: '1', age: 3, text: '', problems: [], stale: '', maxAge: 86_400 }
  return { kind: 'policy', mode: 'enforce', mx: [HOST], ...rest, ...about }
}

function unknown(cause: 'fetch' | 'policy'): StsAnswer {
  return { kind: 'unknown', cause, why: 'it cannot be had' }
}
