/** What our DNS client, and DANE's look-ups over it, make of really signed zones: Debian's NSD, Unbound and ldns. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { DnsClient } from '../../plugins/enforce-tls/dns/client.js'
import { lookUpTlsa, type HostTlsa } from '../../plugins/enforce-tls/published/dane/tlsa-look-up.js'
import { lookUpAddresses } from '../../plugins/enforce-tls/published/host-addresses.js'
import { lookUpMailHosts } from '../../plugins/enforce-tls/published/mail-hosts.js'
import { packagesMissing } from '../support/debian-package.js'
import { SignedZones, type SignedZone } from '../support/signed-zones.js'

const [ONE, TWO] = ['11'.repeat(32), '22'.repeat(32)]
const OUTLOOK = 'bank-example.mail.outlook.example'

const BANK = `
@ MX 10 mx
@ MX 20 mx2
@ A 192.0.2.1
mx A 192.0.2.10
mx AAAA 2001:db8::10
_25._tcp.mx TLSA 3 1 1 ${ONE}
mx2 A 192.0.2.20
mx3 A 192.0.2.30
_25._tcp.mx3 CNAME _dane
_dane TLSA 2 1 1 ${ONE}
mx4 A 192.0.2.40
_25._tcp.mx4 TLSA 1 1 1 ${ONE}
mx5 A 192.0.2.50
_tcp.mx5 NS ns.root.
mx6 A 192.0.2.60
${Array.from({ length: 40 }, (_, i) => `_25._tcp.mx6 TLSA 3 1 1 ${String(i).padStart(2, '0').repeat(32)}`).join('\n')}
alias-both CNAME mx
_25._tcp.alias-both TLSA 3 1 1 ${TWO}
alias-here CNAME mx2
_25._tcp.alias-here TLSA 3 1 1 ${TWO}
alias-away CNAME ${OUTLOOK}.
_25._tcp.alias-away TLSA 3 1 1 ${TWO}
alias-away-none CNAME ${OUTLOOK}.
nomx A 192.0.2.70
_25._tcp.nomx TLSA 3 1 1 ${ONE}
null MX 0 .
alias CNAME bank.example.
away MX 10 ${OUTLOOK}.
wild MX 10 mx
*.wild MX 10 mx
`

const without =
  (pattern: RegExp) =>
  (lines: readonly string[]): readonly string[] =>
    lines.filter((line) => !pattern.test(line))

const ZONES: readonly SignedZone[] = [
  { name: 'bank.example', records: BANK },
  // The zone that a signed one delegates without a DS record.
  { name: '_tcp.mx5.bank.example', records: `_25 TLSA 3 1 1 ${ONE}`, signed: 'no', belowRoot: false },
  {
    name: 'outlook.example',
    records: `bank-example.mail A 192.0.2.99`,
    signed: 'no',
  },
  {
    name: 'hashed.example',
    records: `@ MX 10 mx\nmx A 192.0.2.1\n_25._tcp.mx TLSA 3 0 1 ${ONE}\nmx2 A 192.0.2.2`,
    signed: 'nsec3',
  },
  {
    name: 'unsigned.example',
    records: '@ MX 10 mx.bank.example.\nplain MX 10 mx.plain\nmx.plain A 192.0.2.1',
    signed: 'no',
  },
  { name: 'expired.example', records: `@ MX 10 mx\nmx A 192.0.2.1`, signed: 'expired' },
  {
    name: 'half.example',
    records: `mx A 192.0.2.1\n_25._tcp.mx TLSA 3 1 1 ${ONE}`,
    // That there is no AAAA record is no longer proved.
    broken: without(/^mx\.half\.example\.\s.*\sNSEC\s/),
  },
  {
    name: 'stripped.example',
    records: `mx A 192.0.2.1\n_25._tcp.mx TLSA 3 1 1 ${ONE}`,
    broken: without(/\sRRSIG\s+TLSA\s/),
  },
  {
    name: 'denied.example',
    records: `mx A 192.0.2.1\nx TXT x`,
    // That there is no TLSA record is no longer proved.
    broken: without(/^(mx|x)\.denied\.example\.\s.*\sRRSIG\s+NSEC\s/),
  },
  {
    name: 'forged.example',
    records: `mx A 192.0.2.1\n_25._tcp.mx TLSA 3 1 1 ${ONE}`,
    broken: (lines) => lines.map((line) => line.replace(/192\.0\.2\.1$/, '203.0.113.66')),
  },
]

describe('signed zones', { skip: packagesMissing('dns') }, () => {
  let zones: SignedZones
  let dns: DnsClient
  before(async () => {
    zones = await SignedZones.start(ZONES)
    dns = new DnsClient([await zones.resolver('validating')])
  })
  after(() => zones.close())

  async function tlsaOf(host: string): Promise<HostTlsa> {
    const addresses = await lookUpAddresses(dns, host)
    if (addresses.kind === 'addresses') return await lookUpTlsa(dns, addresses, 25)
    assert.ok(addresses.kind === 'failed')
    return addresses
  }

  it('the resolver validates; one that does not is told apart, and is not listened to', async () => {
    assert.deepEqual(
      (await dns.validation()).map(({ validates }) => validates),
      [true],
    )
    const trusting = new DnsClient([await zones.resolver('trusting')])
    assert.deepEqual(
      (await trusting.validation()).map(({ validates }) => validates),
      [false],
    )
    const answer = await trusting.ask('mx.forged.example', 'A')
    assert.match(answer.kind === 'failed' ? answer.why : '', /does not validate DNSSEC/)
  })

  describe('mail hosts', () => {
    const ROWS: readonly (readonly [domain: string, expected: object | RegExp])[] = [
      [
        'bank.example',
        {
          kind: 'hosts',
          name: 'bank.example',
          authentic: true,
          implicit: false,
          hosts: [
            { preference: 10, host: 'mx.bank.example' },
            { preference: 20, host: 'mx2.bank.example' },
          ],
        },
      ],
      ['BANK.example.', { kind: 'hosts', authentic: true }],
      [
        'hashed.example',
        { kind: 'hosts', authentic: true, hosts: [{ preference: 10, host: 'mx.hashed.example' }] },
      ],
      ['alias.bank.example', { kind: 'hosts', name: 'bank.example', authentic: true, implicit: false }],
      [
        'nomx.bank.example',
        {
          kind: 'hosts',
          authentic: true,
          implicit: true,
          hosts: [{ preference: 0, host: 'nomx.bank.example' }],
        },
      ],
      [
        'x.wild.bank.example',
        { kind: 'hosts', authentic: true, hosts: [{ preference: 10, host: 'mx.bank.example' }] },
      ],
      ['null.bank.example', { kind: 'no-mail', reason: 'null-mx', authentic: true }],
      ['nobody.bank.example', { kind: 'no-mail', reason: 'no-such-domain', authentic: true }],
      [
        'unsigned.example',
        { kind: 'hosts', authentic: false, hosts: [{ preference: 10, host: 'mx.bank.example' }] },
      ],
      ['nobody.unsigned.example', { kind: 'no-mail', reason: 'no-such-domain', authentic: false }],
      [
        'expired.example',
        /^the DNS look-up of MX expired\.example failed: 127\.0\.0\.1:\d+ answers SERVFAIL \((signature expired|DNSSEC bogus|DNSKEY missing)\)$/,
      ],
    ]
    for (const [domain, expected] of ROWS) {
      it(domain, async () => {
        const found = await lookUpMailHosts(dns, domain)
        if (expected instanceof RegExp) assert.match(found.kind === 'failed' ? found.why : '', expected)
        else assert.deepEqual({ ...found, ...expected }, found)
      })
    }
  })

  describe('TLSA records of a host', () => {
    const ROWS: readonly (readonly [what: string, host: string, expected: object | RegExp])[] = [
      ['records of a signed host', 'mx.bank.example', { kind: 'usable', base: 'mx.bank.example' }],
      ['in a zone with NSEC3', 'mx.hashed.example', { kind: 'usable', base: 'mx.hashed.example' }],
      ['none', 'mx2.bank.example', { kind: 'none', reason: 'no-records' }],
      ['none, in a zone with NSEC3', 'mx2.hashed.example', { kind: 'none', reason: 'no-records' }],
      [
        'behind a CNAME record of their own',
        'mx3.bank.example',
        { kind: 'usable', base: 'mx3.bank.example' },
      ],
      ['of a usage that does not count', 'mx4.bank.example', { kind: 'unusable', base: 'mx4.bank.example' }],
      [
        'in an unsigned part of a signed zone',
        'mx5.bank.example',
        { kind: 'none', reason: 'insecure-records' },
      ],
      ['more than fit into a packet', 'mx6.bank.example', { kind: 'usable', base: 'mx6.bank.example' }],
      [
        'a CNAME record: those of the expanded name come first',
        'alias-both.bank.example',
        { kind: 'usable', base: 'mx.bank.example' },
      ],
      [
        'a CNAME record to a name without: those of the original name',
        'alias-here.bank.example',
        { kind: 'usable', base: 'alias-here.bank.example' },
      ],
      [
        'a CNAME record into an unsigned zone: those of the original name',
        'alias-away.bank.example',
        { kind: 'usable', base: 'alias-away.bank.example' },
      ],
      [
        'a CNAME record into an unsigned zone, without any',
        'alias-away-none.bank.example',
        { kind: 'none', reason: 'no-records' },
      ],
      ['a host of an unsigned provider', OUTLOOK, { kind: 'none', reason: 'insecure-address' }],
      ['an unsigned host', 'mx.plain.unsigned.example', { kind: 'none', reason: 'insecure-address' }],
      ['a host whose AAAA denial is broken', 'mx.half.example', { kind: 'usable', base: 'mx.half.example' }],
      [
        'records whose signature is missing',
        'mx.stripped.example',
        /^the DNS look-up of TLSA _25\._tcp\.mx\.stripped\.example failed: \S+ answers SERVFAIL \(.+\)$/,
      ],
      [
        'a denial whose signature is missing',
        'mx.denied.example',
        /^the DNS look-up of (TLSA|AAAA) \S+ failed: \S+ answers SERVFAIL/,
      ],
      [
        'a forged address',
        'mx.forged.example',
        /^the DNS look-up of A mx\.forged\.example failed: \S+ answers SERVFAIL \(.+\)$/,
      ],
      [
        'a zone with old signatures',
        'mx.expired.example',
        /^the DNS look-up of A+ mx\.expired\.example failed: \S+ answers SERVFAIL/,
      ],
    ]
    for (const [what, host, expected] of ROWS) {
      it(what, async () => {
        const found = await tlsaOf(host)
        if (expected instanceof RegExp)
          assert.match(found.kind === 'failed' ? found.why : found.kind, expected)
        else assert.deepEqual({ ...found, ...expected }, found)
      })
    }

    it('the records are those of the zone', async () => {
      const one = await tlsaOf('mx.bank.example')
      assert.deepEqual('set' in one && one.set.usable, [
        { usage: 3, selector: 1, matchingType: 1, data: Buffer.from(ONE, 'hex') },
      ])
      const many = await tlsaOf('mx6.bank.example')
      assert.equal('set' in many && many.set.usable.length, 40)
      const original = await tlsaOf('alias-away.bank.example')
      assert.deepEqual('set' in original && original.set.usable[0]?.data, Buffer.from(TWO, 'hex'))
    })
  })

  it('an unsigned domain at a provider that is signed: its hosts have records, its MX records are not authentic', async () => {
    const found = await lookUpMailHosts(dns, 'unsigned.example')
    assert.ok(found.kind === 'hosts')
    assert.equal(found.authentic, false)
    assert.equal((await tlsaOf(found.hosts[0]?.host ?? '')).kind, 'usable')
  })

  it('a signed domain at a provider that is not: its MX records are authentic, its hosts have no records', async () => {
    const found = await lookUpMailHosts(dns, 'away.bank.example')
    assert.ok(found.kind === 'hosts')
    assert.equal(found.authentic, true)
    const tlsa = await tlsaOf(found.hosts[0]?.host ?? '')
    assert.deepEqual([tlsa.kind, 'reason' in tlsa && tlsa.reason], ['none', 'insecure-address'])
  })

  it('where AAAA cannot be validated, the address is that of A, and what is missing is told', async () => {
    const addresses = await lookUpAddresses(dns, 'mx.half.example')
    assert.ok(addresses.kind === 'addresses')
    assert.deepEqual([addresses.addresses, addresses.authentic], [['192.0.2.1'], true])
    assert.match(addresses.missing, /^the DNS look-up of AAAA mx\.half\.example failed: \S+ answers SERVFAIL/)
  })
})
