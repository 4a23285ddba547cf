import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { hostDane, type Seen } from '../../../plugins/enforce-tls/check/host-dane.js'
import {
  lookUpDane,
  type DaneFacts,
  type DaneLookUp,
} from '../../../plugins/enforce-tls/check/dane-look-up.js'
import { partnerDane } from '../../../plugins/enforce-tls/check/partner-dane.js'
import type { HostDane } from '../../../plugins/enforce-tls/check/dane-types.js'
import type { HostCheck, ValidatingDns } from '../../../plugins/enforce-tls/check/types.js'
import type { Answer, RecordData, RecordType, TlsaRecord } from '../../../plugins/enforce-tls/dns/answer.js'
import type { Validation } from '../../../plugins/enforce-tls/dns/validating-resolver.js'
import { issue, tlsa, type Issued } from '../../support/chains.js'

const DOMAIN = 'bank.example'
const VALIDATES: Validation = { resolver: '127.0.0.1:53', validates: true, why: '' }

/** What a table says, as `MX bank.example`; what is not in it does not exist. An authentic answer unless it begins with `~`. */
type Table = Readonly<Record<string, readonly unknown[] | 'fails' | 'never'>>

function dnsOf(
  table: Table,
  validations: readonly Validation[] = [VALIDATES],
): ValidatingDns & { asked: string[] } {
  const asked: string[] = []
  return {
    asked,
    validation: () => Promise.resolve(validations),
    ask<T extends RecordType>(name: string, type: T): Promise<Answer<T>> {
      const key = `${type} ${name}`
      asked.push(key)
      const authentic = !(`~${key}` in table)
      const records = table[key] ?? table[`~${key}`]
      if (records === 'never') return new Promise(() => undefined)
      if (records === 'fails')
        return Promise.resolve({ kind: 'failed', why: `the DNS look-up of ${key} failed` })
      if (!records)
        return Promise.resolve({ kind: 'none', name, reason: 'no-such-record', authentic, ttl: 1 })
      return Promise.resolve({ kind: 'found', name, authentic, records: records as RecordData[T][], ttl: 1 })
    },
  }
}

const mx = (...names: readonly string[]) => names.map((exchange, index) => ({ preference: index, exchange }))

describe('what DANE says of a partner, in a sentence', () => {
  let leaf: Issued
  let other: Issued
  before(async () => {
    other = await issue({ name: 'Other' })
    leaf = await issue({ name: 'leaf', ca: false, names: ['mx.bank.example'] })
  })

  async function lookUp(
    table: Table,
    hosts: readonly string[],
    validations?: readonly Validation[],
  ): Promise<DaneLookUp> {
    return await lookUpDane(
      { domain: DOMAIN },
      hosts.map((host) => ({ exchange: '192.0.2.1', from_dns: host })),
      { validatingDns: dnsOf(table, validations), resolverSetting: '[dns] resolver' },
    )
  }

  async function sentence(table: Table, hosts: Readonly<Record<string, Partial<Seen>>>): Promise<string> {
    const found = await lookUp(table, Object.keys(hosts))
    assert.ok('hosts' in found)
    const peer = { certificate: leaf.node, chainError: 'SELF_SIGNED_CERT_IN_CHAIN' }
    const checks = Object.entries(hosts).map(([host, seen]) => {
      const dane = hostDane(found, DOMAIN, { host, starttls: true, peer, ...seen }, Date.now())
      return { host, to: '192.0.2.1:25', dane } as HostCheck
    })
    return partnerDane(found, DOMAIN, checks).sentence
  }

  const A = ['192.0.2.1']
  const good = (): TlsaRecord[] => [tlsa(3, 1, 1, leaf)]
  const bad = (): TlsaRecord[] => [tlsa(3, 1, 1, other)]
  const rows: readonly (readonly [
    what: string,
    table: () => Table,
    hosts: Readonly<Record<string, Partial<Seen>>>,
    sentence: RegExp,
  ])[] = [
    [
      'one host that fits',
      () => ({ [`MX ${DOMAIN}`]: mx('mx1'), 'A mx1': A, 'TLSA _25._tcp.mx1': good() }),
      { mx1: {} },
      /^DANE vouches for mx1\.$/,
    ],
    [
      'a host in capitals',
      () => ({ [`MX ${DOMAIN}`]: mx('mx1'), 'A mx1': A, 'TLSA _25._tcp.mx1': good() }),
      { MX1: {} },
      /^DANE vouches for MX1\.$/,
    ],
    [
      'a domain without MX records',
      () => ({ [`A ${DOMAIN}`]: A, [`TLSA _25._tcp.${DOMAIN}`]: good() }),
      { [DOMAIN]: {} },
      /^DANE vouches for bank\.example\.$/,
    ],
    [
      'one that fits and one that does not',
      () => ({
        [`MX ${DOMAIN}`]: mx('mx1', 'mx2'),
        'A mx1': A,
        'A mx2': A,
        'TLSA _25._tcp.mx1': good(),
        'TLSA _25._tcp.mx2': bad(),
      }),
      { mx1: {}, mx2: {} },
      /^DANE vouches for mx1, but not for mx2: the server has a public key that is not the one of its TLSA record 3 1 1 [0-9a-f]+…\.$/,
    ],
    [
      'a host that MX records do not name',
      () => ({ [`MX ${DOMAIN}`]: mx('mx1'), 'A mx2': A, 'TLSA _25._tcp.mx2': good() }),
      { mx2: {} },
      /^DANE vouches for mx2, but DNSSEC does not prove that bank\.example has its mail there\.$/,
    ],
    [
      'a host that MX records name and one that they do not',
      () => ({
        [`MX ${DOMAIN}`]: mx('mx1'),
        'A mx1': A,
        'A mx2': A,
        'TLSA _25._tcp.mx1': good(),
        'TLSA _25._tcp.mx2': good(),
      }),
      { mx1: {}, mx2: {} },
      /^DANE vouches for mx1, but not for mx2: DNSSEC does not prove that MX records name it\.$/,
    ],
    [
      'a domain that has no mail, as DNSSEC proves',
      () => ({ [`MX ${DOMAIN}`]: mx('.'), 'A mx1': A, 'TLSA _25._tcp.mx1': good() }),
      { mx1: {} },
      /^DANE vouches for mx1, but DNSSEC does not prove that bank\.example has its mail there\.$/,
    ],
    [
      'MX records that are not signed',
      () => ({ [`~MX ${DOMAIN}`]: mx('mx1'), 'A mx1': A, 'TLSA _25._tcp.mx1': good() }),
      { mx1: {} },
      /^DANE vouches for mx1, but the MX records of bank\.example are not signed with DNSSEC, so they could be forged\.$/,
    ],
    [
      'MX records that nobody can tell',
      () => ({ [`MX ${DOMAIN}`]: 'fails', 'A mx1': A, 'TLSA _25._tcp.mx1': good() }),
      { mx1: {} },
      /^Whether DANE vouches for bank\.example is unknown: the DNS look-up of MX bank\.example failed\.$/,
    ],
    [
      'no records at one, no answer at the other',
      () => ({ [`MX ${DOMAIN}`]: mx('mx1', 'mx2'), 'A mx1': A, 'A mx2': A, 'TLSA _25._tcp.mx2': 'fails' }),
      { mx1: {}, mx2: {} },
      /^Whether DANE vouches for bank\.example is unknown: the DNS look-up of TLSA _25\._tcp\.mx2 failed\.$/,
    ],
    [
      'records that are not signed',
      () => ({ [`MX ${DOMAIN}`]: mx('mx1'), 'A mx1': A, '~TLSA _25._tcp.mx1': good() }),
      { mx1: {} },
      /^DANE does not apply to mx1: its TLSA records are not signed with DNSSEC, so they do not count\.$/,
    ],
    [
      'no records at many hosts',
      () => ({ 'A a': A, 'A b': A, 'A c': A, 'A d': A }),
      { a: {}, b: {}, c: {}, d: {} },
      /^DANE does not apply to a \(it has no TLSA records\), b \(.*\), c \(.*\) and 1 more host\.$/,
    ],
    [
      'a server that was not reached',
      () => ({ [`MX ${DOMAIN}`]: mx('mx1'), 'A mx1': A, 'TLSA _25._tcp.mx1': good() }),
      { mx1: { peer: null, starttls: null } },
      /^Whether DANE vouches for bank\.example is unknown: no certificate of mx1 was seen\.$/,
    ],
    [
      'records of which none counts, and no server',
      () => ({ [`MX ${DOMAIN}`]: mx('mx1'), 'A mx1': A, 'TLSA _25._tcp.mx1': [tlsa(1, 1, 1, leaf)] }),
      { mx1: { peer: null, starttls: null } },
      /^DANE does not vouch for mx1: the server has no TLSA record that can be used: 1 1 1 [0-9a-f]+…: mail servers do not use certificate usage 1 \(RFC 7672\)\.$/,
    ],
    [
      'a server without a certificate',
      () => ({ [`MX ${DOMAIN}`]: mx('mx1'), 'A mx1': A, 'TLSA _25._tcp.mx1': good() }),
      { mx1: { peer: { certificate: undefined, chainError: '' } } },
      /^DANE does not vouch for mx1: the server has no certificate\.$/,
    ],
    [
      'an address instead of a host',
      () => ({}),
      { '192.0.2.1': {} },
      /^DANE does not apply: it needs the name/,
    ],
  ]
  for (const [what, table, hosts, expected] of rows)
    it(what, async () => {
      assert.match(await sentence(table(), hosts), expected)
    })

  it('tells addresses of one host apart where they differ', () => {
    const dane = (outcome: HostDane['outcome'], detail: string | null): HostDane => ({
      ...{ outcome, detail, mxAuthentic: true, addressesAuthentic: true, base: 'mx1', records: [] },
    })
    const check = (to: string, found: HostDane) => ({ host: 'mx1', to, dane: found }) as HostCheck
    const facts: DaneFacts = { mx: null, hosts: new Map() }
    const [yes, no] = [dane('vouched', null), dane('not-vouched', 'the server has no certificate')]
    assert.equal(
      partnerDane(facts, DOMAIN, [check('a:25', yes), check('b:25', yes)]).sentence,
      'DANE vouches for mx1.',
    )
    assert.equal(
      partnerDane(facts, DOMAIN, [check('a:25', yes), check('b:25', no)]).sentence,
      'DANE vouches for mx1 (a:25), but not for mx1 (b:25): the server has no certificate.',
    )
  })

  it('asks nothing where no resolver validates, and says what to set', async () => {
    const unasked = async (...validations: readonly Validation[]) => {
      const found = await lookUp({}, ['mx1'], validations)
      return 'unasked' in found ? found.unasked : ''
    }
    assert.equal(
      await unasked({ resolver: '', validates: false, why: 'no resolver' }),
      'DANE and MTA-STS were not checked: no resolver here validates DNSSEC. Set [dns] resolver.',
    )
    assert.equal(
      await unasked(
        { resolver: '127.0.0.1:53', validates: 'unknown', why: 'does not answer' },
        { resolver: '[::1]:53', validates: false, why: 'does not validate DNSSEC' },
      ),
      'DANE and MTA-STS were not checked: 127.0.0.1:53 does not answer; [::1]:53 does not validate DNSSEC. Name a resolver that validates with [dns] resolver.',
    )
    const dns = dnsOf({}, [{ resolver: '127.0.0.1:53', validates: false, why: 'does not' }])
    await lookUpDane({ domain: DOMAIN }, [{ exchange: 'mx1' }], {
      validatingDns: dns,
      resolverSetting: '--dns',
    })
    assert.deepEqual(dns.asked, [])
  })

  it('is unknown of what is not answered when the check ends, and the rest is kept', async () => {
    const ends = new AbortController()
    const dns = dnsOf({
      [`MX ${DOMAIN}`]: mx('mx1', 'mx2'),
      'A mx1': A,
      'A mx2': A,
      'TLSA _25._tcp.mx1': good(),
      'TLSA _25._tcp.mx2': 'never',
    })
    const looking = lookUpDane(
      { domain: DOMAIN, signal: ends.signal },
      [{ exchange: 'mx1' }, { exchange: 'mx2' }],
      { validatingDns: dns, resolverSetting: '--dns' },
    )
    setImmediate(() => ends.abort())
    const found = await looking
    assert.ok('hosts' in found)
    assert.equal(found.hosts.get('mx1')?.tlsa.kind, 'usable')
    assert.deepEqual(found.hosts.get('mx2')?.tlsa, { kind: 'failed', why: 'DNS did not answer in time' })
  })
})
