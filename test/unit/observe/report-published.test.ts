/**
 * What rules in mode `report` make of deliveries where they look at what is published: looked up after the delivery, and
 * never called a bounce where the message would have waited.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ReportEvent } from '../../../plugins/enforce-tls/delivery/delivery-events.js'
import type { Answer, Dns, RecordType } from '../../../plugins/enforce-tls/dns/answer.js'
import { ObservedHosts } from '../../../plugins/enforce-tls/observe/observed-terms.js'
import { TrustProblem } from '../../../plugins/enforce-tls/delivery/tls/trust-files.js'
import { ObservedJudge, type Handover } from '../../../plugins/enforce-tls/observe/observed-judge.js'
import { Reports } from '../../../plugins/enforce-tls/observe/report-mode.js'
import type { PublishedSources } from '../../../plugins/enforce-tls/published/domain-facts.js'
import type { StsAnswer } from '../../../plugins/enforce-tls/published/mta-sts/sts-policies.js'
import { requirementOf } from '../../../plugins/enforce-tls/rules/requirement.js'
import type { OnFailure } from '../../../plugins/enforce-tls/rules/levels.js'
import type { RelayWithTls } from '../../../plugins/enforce-tls/rules/rule.js'
import { issue, tlsa } from '../../support/chains.js'
import { fakeAddress, FakeHaraka } from '../../support/fake-haraka.js'
import { FakeHmail } from '../../support/fake-hmail.js'
import { stsPolicy } from '../../support/held.js'
import { SESSION } from '../../support/tls-session.js'
import { until } from '../../support/until.js'

const HOST = 'mx.bank.example'
const DANE: RelayWithTls = { level: 'dane' }
const certificates = Promise.all([
  issue({ name: 'mx', ca: false, names: [HOST] }),
  issue({ name: 'x', ca: false }),
])

/** What DNS has of bank.example and of its host. */
interface World {
  readonly records?: 'own' | 'another' | 'none' | 'fails'
  readonly mx?: 'names the host' | 'names the host, unsigned' | 'names another' | 'fails'
  readonly policy?: StsAnswer
  /** The host is a CNAME of another name, which is its TLSA base domain. */
  readonly hasAlias?: boolean
}

async function sourcesOf({
  records = 'own',
  mx = 'names the host',
  policy,
  hasAlias = false,
}: World): Promise<PublishedSources> {
  const [own, another] = await certificates
  const answer = (name: string, type: RecordType): Answer => {
    const found = { kind: 'found', name, authentic: true, ttl: 60 } as const
    if (type === 'A')
      return { ...found, name: hasAlias ? 'real.bank.example' : name, records: ['192.0.2.25'] }
    if (type === 'MX' && mx !== 'fails') {
      const exchange = mx === 'names another' ? 'elsewhere.example' : HOST
      const authentic = mx !== 'names the host, unsigned'
      return { ...found, authentic, records: [{ preference: 1, exchange }] }
    }
    if (type === 'TLSA' && (records === 'own' || records === 'another'))
      return { ...found, records: [tlsa(3, 1, 1, records === 'own' ? own : another)] }
    if (type === 'MX' || (type === 'TLSA' && records === 'fails'))
      return { kind: 'failed', why: `the DNS look-up of ${type} ${name} failed: SERVFAIL` }
    return { kind: 'none', name, reason: 'no-such-record', authentic: true, ttl: 60 }
  }
  const dns: Dns = {
    ask: <T extends RecordType>(name: string, type: T) => Promise.resolve(answer(name, type) as Answer<T>),
  }
  return { dns, policyOf: () => Promise.resolve(policy ?? { kind: 'none', why: '', authentic: true }) }
}

interface Delivered extends World {
  readonly action: RelayWithTls
  readonly secured?: boolean
  readonly failureAction?: OnFailure
  readonly trusted?: boolean
  /** The trust that rules can name: what it has; `none` for one that cannot be used. @default with the server's authority */
  readonly trust?: 'its authority' | 'another authority' | 'a client certificate too' | 'none'
}

/** What is reported of one delivery, and its line in the log. */
async function reportOf({
  action,
  secured = true,
  failureAction = 'bounce',
  trusted = false,
  trust = 'its authority',
  ...world
}: Delivered): Promise<{ readonly event: ReportEvent; readonly log: string }> {
  const [own, another] = await certificates
  const sources = await sourcesOf(world)
  const events: ReportEvent[] = []
  const judge = new ObservedJudge({
    minVersion: () => 'TLSv1.2',
    anchors: () => [own.pem],
    limitsVersions: () => false,
    failureAction: () => failureAction,
    published: () => sources,
    trusts: () => ({
      get: (name) => {
        if (trust === 'none') throw new TrustProblem('its file is gone')
        return { name, digest: '', serverName: '', hasAuthorities: true }
      },
    }),
    authoritiesOf: () =>
      trust === 'a client certificate too' ? null : [(trust === 'its authority' ? own : another).pem],
  })
  const reports = new Reports({ judge, emit: (event) => event.kind === 'report' && events.push(event) })
  const haraka = new FakeHaraka()
  const recipient = fakeAddress('cfo@bank.example')
  const item = new FakeHmail(haraka, {
    mail_from: fakeAddress('ann@acme.example'),
    rcpt_to: [recipient],
    notes: {},
  })
  const requirement = requirementOf(action, 'bank.example', {
    owner: 'acme.example',
    id: 'r1',
    name: 'Banks',
  })
  reports.note(item, [{ recipient, requirement }])
  const tls = secured
    ? { session: { ...SESSION, certificate: own.node }, found: 'DEPTH_ZERO_SELF_SIGNED_CERT' }
    : null
  const seen = { host: HOST, port: 25, mx: null, offered: false, tls }
  const handover: Handover = { to: HOST, secured, trusted, recipients: [recipient], seen }
  reports.delivered(item, handover)
  assert.deepEqual(events, [], 'the delivery does not wait for it')
  await until(() => events.length > 0, { what: 'a report' })
  const [event] = events
  assert.ok(event)
  return { event, log: haraka.log.at(-1) ?? '' }
}

const ENFORCED = stsPolicy('enforce', [HOST])

describe('a rule in mode report', () => {
  const rows: readonly (readonly [what: string, of: Delivered, result: string, says: RegExp])[] = [
    [
      'records that vouch for the server',
      { action: DANE },
      'would-deliver',
      /would have been delivered: mx\.bank\.example accepted/,
    ],
    [
      'a trust with the authority of the server',
      { action: { level: 'verify', trust: 'bank' } },
      'would-deliver',
      /would have been delivered: mx\.bank\.example accepted/,
    ],
    [
      'a trust with another authority than the server has, which all trust',
      { action: { level: 'verify', trust: 'bank' }, trust: 'another authority' },
      'would-bounce certificate-not-trusted',
      /would have bounced: .* \(certificate-not-trusted\)/,
    ],
    [
      'a trust whose own sessions may have gone otherwise',
      { action: { level: 'verify', trust: 'bank' }, trust: 'a client certificate too' },
      'unknown',
      /without trust bank, which decides whether a session is as required/,
    ],
    [
      'a trust that cannot be used',
      { action: { level: 'verify', trust: 'bank' }, trust: 'none' },
      'would-wait trust-unusable',
      /would have waited: .*trust "bank".* cannot be used/,
    ],
    [
      'records that do not',
      { action: DANE, records: 'another' },
      'would-wait tlsa-invalid',
      /would have waited: .* over TLS; it has a public key that is not the one of its TLSA record .* \(tlsa-invalid\)/,
    ],
    [
      'MX records that are not signed',
      { action: DANE, mx: 'names the host, unsigned' },
      'would-wait dane-required',
      /would have waited: .* MX records of bank\.example that are not signed with DNSSEC/,
    ],
    [
      'records of the name that the host is an alias of, which Haraka has not asked the server for',
      { action: DANE, records: 'another', hasAlias: true },
      'unknown',
      /could not be checked: Haraka asked the server by another name than DANE wants, by rule/,
    ],
    [
      'the same where they fit anyway',
      { action: DANE, hasAlias: true },
      'would-deliver',
      /would have been delivered/,
    ],
    [
      'a server without TLS that has records',
      { action: DANE, secured: false },
      'would-wait starttls-not-supported',
      /would have waited: \S+ accepted the message for \S+ without TLS, by rule/,
    ],
    [
      'no records',
      { action: DANE, records: 'none' },
      'would-wait dane-required',
      /would have waited: .*; it has no TLSA records \(dane-required\)/,
    ],
    [
      'no records, and a server without TLS',
      { action: { ...DANE, otherwise: 'encrypt' }, records: 'none', secured: false },
      'would-bounce starttls-not-supported',
      /would have bounced: .* without TLS, by rule/,
    ],
    [
      'no records, any TLS',
      { action: { ...DANE, otherwise: 'encrypt' }, records: 'none' },
      'would-deliver',
      /would have been delivered: /,
    ],
    [
      'no records, and nothing required then',
      { action: { ...DANE, otherwise: 'none' }, records: 'none', secured: false },
      'would-deliver-as-usual',
      /would have been delivered as usual, since TLS would not be required: .*; it has no TLSA records, by rule/,
    ],
    [
      'a look-up of the host that fails',
      { action: { ...DANE, otherwise: 'none' }, records: 'fails' },
      'would-wait dnssec-invalid',
      /would have waited: .* TLSA \S+ failed: SERVFAIL \(dnssec-invalid\)/,
    ],
    [
      'a look-up of the domain that fails',
      { action: DANE, mx: 'fails' },
      'unknown',
      /report: unknown: .*whether that fulfils level dane could not be checked: the DNS look-up of MX bank\.example failed: SERVFAIL/,
    ],
    [
      'a host that a plugin has named',
      { action: DANE, mx: 'names another' },
      'would-deliver',
      /would have been delivered/,
    ],
    [
      'a policy that lists the host',
      { action: { level: 'mta-sts' }, policy: ENFORCED },
      'would-deliver',
      /would have been delivered/,
    ],
    [
      'a policy that does not',
      { action: { level: 'mta-sts' }, policy: stsPolicy('enforce', ['mx9.bank.example']) },
      'would-wait mx-not-listed',
      /would have waited/,
    ],
    [
      'a next hop that is trusted',
      { action: DANE, records: 'none', trusted: true },
      'would-deliver',
      /would have been delivered/,
    ],
    [
      'a rule that defers',
      { action: { level: 'encrypt', onFailure: 'defer' }, secured: false },
      'would-wait starttls-not-supported',
      /would have waited/,
    ],
    [
      'settings that defer',
      { action: { level: 'encrypt' }, failureAction: 'defer', secured: false },
      'would-wait starttls-not-supported',
      /would have waited/,
    ],
    [
      'a rule that reroutes',
      { action: { level: 'encrypt', onFailure: 'reroute', via: 'relay' }, secured: false },
      'unknown',
      /it would have gone through the gateway relay instead/,
    ],
    [
      'a rule whose mail all goes through a gateway',
      { action: { level: 'encrypt', via: 'relay' }, secured: true },
      'unknown',
      /it would have gone through the gateway relay/,
    ],
    [
      'settings that defer, and a rule that bounces',
      { action: { level: 'encrypt', onFailure: 'bounce' }, failureAction: 'defer', secured: false },
      'would-bounce starttls-not-supported',
      /would have bounced/,
    ],
  ]
  for (const [what, of, result, says] of rows)
    it(`judges ${what}`, async () => {
      const { event, log } = await reportOf(of)
      assert.equal([event.result, event.failure?.class].filter(Boolean).join(' '), result)
      assert.match(log, says)
      if (!result.startsWith('would-bounce')) assert.doesNotMatch(log, /bounced/)
    })
})

describe('look-ups after deliveries', () => {
  const requirement = requirementOf(DANE, 'bank.example', { owner: '*', id: 'r1', name: 'x' })
  const seen = { host: HOST, port: 25 }

  it('are bounded, and what finds no room is unknown', async () => {
    let underWay = 0
    let most = 0
    const answers: (() => void)[] = []
    const ask = async <T extends RecordType>(): Promise<Answer<T>> => {
      most = Math.max(most, ++underWay)
      await new Promise<void>((resolve) => answers.push(resolve))
      underWay--
      return { kind: 'failed', why: 'SERVFAIL' }
    }
    const hosts = new ObservedHosts(() => ({ dns: { ask }, policyOf: () => Promise.reject(new Error('no')) }))
    const all = Array.from({ length: 1025 }, () => hosts.termsOf(requirement, 'bank.example', seen))
    const late = await Promise.race(all)
    assert.deepEqual(late, { is: 'unknown', why: 'too many DNS look-ups are waiting' })
    const settled = Promise.all(all)
    const pump = setInterval(() => answers.splice(0).forEach((answer) => answer()), 1)
    const terms = await settled
    clearInterval(pump)
    assert.equal(most, 20)
    assert.equal(terms.filter((each) => 'why' in each && each.why === 'SERVFAIL').length, 1020)
  })

  it('that cannot even begin leave the result unknown', async () => {
    const hosts = new ObservedHosts(() => {
      throw new Error('redis.url is no URL')
    })
    for (let n = 0; n < 25; n++)
      assert.deepEqual(await hosts.termsOf(requirement, 'bank.example', seen), {
        is: 'unknown',
        why: 'redis.url is no URL',
      })
  })

  it('are not made where a rule looks at nothing published', async () => {
    const hosts = new ObservedHosts(() => {
      throw new Error('asked')
    })
    const plain = requirementOf({ level: 'verify' }, 'bank.example', { owner: '*', id: 'r1', name: 'x' })
    assert.equal((await hosts.termsOf(plain, 'bank.example', null)).is, 'required')
  })
})
