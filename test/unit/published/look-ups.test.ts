/** What is asked of DNS about a domain's hosts, in which order, and what becomes of answers that fail. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Answer, Dns, RecordType, TlsaRecord } from '../../../plugins/enforce-tls/dns/answer.js'
import { lookUpTlsa } from '../../../plugins/enforce-tls/published/dane/tlsa-look-up.js'
import { lookUpAddresses } from '../../../plugins/enforce-tls/published/host-addresses.js'
import { lookUpMailHosts } from '../../../plugins/enforce-tls/published/mail-hosts.js'

/** DNS that answers from a table; what is not in it does not exist, securely. */
class TableDns implements Dns {
  readonly asked: string[] = []
  readonly #table: Readonly<Record<string, Answer>>

  constructor(table: Readonly<Record<string, Answer>>) {
    this.#table = table
  }

  ask<T extends RecordType>(name: string, type: T): Promise<Answer<T>> {
    const question = `${type} ${name}`
    this.asked.push(question)
    return Promise.resolve((this.#table[question] ?? { ...NONE, name }) as Answer<T>)
  }
}

const NONE = { kind: 'none', reason: 'no-such-record', authentic: true, ttl: 60, name: '' } as const
const INSECURE_NONE = { ...NONE, authentic: false }
const FAILED = { kind: 'failed', why: 'the DNS look-up failed: SERVFAIL' } as const
const HOST = 'mx.bank.example'
const TLSA: TlsaRecord = { usage: 3, selector: 1, matchingType: 1, data: Buffer.alloc(32) }
const found = (records: readonly unknown[], more: object = {}): Answer =>
  ({ kind: 'found', name: HOST, authentic: true, ttl: 300, records, ...more }) as Answer
const [A, AAAA] = [found(['192.0.2.1']), found(['2001:db8::1'])]
const insecure = { authentic: false }
const expanded = { name: 'host.provider.example' }

describe('the look-up of TLSA records', () => {
  const ROWS: readonly (readonly [
    what: string,
    table: Readonly<Record<string, Answer>>,
    expected: object,
    asked: readonly string[],
  ])[] = [
    [
      'of a secure host',
      { [`A ${HOST}`]: A, [`TLSA _25._tcp.${HOST}`]: found([TLSA]) },
      { kind: 'usable', base: HOST, ttl: 300 },
      [`TLSA _25._tcp.${HOST}`],
    ],
    [
      'of a host without any',
      { [`A ${HOST}`]: A },
      { kind: 'none', reason: 'no-records', ttl: 60 },
      [`TLSA _25._tcp.${HOST}`],
    ],
    [
      'that fails',
      { [`A ${HOST}`]: A, [`TLSA _25._tcp.${HOST}`]: FAILED },
      FAILED,
      [`TLSA _25._tcp.${HOST}`],
    ],
    [
      'of records that are not authentic',
      { [`A ${HOST}`]: A, [`TLSA _25._tcp.${HOST}`]: found([TLSA], insecure) },
      { kind: 'none', reason: 'insecure-records' },
      [`TLSA _25._tcp.${HOST}`],
    ],
    [
      'of records of which none can be used',
      { [`A ${HOST}`]: A, [`TLSA _25._tcp.${HOST}`]: found([{ ...TLSA, usage: 1 }]) },
      { kind: 'unusable', base: HOST },
      [`TLSA _25._tcp.${HOST}`],
    ],
    [
      'of a host with an insecure address: not done, since it could fail',
      { [`A ${HOST}`]: found(['192.0.2.1'], insecure), [`TLSA _25._tcp.${HOST}`]: FAILED },
      { kind: 'none', reason: 'insecure-address' },
      [],
    ],
    [
      'where AAAA fails and A is secure',
      { [`A ${HOST}`]: A, [`AAAA ${HOST}`]: FAILED, [`TLSA _25._tcp.${HOST}`]: found([TLSA]) },
      { kind: 'usable' },
      [`TLSA _25._tcp.${HOST}`],
    ],
    [
      'where A is insecure and AAAA secure: held to the secure one',
      {
        [`A ${HOST}`]: found(['192.0.2.1'], insecure),
        [`AAAA ${HOST}`]: AAAA,
        [`TLSA _25._tcp.${HOST}`]: found([TLSA]),
      },
      { kind: 'usable' },
      [`TLSA _25._tcp.${HOST}`],
    ],
    [
      'of a secure CNAME record: the expanded name has some',
      {
        [`A ${HOST}`]: found(['192.0.2.1'], expanded),
        ['TLSA _25._tcp.host.provider.example']: found([TLSA]),
      },
      { kind: 'usable', base: 'host.provider.example' },
      ['TLSA _25._tcp.host.provider.example'],
    ],
    [
      'of a secure CNAME record: the original name has some',
      { [`A ${HOST}`]: found(['192.0.2.1'], expanded), [`TLSA _25._tcp.${HOST}`]: found([TLSA]) },
      { kind: 'usable', base: HOST },
      ['TLSA _25._tcp.host.provider.example', `TLSA _25._tcp.${HOST}`],
    ],
    [
      'of a secure CNAME record: neither has any',
      { [`A ${HOST}`]: found(['192.0.2.1'], expanded) },
      { kind: 'none', reason: 'no-records' },
      ['TLSA _25._tcp.host.provider.example', `TLSA _25._tcp.${HOST}`],
    ],
    [
      'of a secure CNAME record: that of the expanded name fails',
      {
        [`A ${HOST}`]: found(['192.0.2.1'], expanded),
        ['TLSA _25._tcp.host.provider.example']: FAILED,
        [`TLSA _25._tcp.${HOST}`]: found([TLSA]),
      },
      FAILED,
      ['TLSA _25._tcp.host.provider.example'],
    ],
    [
      'of a secure CNAME record to an insecure address',
      {
        [`A ${HOST}`]: found(['192.0.2.1'], { ...expanded, ...insecure }),
        [`CNAME ${HOST}`]: found(['host.provider.example']),
        [`TLSA _25._tcp.${HOST}`]: found([TLSA]),
      },
      { kind: 'usable', base: HOST },
      [`CNAME ${HOST}`, `TLSA _25._tcp.${HOST}`],
    ],
    [
      'of an insecure CNAME record',
      {
        [`A ${HOST}`]: found(['192.0.2.1'], { ...expanded, ...insecure }),
        [`CNAME ${HOST}`]: found(['host.provider.example'], insecure),
        [`TLSA _25._tcp.${HOST}`]: FAILED,
      },
      { kind: 'none', reason: 'insecure-address' },
      [`CNAME ${HOST}`],
    ],
    [
      'of a CNAME record whose look-up fails',
      { [`A ${HOST}`]: found(['192.0.2.1'], { ...expanded, ...insecure }), [`CNAME ${HOST}`]: FAILED },
      FAILED,
      [`CNAME ${HOST}`],
    ],
    [
      'of a CNAME record that is gone',
      { [`A ${HOST}`]: found(['192.0.2.1'], { ...expanded, ...insecure }) },
      { kind: 'failed', why: `${HOST} had a CNAME record a moment ago and has none now` },
      [`CNAME ${HOST}`],
    ],
  ]
  for (const [what, table, expected, asked] of ROWS) {
    it(what, async () => {
      const dns = new TableDns(table)
      const addresses = await lookUpAddresses(dns, HOST)
      assert.ok(addresses.kind === 'addresses')
      const result = await lookUpTlsa(dns, addresses, 25)
      assert.deepEqual({ ...result, ...expected }, result)
      assert.deepEqual(dns.asked, [`AAAA ${HOST}`, `A ${HOST}`, ...asked])
    })
  }

  it('is for the port of the connection', async () => {
    const dns = new TableDns({ [`A ${HOST}`]: A })
    const addresses = await lookUpAddresses(dns, HOST)
    assert.ok(addresses.kind === 'addresses')
    await lookUpTlsa(dns, addresses, 2525)
    assert.equal(dns.asked.at(-1), `TLSA _2525._tcp.${HOST}`)
  })
})

describe('the addresses of a host', () => {
  const ROWS: readonly (readonly [what: string, a: Answer, aaaa: Answer, expected: object])[] = [
    [
      'of both families, IPv6 first',
      A,
      AAAA,
      { kind: 'addresses', addresses: ['2001:db8::1', '192.0.2.1'], authentic: true, missing: '' },
    ],
    ['of one family', A, NONE, { kind: 'addresses', addresses: ['192.0.2.1'], authentic: true, missing: '' }],
    [
      'of one family, while there is no word of the other',
      A,
      INSECURE_NONE,
      { kind: 'addresses', authentic: true },
    ],
    [
      'of one family where the other fails',
      FAILED,
      AAAA,
      { kind: 'addresses', addresses: ['2001:db8::1'], missing: FAILED.why },
    ],
    ['insecure', found(['192.0.2.1'], insecure), NONE, { kind: 'addresses', authentic: false }],
    ['none', NONE, NONE, { kind: 'no-address', authentic: true, ttl: 60 }],
    ['none, insecurely', NONE, INSECURE_NONE, { kind: 'no-address', authentic: false }],
    ['none of one family, and the other fails', NONE, FAILED, FAILED],
    ['both fail', FAILED, FAILED, FAILED],
  ]
  for (const [what, a, aaaa, expected] of ROWS) {
    it(what, async () => {
      const result = await lookUpAddresses(new TableDns({ [`A ${HOST}`]: a, [`AAAA ${HOST}`]: aaaa }), HOST)
      assert.deepEqual({ ...result, ...expected }, result)
    })
  }
})

describe('the hosts of a domain', () => {
  const mx = (preference: number, exchange: string) => ({ preference, exchange })
  const ROWS: readonly (readonly [what: string, answer: Answer, expected: object])[] = [
    [
      'by preference, those of the same in their order',
      found([mx(20, 'c.example'), mx(10, 'b.example'), mx(10, 'a.example')]),
      {
        kind: 'hosts',
        hosts: [
          { preference: 10, host: 'b.example' },
          { preference: 10, host: 'a.example' },
          { preference: 20, host: 'c.example' },
        ],
      },
    ],
    [
      'without MX records: itself',
      { ...NONE, name: 'bank.example' },
      { kind: 'hosts', implicit: true, authentic: true, hosts: [{ preference: 0, host: 'bank.example' }] },
    ],
    [
      'without MX records, insecurely',
      { ...INSECURE_NONE, name: 'bank.example' },
      { kind: 'hosts', implicit: true, authentic: false },
    ],
    [
      'that does not exist',
      { ...NONE, reason: 'no-such-name' },
      { kind: 'no-mail', reason: 'no-such-domain' },
    ],
    ['that takes no mail', found([mx(0, '.')]), { kind: 'no-mail', reason: 'null-mx' }],
    [
      'that takes no mail, and names a host all the same',
      found([mx(0, '.'), mx(10, 'a.example')]),
      { kind: 'hosts', hosts: [{ preference: 10, host: 'a.example' }] },
    ],
    [
      'with an IP address among them',
      found([mx(0, '192.0.2.1'), mx(10, 'a.example')]),
      { kind: 'hosts', hosts: [{ preference: 10, host: 'a.example' }] },
    ],
    [
      'with an IP address alone',
      found([mx(0, '192.0.2.1')]),
      { kind: 'failed', why: 'the MX records of bank.example name IP addresses, not hosts' },
    ],
    ['that cannot be looked up', FAILED, FAILED],
  ]
  for (const [what, answer, expected] of ROWS) {
    it(what, async () => {
      const result = await lookUpMailHosts(new TableDns({ 'MX bank.example': answer }), 'bank.example')
      assert.deepEqual({ ...result, ...expected }, result)
    })
  }
})
