/**
 * What a requirement comes to at one MX host: each demand, each `otherwise`, and whatever DNS and the domain's policy can
 * say; and that adding a demand never lets more through.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { HostTlsa } from '../../../plugins/enforce-tls/published/dane/tlsa-look-up.js'
import { tlsaSet } from '../../../plugins/enforce-tls/published/dane/tlsa-set.js'
import type { DomainFacts, HostFacts } from '../../../plugins/enforce-tls/published/domain-facts.js'
import type { HostAddresses } from '../../../plugins/enforce-tls/published/host-addresses.js'
import {
  hostDemandKey,
  termsAt,
  type HostTerms,
} from '../../../plugins/enforce-tls/published/host-requirement.js'
import type { StsAnswer } from '../../../plugins/enforce-tls/published/mta-sts/sts-policies.js'
import type { Otherwise, PublishedBy } from '../../../plugins/enforce-tls/rules/levels.js'
import {
  addUpAll,
  knownForOnward,
  requirementOf,
  type Requirement,
} from '../../../plugins/enforce-tls/rules/requirement.js'

const DOMAIN = 'bank.example'
const HOST = 'mx.bank.example'
const OTHERWISE = ['defer', 'encrypt', 'none'] as const

/** What DNS can say of a host's TLSA records. */
const TLSA = {
  usable: published('usable', 32),
  unusable: published('unusable', 31),
  none: { kind: 'none', reason: 'no-records', ttl: 60 },
  'usable, another': published('usable', 32, 2),
  'insecure address': { kind: 'none', reason: 'insecure-address', ttl: 60 },
  'insecure records': { kind: 'none', reason: 'insecure-records', ttl: 60 },
  fails: { kind: 'failed', why: 'SERVFAIL' },
} as const satisfies Record<string, HostTlsa>

/** What can be known of its policy. */
const STS = {
  lists: policy({ mx: [HOST] }),
  'lists others': policy({ mx: ['mx2.bank.example'] }),
  testing: policy({ mode: 'testing' }),
  'mode none': policy({ mode: 'none', mx: [] }),
  none: { kind: 'none', why: '', authentic: true },
  'bad record': { kind: 'none', why: '_mta-sts.bank.example has two records', authentic: true },
  'no DNS': { kind: 'unknown', cause: 'dns', why: 'SERVFAIL' },
  'no server': { kind: 'unknown', cause: 'fetch', why: 'it is silent' },
  'bad certificate': { kind: 'unknown', cause: 'certificate', why: 'it has expired' },
  'bad policy': { kind: 'unknown', cause: 'policy', why: 'there is no mx' },
} as const satisfies Record<string, StsAnswer>

type TlsaCase = keyof typeof TLSA
type StsCase = keyof typeof STS
interface Case {
  readonly mx?: 'signed' | 'unsigned' | 'named' | 'none' | 'none, by an unsigned CNAME'
  readonly tlsa?: TlsaCase
  readonly sts?: StsCase
}

describe('a host at level dane', () => {
  rows('dane', [
    [{ tlsa: 'usable' }, 'dane', 'dane', 'dane'],
    [{ tlsa: 'usable', mx: 'named' }, 'dane', 'dane', 'dane'],
    [{ tlsa: 'usable', mx: 'unsigned' }, 'dane-required', 'half-dane', 'half-dane'],
    [{ tlsa: 'unusable' }, 'tlsa-invalid', 'tlsa-invalid', 'tlsa-invalid'],
    [{ tlsa: 'none' }, 'dane-required', 'TLS', 'free'],
    [{ tlsa: 'none', mx: 'unsigned' }, 'dane-required', 'TLS', 'free'],
    [{ tlsa: 'insecure address' }, 'dane-required', 'TLS', 'free'],
    [{ tlsa: 'insecure records' }, 'dane-required', 'TLS', 'free'],
    [{ tlsa: 'fails' }, 'dnssec-invalid', 'dnssec-invalid', 'dnssec-invalid'],
  ])
})

describe('a host at level mta-sts', () => {
  rows('mta-sts', [
    [{ sts: 'lists' }, 'sts', 'sts', 'sts'],
    [{ sts: 'lists', tlsa: 'usable', mx: 'unsigned' }, 'sts', 'sts', 'sts'],
    [{ sts: 'lists others' }, 'mx-not-listed', 'mx-not-listed', 'mx-not-listed'],
    [{ sts: 'testing' }, 'nothing-published', 'TLS testing', 'free testing'],
    [{ sts: 'mode none' }, 'nothing-published', 'TLS', 'free'],
    [{ sts: 'none' }, 'nothing-published', 'TLS', 'free'],
    [{ sts: 'bad record' }, 'nothing-published', 'TLS', 'free'],
    [{ sts: 'no DNS' }, 'sts-policy-fetch-error', 'sts-policy-fetch-error', 'sts-policy-fetch-error'],
    [{ sts: 'no server' }, 'sts-policy-fetch-error', 'sts-policy-fetch-error', 'sts-policy-fetch-error'],
    [{ sts: 'bad certificate' }, 'sts-webpki-invalid', 'sts-webpki-invalid', 'sts-webpki-invalid'],
    [{ sts: 'bad policy' }, 'sts-policy-invalid', 'sts-policy-invalid', 'sts-policy-invalid'],
  ])
})

describe('a host at level published', () => {
  rows('published', [
    [{ tlsa: 'usable', sts: 'none' }, 'dane', 'dane', 'dane'],
    [{ tlsa: 'usable', sts: 'lists' }, 'dane', 'dane', 'dane'],
    [{ tlsa: 'usable', sts: 'lists others' }, 'mx-not-listed', 'mx-not-listed', 'mx-not-listed'],
    [{ tlsa: 'usable', sts: 'no server' }, 'dane', 'dane', 'dane'],
    [{ tlsa: 'usable', sts: 'testing' }, 'dane testing', 'dane testing', 'dane testing'],
    [{ tlsa: 'usable', sts: 'none', mx: 'unsigned' }, 'nothing-published', 'half-dane', 'half-dane'],
    [{ tlsa: 'usable', sts: 'lists', mx: 'unsigned' }, 'dane', 'dane', 'dane'],
    [
      { tlsa: 'usable', sts: 'no server', mx: 'unsigned' },
      'sts-policy-fetch-error',
      'sts-policy-fetch-error',
      'sts-policy-fetch-error',
    ],
    [{ tlsa: 'unusable', sts: 'lists' }, 'sts', 'sts', 'sts'],
    [{ tlsa: 'unusable', sts: 'none' }, 'tlsa-invalid', 'tlsa-invalid', 'tlsa-invalid'],
    [{ tlsa: 'none', sts: 'lists' }, 'sts', 'sts', 'sts'],
    [{ tlsa: 'none', sts: 'none' }, 'nothing-published', 'TLS', 'free'],
    [{ tlsa: 'none', sts: 'testing' }, 'nothing-published', 'TLS testing', 'free testing'],
    [{ tlsa: 'none', sts: 'bad policy' }, 'sts-policy-invalid', 'sts-policy-invalid', 'sts-policy-invalid'],
    [{ tlsa: 'fails', sts: 'lists' }, 'dnssec-invalid', 'dnssec-invalid', 'dnssec-invalid'],
    [{ tlsa: 'fails', sts: 'none' }, 'dnssec-invalid', 'dnssec-invalid', 'dnssec-invalid'],
  ])
})

describe('a host for a message that must leave with REQUIRETLS', () => {
  const onward = knownForOnward(of({ level: 'encrypt' }))
  const rows: readonly (readonly [about: Case, expected: string])[] = [
    // RFC 8689 section 2: the name of the server by DNSSEC, its certificate by a trust chain or by DANE.
    [{ tlsa: 'usable' }, 'dane'],
    [{ tlsa: 'none' }, 'TLS by name'],
    [{ tlsa: 'unusable' }, 'TLS by name'],
    [{ tlsa: 'insecure address' }, 'TLS by name'],
    [{ tlsa: 'none', sts: 'testing' }, 'TLS by name testing'],
    // RFC 8461 section 3.3 has a policy that cannot be fetched be none; it has nothing to add to DNSSEC.
    [{ tlsa: 'none', sts: 'no server' }, 'TLS by name'],
    [{ tlsa: 'none', sts: 'lists' }, 'sts by name'],
    [{ tlsa: 'none', sts: 'lists others' }, 'mx-not-listed'],
    [{ tlsa: 'fails' }, 'dnssec-invalid'],
    [{ mx: 'unsigned' }, 'nothing-published'],
    [{ mx: 'unsigned', tlsa: 'unusable' }, 'tlsa-invalid'],
    [{ mx: 'unsigned', sts: 'lists' }, 'sts by name'],
    // Without MX records the domain is its own host, and the certificate names it.
    [{ mx: 'none' }, 'TLS by name'],
    [{ mx: 'none, by an unsigned CNAME' }, 'nothing-published'],
    [{ mx: 'none', sts: 'lists others' }, 'mx-not-listed'],
  ]
  for (const [about, expected] of rows)
    it(`with ${JSON.stringify(about)}: ${expected}`, () => {
      const terms = termsAt(onward, factsOf(about), hostOf(about))
      const { trusted, namesHost } = terms.is === 'failed' ? onward : terms.requirement
      assert.equal(trusted, namesHost)
      assert.equal(shown(terms).replace(/^TLS|^sts/, trusted ? '$& by name' : '$&'), expected)
    })

  it('fails for what DNS does not prove', () => {
    for (const [mx, records] of [
      ['unsigned', 'MX'],
      ['none, by an unsigned CNAME', 'CNAME'],
    ] as const) {
      const terms = termsAt(onward, factsOf({ mx }), hostOf({ mx }))
      assert.equal(
        terms.is === 'failed' && terms.why,
        `is named by ${records} records of bank.example that are not signed with DNSSEC, so anybody may have named it, and bank.example has no MTA-STS policy`,
      )
    }
  })

  it('is not known by its name to a rule of level published', () => {
    const both = addUpAll([onward, demanding('published', 'defer')])
    assert.ok(both)
    assert.equal(shown(termsAt(both, factsOf({}), hostOf({}))), 'nothing-published')
  })
})

describe('a host without a name', () => {
  const facts = factsOf({ mx: 'named', tlsa: 'usable', sts: 'lists' })
  const address: HostFacts = { name: null, port: 25, preference: 0, addresses: null, tlsa: null }

  it('has no TLSA records', () => {
    assert.equal(shown(termsAt(demanding('dane', 'defer'), facts, address)), 'dane-required')
    assert.equal(shown(termsAt(demanding('dane', 'encrypt'), facts, address)), 'TLS')
  })

  it('is listed by no policy', () => {
    for (const otherwise of OTHERWISE)
      assert.equal(shown(termsAt(demanding('mta-sts', otherwise), facts, address)), 'mx-not-listed')
  })
})

describe('a host whose addresses are unknown', () => {
  it('is not one without TLSA records', () => {
    const facts = factsOf({ tlsa: 'none', sts: 'none' })
    const [host] = facts.hosts
    assert.ok(host)
    const unknown: HostFacts = { ...host, addresses: { kind: 'failed', why: 'SERVFAIL' } }
    for (const otherwise of OTHERWISE)
      assert.equal(shown(termsAt(demanding('dane', otherwise), facts, unknown)), 'dnssec-invalid')
  })
})

describe('what is required of a session', () => {
  it('is a trusted certificate for the name of a host that a policy lists', () => {
    const requirement = required(demanding('mta-sts', 'defer'), { sts: 'lists' })
    assert.deepEqual([requirement.trusted, requirement.namesHost], [true, true])
  })

  it('is no trusted certificate where TLSA records vouch for it', () => {
    const requirement = required(demanding('dane', 'defer'), { tlsa: 'usable' })
    assert.deepEqual([requirement.trusted, requirement.namesHost], [false, false])
  })

  it('has the names that a certificate of usage 2 may bear', () => {
    const namesOf = (about: Case) =>
      required(demanding('dane', 'defer'), { tlsa: 'usable', ...about }).held?.dane?.names
    assert.deepEqual(namesOf({}), [HOST, DOMAIN])
    assert.deepEqual(namesOf({ mx: 'named' }), [HOST])
  })

  it('says why nothing is published', () => {
    const why = (by: PublishedBy, about: Case) => required(demanding(by, 'encrypt'), about).held?.nothing
    assert.equal(why('dane', { tlsa: 'none' }), 'has no TLSA records')
    assert.equal(
      why('mta-sts', { sts: 'none' }),
      'cannot be authenticated: bank.example has no MTA-STS policy',
    )
    assert.equal(why('dane', { tlsa: 'usable' }), '')
  })

  it('is TLS where one rule allows mail in the clear and another does not', () => {
    const both = addUpAll([demanding('dane', 'none'), of({ level: 'encrypt' })])
    assert.ok(both)
    assert.equal(shown(termsAt(both, factsOf({ tlsa: 'none' }), hostOf({ tlsa: 'none' }))), 'TLS')
    const strictest = addUpAll([demanding('dane', 'none'), demanding('dane', 'encrypt')])
    assert.ok(strictest)
    assert.equal(shown(termsAt(strictest, factsOf({ tlsa: 'none' }), hostOf({ tlsa: 'none' }))), 'TLS')
  })

  it('is no half DANE where a policy lists the host, whichever demand comes first', () => {
    for (const demands of [
      [demanding('dane', 'encrypt'), demanding('published', 'defer')],
      [demanding('published', 'defer'), demanding('dane', 'encrypt')],
    ]) {
      const both = addUpAll(demands)
      assert.ok(both)
      const about: Case = { mx: 'unsigned', tlsa: 'usable', sts: 'lists' }
      assert.equal(shown(termsAt(both, factsOf(about), hostOf(about))), 'dane')
    }
  })
})

describe('a demand more', () => {
  const everything = fc.record({
    mx: fc.constantFrom('signed', 'unsigned', 'named'),
    tlsa: fc.constantFrom(...(Object.keys(TLSA) as TlsaCase[])),
    sts: fc.constantFrom(...(Object.keys(STS) as StsCase[])),
  })
  const demand = fc.record({
    by: fc.constantFrom<PublishedBy[]>('dane', 'mta-sts', 'published'),
    otherwise: fc.constantFrom(...OTHERWISE),
  })

  it('never lets more through', () => {
    fc.assert(
      fc.property(everything, demand, demand, (about, one, other) => {
        const facts = factsOf(about)
        const host = hostOf(about)
        const alone = termsAt(demanding(one.by, one.otherwise), facts, host)
        const sum = addUpAll([demanding(one.by, one.otherwise), demanding(other.by, other.otherwise)])
        assert.ok(sum)
        const together = termsAt(sum, facts, host)
        if (alone.is === 'failed') assert.equal(together.is, 'failed')
        if (alone.is !== 'required' || together.is === 'failed') return
        assert.equal(together.is, 'required')
        const [a, b] = [alone.requirement, together.requirement]
        assert.ok(!a.trusted || b.trusted)
        assert.ok(!a.namesHost || b.namesHost)
        assert.ok(!a.held?.dane || b.held?.dane)
      }),
    )
  })

  it('gives keys of their own to what is not the same', () => {
    const key = (by: PublishedBy, about: Case, domain = DOMAIN) => {
      const facts = { ...factsOf(about), domain }
      const terms = termsAt(demanding(by, 'encrypt'), facts, hostOf(about))
      return terms.is === 'failed' ? terms.class : hostDemandKey(terms.requirement)
    }
    const keys = [
      key('dane', { tlsa: 'usable' }),
      key('dane', { tlsa: 'usable, another' }),
      key('dane', { tlsa: 'usable' }, 'clinic.example'),
      key('dane', { tlsa: 'usable', mx: 'unsigned' }),
      key('dane', { tlsa: 'none' }),
      key('mta-sts', { sts: 'lists' }),
      key('mta-sts', { sts: 'testing' }),
      key('mta-sts', { sts: 'none' }),
      key('published', { sts: 'lists', tlsa: 'none' }),
    ]
    assert.equal(new Set(keys).size, keys.length)
  })
})

type Row = readonly [about: Case, defer: string, encrypt: string, none: string]

function rows(by: PublishedBy, table: readonly Row[]): void {
  for (const [about, ...expected] of table) {
    for (const [index, otherwise] of OTHERWISE.entries()) {
      const what = Object.entries({ mx: 'signed', ...about }).map(([name, is]) => `${name} ${is}`)
      it(`with ${what.join(', ')}, otherwise ${otherwise}: ${expected[index] ?? ''}`, () => {
        const terms = termsAt(demanding(by, otherwise), factsOf(about), hostOf(about))
        assert.equal(shown(terms), expected[index])
      })
    }
  }
}

/** In one word what holds. */
function shown(terms: HostTerms): string {
  if (terms.is === 'failed') return terms.class
  const { held } = terms.requirement
  const parts = [
    ...(terms.is === 'free' ? ['free'] : []),
    ...(held?.dane ? [held.dane.isHalf ? 'half-dane' : 'dane'] : []),
    ...(held?.sts ? ['sts'] : []),
  ]
  return [...(parts.length > 0 ? parts : ['TLS']), ...(held?.testing ? ['testing'] : [])].join(' ')
}

function required(requirement: Requirement, about: Case) {
  const terms = termsAt(requirement, factsOf(about), hostOf(about))
  assert.ok(terms.is !== 'failed')
  return terms.requirement
}

function of(action: Parameters<typeof requirementOf>[0]): Requirement {
  return requirementOf(action, DOMAIN, { owner: 'acme.example', id: 'r1', name: 'Bank' })
}

function demanding(level: PublishedBy, otherwise: Otherwise): Requirement {
  return of({ level, otherwise })
}

function hostOf(about: Case): HostFacts {
  const [host] = factsOf(about).hosts
  assert.ok(host)
  return host
}

function factsOf({ mx = 'signed', tlsa = 'none', sts = 'none' }: Case): DomainFacts {
  const authentic = mx === 'signed'
  const implicit = mx === 'none' || mx === 'none, by an unsigned CNAME'
  const host = mx === 'none' ? DOMAIN : HOST
  const hosts = [{ preference: 10, host }]
  const addresses: HostAddresses = {
    kind: 'addresses',
    host: HOST,
    name: HOST,
    authentic: true,
    addresses: ['192.0.2.1'],
    missing: '',
    ttl: 60,
  }
  return {
    domain: DOMAIN,
    mailHosts: mx === 'named' ? null : { kind: 'hosts', name: DOMAIN, authentic, hosts, implicit, ttl: 60 },
    sts: STS[sts],
    dane: true,
    hosts: [{ name: host, port: 25, preference: 10, addresses, tlsa: TLSA[tlsa] }],
  }
}

function published(kind: 'usable' | 'unusable', bytes: number, fill = 1): HostTlsa {
  const record = { usage: 3, selector: 1, matchingType: 1, data: Buffer.alloc(bytes, fill) }
  return { kind, base: HOST, set: tlsaSet(HOST, [record]), ttl: 60 }
}

function policy(about: { readonly mode?: 'testing' | 'none'; readonly mx?: readonly string[] }): StsAnswer {
  const rest = { domain: DOMAIN, id: '1', age: 0, text: '', problems: [], stale: '', maxAge: 86_400 }
  return { kind: 'policy', mode: 'enforce', mx: [HOST], ...rest, ...about }
}
