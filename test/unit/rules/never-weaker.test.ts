import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import {
  addUp,
  type PublishedDemand,
  type Requirement,
} from '../../../plugins/enforce-tls/rules/requirement.js'
import { decided, explained, setUp, type Row, type RuleSpec } from './rows/row.js'
import { decide } from '../../../plugins/enforce-tls/rules/decide.js'
import { RuleList } from '../../../plugins/enforce-tls/rules/rule-list.js'
import { atOnce } from '../../../plugins/enforce-tls/work/pieces.js'

const LEVELS = ['none', 'encrypt', 'verify', 'secure', 'fingerprint', 'dane', 'mta-sts', 'published'] as const
const PUBLISHED = ['dane', 'mta-sts', 'published'] as const
const PATTERNS = ['bank.example', '.example', 'cfo@bank.example', '*', 'other.example', 'group:courts']
const FINGERPRINTS = ['a', 'b', 'c'].map((digit) => Array(32).fill(digit.repeat(2).toUpperCase()).join(':'))

const lists = fc.record(
  {
    matchesAny: fc.uniqueArray(fc.constantFrom(...PATTERNS), { minLength: 1, maxLength: 3 }),
    matchesNone: fc.uniqueArray(fc.constantFrom(...PATTERNS), { minLength: 1, maxLength: 2 }),
  },
  { requiredKeys: ['matchesAny'] },
)

const words = fc.record({ matchesAny: fc.constant(['x']) })

const spec = fc
  .record({
    criteria: fc.oneof(
      fc.record({ to: lists, from: lists, subject: words }, { requiredKeys: ['to'] }),
      fc.record({ from: lists, to: lists }, { requiredKeys: ['from'] }),
    ),
    level: fc.constantFrom(...LEVELS),
    minVersion: fc.constantFrom('TLSv1.2', 'TLSv1.3', undefined),
    names: fc.constantFrom(['mx.bank.example'], ['.cloud.example'], undefined),
    fingerprints: fc.uniqueArray(fc.constantFrom(...FINGERPRINTS), { minLength: 1 }),
    otherwise: fc.constantFrom('defer', 'encrypt', 'none', undefined),
    enabled: fc.boolean(),
    mode: fc.constantFrom('enforce', 'report', undefined),
    position: fc.integer({ min: 1, max: 5 }),
    expiresAt: fc.constantFrom('2026-01-01T00:00:00Z', '2027-01-01T00:00:00Z', undefined),
  })
  .map(
    ({
      criteria,
      level,
      minVersion,
      names,
      fingerprints,
      otherwise,
      enabled,
      mode,
      position,
      expiresAt,
    }): RuleSpec => ({
      criteria,
      level,
      enabled,
      position,
      ...(mode ? { mode } : {}),
      ...(expiresAt ? { expiresAt } : {}),
      action: {
        ...(minVersion ? { minVersion } : {}),
        ...(level === 'secure' && names ? { names } : {}),
        ...(level === 'fingerprint' ? { fingerprints } : {}),
        ...(otherwise && PUBLISHED.some((each) => each === level) ? { otherwise } : {}),
      },
    }),
  )

const rules = fc.array(spec, { maxLength: 4 })
const message = {
  from: fc.constantFrom('ann@acme.example', 'bob@acme.example'),
  to: fc.constantFrom('cfo@bank.example', 'ceo@bank.example', 'x@other.example', 'a@court.example'),
  header: fc.constantFrom(['Subject: x'], ['Subject: y']),
}

/** A TLS session, or its absence, as far as requirements look at it. */
const session = fc.record({
  encrypted: fc.boolean(),
  version: fc.constantFrom('TLSv1.2', 'TLSv1.3'),
  trusted: fc.boolean(),
  namesHost: fc.boolean(),
  names: fc.subarray([
    'bank.example',
    '.bank.example',
    'other.example',
    'mx.bank.example',
    '.cloud.example',
    'court.example',
  ]),
  fingerprint: fc.constantFrom(...FINGERPRINTS, 'none of them'),
  // What is published for the host, and whether this session fulfils it.
  dane: fc.constantFrom('fulfilled', 'broken', 'nothing'),
  sts: fc.constantFrom('fulfilled', 'broken', 'nothing'),
})

type Session = typeof session extends fc.Arbitrary<infer T> ? T : never

/** One demand, read off the words that describe the levels. */
function fulfils({ encrypted, dane, sts }: Session, { by, otherwise }: PublishedDemand): boolean {
  const published = by === 'dane' ? [dane] : by === 'mta-sts' ? [sts] : [dane, sts]
  if (published.every((each) => each === 'nothing'))
    return otherwise === 'none' || (otherwise === 'encrypt' && encrypted)
  return encrypted && !published.includes('broken')
}

function satisfies(tls: Session, requirement: Requirement | null) {
  if (!requirement) return true
  return (
    (tls.encrypted || !requirement.encrypted) &&
    (!tls.encrypted || tls.version >= (requirement.minVersion ?? 'TLSv1.2')) &&
    requirement.published.every((demand) => fulfils(tls, demand)) &&
    (tls.trusted || !requirement.trusted) &&
    (tls.namesHost || !requirement.namesHost) &&
    requirement.namesAnyOf.every((some) => some.some((name) => tls.names.includes(name))) &&
    requirement.fingerprintsAnyOf.every((some) => some.includes(tls.fingerprint))
  )
}

function requirementOf(row: Row): Requirement | null {
  const { entries, groups, message } = setUp(row)
  return atOnce(
    decide(
      entries.map((owner) => atOnce(RuleList.compile(owner, groups))),
      message,
    ),
  ).requirement
}

it('no rule of a tenant weakens what the service requires: a session that satisfies both satisfies the service', () => {
  fc.assert(
    fc.property(rules, rules, rules, fc.record(message), session, (service, domain, sender, mail, tls) => {
      const alone = requirementOf({ what: '', is: '', ...mail, rules: { '*': service } })
      const all = { '*': service, 'acme.example': domain, [mail.from]: sender }
      const together = requirementOf({ what: '', is: '', ...mail, rules: all })
      assert.ok(!alone || together, 'what was required is not required any more')
      if (satisfies(tls, together)) assert.ok(satisfies(tls, alone))
    }),
    { numRuns: 2000 },
  )
})

it('adding up is what a session has to satisfy one by one, in any order', () => {
  fc.assert(
    fc.property(rules, rules, fc.record(message), session, (one, other, mail, tls) => {
      const a = requirementOf({ what: '', is: '', ...mail, rules: { '*': one } })
      const b = requirementOf({ what: '', is: '', ...mail, rules: { '*': other } })
      const both = satisfies(tls, a) && satisfies(tls, b)
      assert.equal(satisfies(tls, addUp(a, b)), both)
      assert.equal(satisfies(tls, addUp(b, a)), both)
    }),
    { numRuns: 2000 },
  )
})

it('the index finds what a look at every rule finds', () => {
  fc.assert(
    fc.property(fc.array(spec, { maxLength: 12 }), fc.record(message), (domain, mail) => {
      const row = { what: '', is: '', ...mail, rules: domain }
      const all = explained(row).owners.find(({ owner }) => owner === 'acme.example')?.rules ?? []
      const matched = all.filter(({ state }) => state === 'matched')
      const place = matched.findIndex(({ rule }) => rule.mode !== 'report')
      const first = matched[place]
      const reporting = matched.slice(0, place < 0 ? undefined : place)
      const level = first?.rule.actions.relayWithTls?.level ?? 'none'
      assert.deepEqual(decided(row), {
        is: level === 'none' ? 'nothing' : `${level} by ${first?.id ?? ''}`,
        reports: reporting
          .filter(({ rule }) => rule.actions.relayWithTls?.level !== 'none')
          .map(({ id }) => id)
          .join(', '),
      })
    }),
    { numRuns: 2000 },
  )
})
