/** Which level is suggested for what was seen, in rows with their near-misses; and records put together in any order. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { suggestedRule } from '../../../plugins/enforce-tls/suggest/judge-pair.js'
import {
  NOTHING_SEEN,
  ofDelivery,
  ofIncoming,
  ofLookUp,
  parsePair,
  together,
  type PairRecord,
} from '../../../plugins/enforce-tls/suggest/record.js'
import { sentencesOf } from '../../../plugins/enforce-tls/suggest/format-suggestion.js'
import { acceptedRule, commonLevel } from '../../../plugins/enforce-tls/suggest/accept.js'
import { DAY, delivery, HELD, MISSED } from '../../support/pair-records.js'

const NOW = Date.UTC(2026, 10, 27)
const ENOUGH = { deliveries: 3, period: 2 * DAY, forgetAfter: 30 * DAY }
const ALL = ['encrypt', 'verify', 'secure'] as const
/** What was seen so many days ago. */
const ago = (days: number, ...held: readonly ('encrypt' | 'verify' | 'secure')[]) =>
  delivery(NOW - days * DAY, ...held)
const published = (days: number, seen = HELD) =>
  ofLookUp({ at: NOW - days * DAY, seen, publishes: seen === HELD ? 'DANE' : '' })
const sum = (records: readonly PairRecord[]) => records.reduce(together, NOTHING_SEEN)

const ROWS: readonly (readonly [what: string, seen: readonly PairRecord[], level: string | null])[] = [
  ['nothing', [], null],
  ['three deliveries over two days', [ago(2, ...ALL), ago(1, ...ALL), ago(0, ...ALL)], 'secure'],
  ['the same in another order', [ago(0, ...ALL), ago(2, ...ALL), ago(1, ...ALL)], 'secure'],
  ['two deliveries', [ago(2, ...ALL), ago(0, ...ALL)], null],
  ['three deliveries over one day', [ago(1, ...ALL), ago(0.5, ...ALL), ago(0, ...ALL)], null],
  [
    'a certificate that names another domain',
    [2, 1, 0].map((days) => ago(days, 'encrypt', 'verify')),
    'verify',
  ],
  ['any certificate', [2, 1, 0].map((days) => ago(days, 'encrypt')), 'encrypt'],
  ['no TLS', [2, 1, 0].map((days) => ago(days)), null],
  ['a level missed before', [ago(3, 'encrypt'), ...[2, 1, 0].map((days) => ago(days, ...ALL))], 'secure'],
  ['a level missed last', [...[3, 2, 1].map((days) => ago(days, ...ALL)), ago(0, 'encrypt')], 'encrypt'],
  ['no TLS last', [...[3, 2, 1].map((days) => ago(days, ...ALL)), ago(0)], null],
  ['no mail for 31 days', [35, 33, 31].map((days) => ago(days, ...ALL)), null],
  ['no mail for 29 days', [33, 31, 29].map((days) => ago(days, ...ALL)), 'secure'],
  [
    'published for long enough',
    [2, 1, 0].flatMap((days) => [ago(days, 'encrypt'), published(days)]),
    'published',
  ],
  [
    'published twice',
    [ago(1, ...ALL), ...[2, 1, 0].flatMap((days) => [ago(days, ...ALL)]), published(2), published(0)],
    'secure',
  ],
  [
    'published, and no more',
    [
      ...[3, 2, 1].flatMap((days) => [ago(days, ...ALL), published(days)]),
      ago(0, ...ALL),
      published(0, MISSED),
    ],
    'secure',
  ],
  [
    'published, and no TLS last, of which nothing was looked up',
    [...[3, 2, 1].flatMap((days) => [ago(days, ...ALL), published(days)]), ago(0)],
    null,
  ],
  ['incoming mail alone', [ofIncoming(true, NOW), ofIncoming(true, NOW), ofIncoming(true, NOW)], null],
]

describe('what is suggested for', () => {
  for (const [what, seen, level] of ROWS)
    it(`${what}: ${level ?? 'nothing'}`, () => {
      assert.equal(suggestedRule(sum(seen), ENOUGH, NOW)?.level ?? null, level)
    })

  it('what somebody dismissed: only a stricter level', () => {
    const record = sum([2, 1, 0].map((days) => ago(days, 'encrypt', 'verify')))
    const dismissed = (level: 'encrypt' | 'verify' | 'secure') => ({
      ...record,
      dismissed: { by: 'ann', at: 1, level },
    })
    assert.equal(suggestedRule(dismissed('secure'), ENOUGH, NOW), null)
    assert.equal(suggestedRule(dismissed('verify'), ENOUGH, NOW), null)
    assert.equal(suggestedRule(dismissed('encrypt'), ENOUGH, NOW)?.level, 'verify')
  })

  it('says what would have bounced, of this level and of the stricter one', () => {
    const record = sum([ago(4), ...[3, 2, 1, 0].map((days) => ago(days, 'encrypt'))])
    const rule = suggestedRule(record, ENOUGH, NOW)
    assert.ok(rule)
    assert.deepEqual(sentencesOf({ ...rule, record }).slice(0, 3), [
      'The last 4 deliveries fulfilled level encrypt, from 2026-11-24 to 2026-11-27.',
      '1 of 5 deliveries seen since 2026-11-23 would have bounced or waited at this level, the last one on 2026-11-23: the server has a certificate that is self-signed.',
      'At level verify, 5 of 5 would have bounced: the server has a certificate that is self-signed.',
    ])
  })

  it('is a rule in mode report with a level alone: no version, no fingerprint, no name of today', () => {
    const seen = [2, 1, 0].flatMap((days) => [ago(days, ...ALL), published(days)])
    const record = sum(seen)
    const rule = suggestedRule(record, ENOUGH, NOW)
    assert.ok(rule)
    const { comment, ...others } = acceptedRule({
      owner: 'acme.example',
      partner: 'bank.example',
      ...rule,
      record,
    })
    assert.equal(typeof comment, 'string')
    assert.deepEqual(others, {
      name: 'TLS to bank.example',
      enabled: true,
      mode: 'report',
      criteria: { to: { matchesAny: ['bank.example'] } },
      actions: { relayWithTls: { level: 'published', otherwise: 'encrypt' } },
    })
  })

  it('a group: the strictest level that all have fulfilled', () => {
    const of = (seen: readonly PairRecord[]) => {
      const record = sum(seen)
      const rule = suggestedRule(record, ENOUGH, NOW)
      assert.ok(rule)
      return { owner: 'acme.example', partner: 'bank.example', ...rule, record }
    }
    const secure = of([2, 1, 0].map((days) => ago(days, ...ALL)))
    const verify = of([2, 1, 0].map((days) => ago(days, 'encrypt', 'verify')))
    const dane = of([2, 1, 0].flatMap((days) => [ago(days, 'encrypt'), published(days)]))
    assert.deepEqual(
      [[secure], [secure, verify], [verify, dane]].map((some) => commonLevel(some)),
      ['secure', 'verify', 'encrypt'],
    )
  })
})

describe('records', () => {
  const seen = fc.record({ day: fc.integer({ min: 1, max: 20 }), held: fc.boolean(), known: fc.boolean() })

  it('put together in any order never claim more deliveries in a row than there were', () => {
    fc.assert(
      fc.property(fc.array(seen, { maxLength: 12 }), fc.func(fc.nat()), (all, order) => {
        const records = all.map(({ day, held, known }) =>
          ofDelivery({
            at: day,
            levels: known ? { encrypt: held ? HELD : MISSED } : {},
            server: null,
          }),
        )
        const shuffled = [...records.entries()]
          .sort(([a], [b]) => order(a) - order(b))
          .map(([, each]) => each)
        const { encrypt } = sum(shuffled).levels
        const lastMiss = Math.max(0, ...all.flatMap(({ day, held, known }) => (known && !held ? [day] : [])))
        const since = all.filter(({ day, held, known }) => known && held && day > lastMiss)
        assert.ok(encrypt.held <= since.length, JSON.stringify(encrypt))
        assert.equal(encrypt.judged, all.filter(({ known }) => known).length)
        assert.equal(encrypt.missed, all.filter(({ known, held }) => known && !held).length)
        if (encrypt.held > 0) {
          assert.ok(encrypt.since > lastMiss)
          assert.equal(encrypt.last, Math.max(...since.map(({ day }) => day)))
        }
      }),
    )
  })

  it('one after the other count exactly', () => {
    const { encrypt } = sum(
      [5, 4, 3, 2, 1, 0].map((days) => (days === 3 ? ago(days) : ago(days, 'encrypt'))),
    ).levels
    assert.deepEqual([encrypt.judged, encrypt.missed, encrypt.held], [6, 1, 3])
  })

  it('read back as they were, and what is none as null', () => {
    const record = sum([ago(1, ...ALL), published(0), ofIncoming(true, NOW)])
    assert.deepEqual(parsePair(JSON.stringify(record)), record)
    for (const text of [
      '',
      '{',
      '[]',
      '{"first":1}',
      `"${'x'.repeat(5000)}"`,
      JSON.stringify({ ...record, last: 'x' }),
    ])
      assert.equal(parsePair(text), null, text.slice(0, 20))
  })

  it('are bounded, whatever a server says', () => {
    const long = 'x\u202e\r\n'.repeat(10_000)
    const record = ofDelivery({
      at: NOW,
      levels: {
        encrypt: { is: 'missed', why: long },
        verify: { is: 'missed', why: long },
        secure: { is: 'missed', why: long },
      },
      server: { host: long, protocol: 'TLSv1.3', names: long, valid: false },
    })
    const text = JSON.stringify(record)
    assert.ok(text.length < 4000, String(text.length))
    assert.deepEqual(parsePair(text), record)
    assert.doesNotMatch(text, /\\r|\\n/)
  })
})
