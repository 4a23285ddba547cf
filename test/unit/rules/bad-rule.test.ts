import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formatProblem } from '../../../plugins/enforce-tls/rules/format-problem.js'
import { checkRule } from '../../../plugins/enforce-tls/rules/check-rule.js'
import { atOnce } from '../../../plugins/enforce-tls/work/pieces.js'

const GOOD = {
  name: 'Patient data',
  comment: 'Asked for by the clinic',
  direction: 'outgoing',
  enabled: true,
  mode: 'report',
  position: 1,
  startsAt: '2026-01-31T08:00:00Z',
  expiresAt: '2026-12-31T23:59:59.999+01:00',
  criteria: {
    to: { matchesAny: ['clinic.example', 'group:clinics'], matchesNone: ['press@clinic.example'] },
    from: { matchesAny: ['*'] },
    subject: { matchesAny: ['patient data', '/^case \\d+$/i'] },
    header: [{ name: 'X-Class', matchesNone: ['public'] }],
  },
  actions: { relayWithTls: { level: 'encrypt' } },
}

const text = (length: number) => 'x'.repeat(length)
const many = (count: number) => Array.from({ length: count }, (_, n) => `d${n}.example`)
const criteria = (value: unknown) => ({ ...GOOD, criteria: value })
const to = (value: unknown) => criteria({ to: value })
const subject = (...matchesAny: unknown[]) => criteria({ subject: { matchesAny } })
const header = (...value: unknown[]) => criteria({ header: value })
const incoming = (fields: unknown, action: unknown = { level: 'encrypt' }) => ({
  ...GOOD,
  direction: 'incoming',
  criteria: fields,
  actions: { relayWithTls: action },
})
const FROM = { from: { matchesAny: ['bank.example'] } }

const BAD: readonly (readonly [what: string, value: unknown, problem: string | RegExp])[] = [
  [
    'no criteria',
    criteria({}),
    /^field criteria\.to: is missing; expected: at least one of to, from, subject, header/,
  ],
  ['null criteria', criteria(null), 'field criteria: null is not of type object'],
  [
    'an unknown criterion',
    criteria({ body: {} }),
    'field criteria.body: is unknown; known here: to, from, subject, header',
  ],
  ['an odd unknown key', criteria({ ['b\r\n\u0000']: 1 }), /^field criteria\."b\\r\\n\\u0000": is unknown/],
  ['null for to', to(null), 'field criteria.to: null is not of type object'],
  ['a text for to', to('bank.example'), 'field criteria.to: "bank.example" is not of type object'],
  ['neither list', to({}), 'field criteria.to.matchesAny: is missing; expected: matchesAny or matchesNone'],
  ['null for a list', to({ matchesAny: null }), 'field criteria.to.matchesAny: null is not of type array'],
  ['an empty matchesNone', to({ matchesNone: [] }), /matchesNone: is an empty list/],
  [
    'a number for a pattern',
    to({ matchesAny: [1] }),
    'field criteria.to.matchesAny[0]: 1 is not of type string',
  ],
  [
    'a list in a list',
    to({ matchesAny: [['a.example']] }),
    /matchesAny\[0\]: \["a\.example"\] is not of type string/,
  ],
  [
    'another operator',
    to({ contains: ['a'] }),
    /criteria\.to\.contains: is unknown; known here: matchesAny, matchesNone/,
  ],
  [
    'too many patterns',
    to({ matchesAny: many(10_001) }),
    'field criteria.to.matchesAny: has more than 10000 values',
  ],
  [
    'a long pattern',
    to({ matchesAny: [text(401)] }),
    /matchesAny\[0\]: "x{77}\.\.\." is longer than 400 characters/,
  ],
  [
    'a bad pattern in matchesNone',
    to({ matchesNone: ['a.example', 'b..example'] }),
    /^field criteria\.to\.matchesNone\[1\]: "b\.\.example" has an empty label/,
  ],
  [
    'a display name',
    to({ matchesAny: ['Bank <cfo@bank.example>'] }),
    /is a display name with an address; write cfo@bank\.example/,
  ],
  [
    'a bad group name',
    to({ matchesAny: ['group:My Banks'] }),
    /matchesAny\[0\]: "group:My Banks" is not a group name; a group name is 1 to 63/,
  ],
  ['no group name', to({ matchesAny: ['group:'] }), /"group:" is not a group name/],
  [
    'a bad from',
    criteria({ from: { matchesAny: ['a b'] } }),
    /^field criteria\.from\.matchesAny\[0\]: "a b" contains white space/,
  ],
  [
    'a subject of punctuation',
    subject('!!!'),
    /^field criteria\.subject\.matchesAny\[0\]: "!!!" has no letter or digit; expected: words, or a regular expression/,
  ],
  ['an empty subject', subject(''), 'field criteria.subject.matchesAny[0]: is empty'],
  ['a long subject', subject(text(301)), /is longer than 300 characters/],
  ['too many subjects', subject(...many(101)), /has more than 100 values/],
  ['null for subject', criteria({ subject: null }), 'field criteria.subject: null is not of type object'],
  [
    'an open regular expression',
    subject('/('),
    /"\/\(" begins with \/ but is no regular expression; expected: \/…\/ or \/…\/i/,
  ],
  ['an empty regular expression', subject('//'), /begins with \/ but is no regular expression/],
  [
    'a bad regular expression',
    subject('/(/'),
    /"\/\(\/" is no regular expression that can be used: error parsing regexp: missing closing \): `\(`/,
  ],
  ['a back reference', subject('/(a)\\1/'), /invalid escape sequence: `\\1`/],
  ['look-ahead', subject('/(?=a)/'), /invalid or unsupported Perl syntax: `\(\?=`/],
  ['unknown flags', subject('/a/gi'), /is a regular expression with the flags gi; only i is known/],
  [
    'a large regular expression',
    subject('/(a{500}){2}(b{500}){2}/'),
    /is too large a regular expression: \d+ steps, 300 are allowed/,
  ],
  [
    'the expression that stopped a Haraka for seconds',
    subject('/a[ab]{400}[cd]/'),
    /is too large a regular expression: 405 steps, 300 are allowed/,
  ],
  [
    'too many regular expressions',
    subject(...Array.from({ length: 21 }, (_, i) => `/a${i}/`)),
    /matchesAny\[20\]: "\/a20\/" is one regular expression too many: 20 are allowed in one rule/,
  ],
  [
    'regular expressions that are too large together',
    subject(...Array.from({ length: 4 }, (_, i) => `/a{280}${i}/`)),
    /makes the regular expressions of the rule too large: \d+ steps, 1000 are allowed/,
  ],
  [
    'a bad subject in matchesNone',
    criteria({ subject: { matchesNone: ['/(/'] } }),
    /^field criteria\.subject\.matchesNone\[0\]: /,
  ],
  [
    'a header that is no list',
    criteria({ header: { name: 'X', matchesAny: ['a'] } }),
    /criteria\.header: \{.*\} is not of type array/,
  ],
  ['an empty list of headers', header(), /criteria\.header: is an empty list/],
  [
    'too many headers',
    header(...many(21).map((name) => ({ name, matchesAny: ['a'] }))),
    /criteria\.header: has more than 20 values/,
  ],
  ['a header without name', header({ matchesAny: ['a'] }), 'field criteria.header[0].name: is missing'],
  [
    'a header name with colon',
    header({ name: 'X:', matchesAny: ['a'] }),
    /^field criteria\.header\[0\]\.name: "X:" is no header field name; expected: one such as X-Classification, without colon/,
  ],
  ['a header name with space', header({ name: 'X Y', matchesAny: ['a'] }), /"X Y" is no header field name/],
  ['a long header name', header({ name: text(101), matchesAny: ['a'] }), /is longer than 100 characters/],
  [
    'a header with nothing to match',
    header({ name: 'X' }),
    'field criteria.header[0].matchesAny: is missing; expected: matchesAny or matchesNone',
  ],
  [
    'a bad second header',
    header({ name: 'X', matchesAny: ['a'] }, { name: 'Y', matchesNone: ['/[/'] }),
    /^field criteria\.header\[1\]\.matchesNone\[0\]: /,
  ],
  ['another mode', { ...GOOD, mode: 'off' }, 'field mode: "off" is not one of enforce, report'],
  ['null for mode', { ...GOOD, mode: null }, 'field mode: null is not of type string'],
  ['an empty comment', { ...GOOD, comment: '' }, 'field comment: is empty'],
  [
    'a long comment',
    { ...GOOD, comment: text(1001) },
    /field comment: "x{77}\.\.\." is longer than 1000 characters/,
  ],
  [
    'null for minVersion',
    { ...GOOD, actions: { relayWithTls: { level: 'encrypt', minVersion: null } } },
    'field actions.relayWithTls.minVersion: null is not of type string',
  ],
  ['null for a time', { ...GOOD, startsAt: null }, 'field startsAt: null is not of type string'],
  [
    'a number for a time',
    { ...GOOD, startsAt: 1_767_225_600 },
    'field startsAt: 1767225600 is not of type string',
  ],
  [
    'a time without offset',
    { ...GOOD, startsAt: '2026-01-31T08:00:00' },
    /^field startsAt: "2026-01-31T08:00:00" is no time; expected: a date and time with offset, such as 2026-01-31T08:00:00Z/,
  ],
  ['a date alone', { ...GOOD, expiresAt: '2026-12-31' }, /^field expiresAt: "2026-12-31" is no time/],
  ['the 30th of February', { ...GOOD, startsAt: '2026-02-30T08:00:00Z' }, /is no time/],
  ['the 13th month', { ...GOOD, startsAt: '2025-13-01T08:00:00Z' }, /is no time/],
  ['the 25th hour', { ...GOOD, startsAt: '2026-01-31T24:00:00Z' }, /is no time/],
  ['a wild offset', { ...GOOD, startsAt: '2026-01-31T08:00:00+24:00' }, /is no time/],
  ['a long time', { ...GOOD, startsAt: `2026-01-31T08:00:00.${text(40)}Z` }, /is longer than 35 characters/],
  [
    'an end at the start',
    { ...GOOD, startsAt: '2026-01-31T08:00:00Z', expiresAt: '2026-01-31T09:00:00+01:00' },
    'field expiresAt: "2026-01-31T09:00:00+01:00" is not after startsAt, "2026-01-31T08:00:00Z"',
  ],
  [
    'incoming without from',
    incoming({ to: { matchesAny: ['a.example'] } }),
    /^field criteria\.from: is missing; an incoming rule names the senders/,
  ],
  [
    'incoming with a subject',
    incoming({ ...FROM, subject: { matchesAny: ['x'] } }),
    /^field criteria\.subject: cannot be used for incoming mail/,
  ],
  [
    'incoming with a header',
    incoming({ ...FROM, header: [{ name: 'X', matchesAny: ['x'] }] }),
    /^field criteria\.header: cannot be used for incoming mail/,
  ],
  [
    'incoming at level verify',
    incoming(FROM, { level: 'verify' }),
    /^field actions\.relayWithTls\.level: verify has no meaning for incoming mail.*expected: none or encrypt/,
  ],
  [
    'incoming with a version',
    incoming(FROM, { level: 'encrypt', minVersion: 'TLSv1.3' }),
    'field actions.relayWithTls.minVersion: has no meaning for incoming mail; expected: level alone',
  ],
]

describe('a rule of all fields', () => {
  it('is good', () => assert.deepEqual(atOnce(checkRule(GOOD)), { rule: GOOD }))

  it('is good for incoming mail', () => {
    const rule = incoming({ ...FROM, to: { matchesNone: ['bob@acme.example'] } }, { level: 'none' })
    assert.deepEqual(atOnce(checkRule(rule)), { rule })
  })

  it('may be without any optional one', () => {
    const { name, direction, enabled, position, actions } = GOOD
    const rule = { name, direction, enabled, position, criteria: { subject: { matchesAny: ['x'] } }, actions }
    assert.deepEqual(atOnce(checkRule(rule)), { rule })
  })

  it('may be as long as the limits allow', () => {
    const rule = {
      ...GOOD,
      comment: text(1000),
      name: text(200),
      criteria: { to: { matchesAny: many(10_000) } },
    }
    assert.ok('rule' in atOnce(checkRule(rule)))
  })

  for (const [what, value, problem] of BAD)
    it(`with ${what} is refused`, () => {
      const checked = atOnce(checkRule(value))
      assert.ok('problem' in checked)
      const told = formatProblem(checked)
      if (typeof problem === 'string') assert.equal(told, problem)
      else assert.match(told, problem)
      assert.ok(told.length < 400, told)
    })

  it('of megabytes anywhere is refused without repeating it', () => {
    const long = text(1_000_000)
    const values = [
      { ...GOOD, comment: long },
      { ...GOOD, startsAt: long },
      { ...GOOD, mode: long },
      { ...GOOD, [long]: 1 },
      subject(`/${long}/`),
      header({ name: long, matchesAny: ['a'] }),
      to({ matchesAny: [`group:${long}`] }),
      to(long),
      criteria([long]),
    ]
    for (const value of values) {
      const checked = atOnce(checkRule(value))
      assert.ok('problem' in checked)
      assert.ok(formatProblem(checked).length < 300)
    }
  })
})
