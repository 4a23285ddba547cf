import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HEADER_BYTES_MAX, HeaderBlock } from '../../../plugins/enforce-tls/rules/header-block.js'
import { decide } from '../../../plugins/enforce-tls/rules/decide.js'
import { explain } from '../../../plugins/enforce-tls/rules/explain.js'
import { RuleList } from '../../../plugins/enforce-tls/rules/rule-list.js'
import { inWords, notSubject, setUp, subject, to, when, type RuleSpec } from './rows/row.js'
import { atOnce } from '../../../plugins/enforce-tls/work/pieces.js'

const PAD = `X-Pad: ${'x'.repeat(70)}\r\n`
const LONG = PAD.repeat(HEADER_BYTES_MAX / PAD.length + 1)
const RECIPIENTS = Array.from({ length: 800 }, (_, i) => ` <recipient-${i}@bank.example>`).join(',\r\n')

/** What became of a subject criterion: `yes`, `no`, or why it is unknown. */
type Answer = 'yes' | 'no' | RegExp

/** what, the message, whether its subject has the word secret, whether it has none of it */
const ROWS: readonly (readonly [what: string, message: string | Buffer | null, any: Answer, none: Answer])[] =
  [
    ['a plain subject with the word', 'Subject: secret\r\n\r\n', 'yes', 'no'],
    ['a plain subject without', 'Subject: other\r\n\r\n', 'no', 'yes'],
    ['no subject', 'From: a\r\n\r\n', 'no', 'yes'],
    ['no header at all', '\r\nSubject: secret\r\n', 'no', 'yes'],
    ['an empty message', '', 'no', 'yes'],
    ['nothing behind the header', 'Subject: secret\r\n', 'yes', 'no'],
    ['lines that end in LF', 'X: y\nSubject: secret\n\nSubject: other', 'yes', 'no'],
    ['obsolete white space before the colon', 'Subject \t: secret\r\n\r\n', 'yes', 'no'],
    ['the second of two subjects', 'Subject: other\r\nSubject: secret\r\n\r\n', 'yes', 'no'],

    ['a subject behind what is read', `${LONG}Subject: other\r\n\r\n`, /behind the first 256 KiB/, /256 KiB/],
    ['a subject before what is read', `Subject: secret\r\n${LONG}\r\n`, 'yes', 'no'],
    ['another subject before what is read', `Subject: other\r\n${LONG}\r\n`, /256 KiB/, /256 KiB/],
    [
      'a field that is cut off',
      `${LONG.slice(0, HEADER_BYTES_MAX - 40)}Subject: other ${'x'.repeat(99)}`,
      /256 KiB/,
      /256 KiB/,
    ],
    [
      'too many fields',
      `${'X: y\r\n'.repeat(2000)}Subject: other\r\n\r\n`,
      /first 2000 header fields/,
      /2000/,
    ],
    ['as many fields as are read', `${'X: y\r\n'.repeat(1999)}Subject: secret\r\n\r\n`, 'yes', 'no'],
    [
      'too many subjects',
      `${'Subject: x\r\n'.repeat(100)}Subject: secret\r\n\r\n`,
      /more often than the 100/,
      /100/,
    ],
    [
      'a subject that is too long',
      `Subject: secret${' x\r\n'.repeat(9000)}\r\n`,
      /longer than 16 KiB/,
      /16 KiB/,
    ],
    ['another field that is too long', `To:${RECIPIENTS}\r\nSubject: other\r\n\r\n`, 'no', 'yes'],

    [
      'a line that is no field',
      'Subject: other\r\nfoo\r\n\r\n',
      /lines that are not header fields/,
      /not header/,
    ],
    ['a body and no header', 'Dear all\r\nthe secret is out\r\n', /not header fields/, /not header fields/],
    ['a beginning that goes on', ' x\r\nSubject: secret\r\n\r\n', /not header fields/, /not header fields/],
    ['a line that ends in CR', 'X: y\rSubject: secret\r\n\r\n', /end in CR alone/, /end in CR alone/],
    ['a NUL', 'Subject: ot\0her\r\n\r\n', /has a NUL/, /has a NUL/],
    ['a NUL in the word', 'Subject: sec\0ret\r\n\r\n', 'yes', 'no'],

    [
      'ISO-8859-1',
      Buffer.from('Subject: f\xfcr Sie\r\n\r\n', 'latin1'),
      /unknown encoding/,
      /unknown encoding/,
    ],
    ['ISO-8859-1 with the word', Buffer.from('Subject: f\xfcr secret\r\n\r\n', 'latin1'), 'yes', 'no'],
    ['what Haraka makes of ISO-8859-1', 'Subject: f\ufffdr Sie\r\n\r\n', /encoding is unknown/, /encoding/],
    ['UTF-8', 'Subject: für Sie\r\n\r\n', 'no', 'yes'],
    ['an unknown charset', 'Subject: =?x-none?Q?other?=\r\n\r\n', /encoding is unknown or broken/, /broken/],
    ['a known charset', 'Subject: =?iso-2022-jp?B?GyRCNUAbKEI=?=\r\n\r\n', 'no', 'yes'],
    ['a charset with a language', 'Subject: =?utf-8*en?Q?secret?=\r\n\r\n', 'yes', 'no'],
    ['broken base64', 'Subject: =?utf-8?B?c2Vj*mV0?=\r\n\r\n', /broken/, /broken/],
    ['base64 that is cut off', 'Subject: =?utf-8?B?c2Vjc?=\r\n\r\n', /broken/, /broken/],
    ['base64 of bytes that are no UTF-8', 'Subject: =?utf-8?B?/////w==?=\r\n\r\n', /broken/, /broken/],
    ['broken quoted-printable', 'Subject: =?utf-8?Q?a=G1?=\r\n\r\n', /broken/, /broken/],
    ['a word with spaces', 'Subject: =?utf-8?Q?oth er?=\r\n\r\n', /broken/, /broken/],
    ['a word without an end', 'Subject: =?utf-8?Q?other\r\n\r\n', /broken/, /broken/],
    ['a word split across folds', 'Subject: =?utf-8?Q?sec?=\r\n =?utf-8?Q?ret?=\r\n\r\n', 'yes', 'no'],
    ['a letter split over words', 'Subject: =?utf-8?B?c8M=?=\r\n =?utf-8?B?vA==?=\r\n\r\n', 'no', 'yes'],
    ['a comment', 'Subject: (secret) other\r\n\r\n', 'yes', 'no'],
    ['what only looks like a word', 'Subject: is a=?b\r\n\r\n', 'no', 'yes'],

    ['a header that cannot be read', null, /could not be read/, /could not be read/],
  ]

describe('a subject criterion, on a message with', () => {
  for (const [what, message, any, none] of ROWS) {
    it(what, () => {
      assertAnswer(outcome(subject('secret'), message), any)
      assertAnswer(outcome(notSubject('secret'), message), none)
    })
  }
})

describe('what is unknown', () => {
  const message = LONG
  const decided = (...rules: RuleSpec[]) => {
    const { entries, groups, message: view } = setUp({ what: '', is: '', rules })
    const lists = entries.map((owner) => atOnce(RuleList.compile(owner, groups)))
    return inWords(atOnce(decide(lists, { ...view, headers: new HeaderBlock(message) })))
  }
  const unknown = subject('x')

  it('counts as a match for a rule that requires something', () => {
    assert.equal(decided(when(unknown)).is, 'encrypt by r1')
    assert.equal(decided(when(notSubject('x'))).is, 'encrypt by r1')
    assert.equal(decided(when({ ...to('*'), ...unknown }, { level: 'secure' })).is, 'secure by r1')
  })

  it('counts as none for a rule that exempts', () => {
    assert.equal(decided(when(unknown, { level: 'none' }), when(to('*'))).is, 'encrypt by r2')
    assert.equal(decided(when(notSubject('x'), { level: 'none' }), when(to('*'))).is, 'encrypt by r2')
  })

  it('is no match where something else of the rule is known not to match', () => {
    assert.equal(decided(when({ ...to('other.example'), ...unknown })).is, 'nothing')
  })

  it('leaves what rules below require in force', () => {
    const encrypt = when(unknown)
    assert.equal(decided(encrypt, when(to('*'), { level: 'secure' })).is, 'secure by r1, r2')
    assert.equal(decided(encrypt, when(unknown, { level: 'verify' })).is, 'verify by r1, r2')
    assert.equal(decided(encrypt, when(to('*'), { level: 'none' })).is, 'encrypt by r1')
    assert.equal(decided(when(to('*')), when(unknown, { level: 'secure' })).is, 'encrypt by r1')
  })

  it('names the first of many rules that do the same', () => {
    assert.equal(decided(...Array.from({ length: 50 }, () => when(unknown))).is, 'encrypt by r1')
  })

  it('is explained as what it counts as', () => {
    const rules = [when(unknown, { level: 'none' }), when(unknown), when(to('*')), when(unknown)]
    const { entries, groups, message: view } = setUp({ what: '', is: '', rules })
    const { owners } = atOnce(explain(entries, groups, { ...view, headers: new HeaderBlock(message) }))
    const told = owners.flatMap((owner) => owner.rules).map(({ state, part }) => [state, part])
    assert.deepEqual(told, [
      ['unknown', null],
      ['unknown', 'decides'],
      ['matched', 'decides'],
      ['unknown', null],
    ])
  })

  it('is reported by a rule that reports', () => {
    const reporting = when(unknown, { mode: 'report' })
    assert.deepEqual(decided(reporting, when(to('*'))), { is: 'encrypt by r2', reports: 'r1' })
    assert.deepEqual(decided(reporting), { is: 'nothing', reports: 'r1' })
    assert.deepEqual(decided(when(to('*')), reporting), { is: 'encrypt by r1', reports: '' })
  })
})

function outcome(criteria: RuleSpec['criteria'], message: string | Buffer | null) {
  const { entries, groups, message: view } = setUp({ what: '', is: '', rules: [when(criteria)] })
  const { owners } = atOnce(explain(entries, groups, { ...view, headers: new HeaderBlock(message) }))
  const rule = owners.flatMap(({ rules }) => rules)[0]
  assert.ok(rule)
  const [field] = rule.fields
  assert.ok(field)
  assert.equal(rule.state, { true: 'matched', false: 'not matched', null: 'unknown' }[String(field.met)])
  return field
}

function assertAnswer({ met, why }: ReturnType<typeof outcome>, expected: Answer): void {
  if (typeof expected === 'string') return assert.equal(met, expected === 'yes', why)
  assert.equal(met, null)
  assert.match(why ?? '', expected)
}
