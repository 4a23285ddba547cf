/** The text of a policy: what counts, what is ignored and said, and what makes it none. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formatProblems, readPolicy } from '../../../../plugins/enforce-tls/published/mta-sts/policy.js'

const TEXT = 'version: STSv1\nmode: enforce\nmx: mx.bank.example\nmax_age: 604800\n'
const POLICY = { mode: 'enforce', mx: ['mx.bank.example'], maxAge: 604_800 }

/** What the text becomes with one thing changed, with the problems that are said. */
const VALID: readonly [title: string, text: string, changed: Partial<typeof POLICY>, problems: string][] = [
  ['with LF', TEXT, {}, ''],
  ['with CRLF', TEXT.replaceAll('\n', '\r\n'), {}, ''],
  ['without a line end at the end', TEXT.trimEnd(), {}, ''],
  ['in another order', TEXT.trimEnd().split('\n').reverse().join('\n'), {}, ''],
  ['with blanks after colons and values', TEXT.replace(': enforce', ':\t enforce \t'), {}, ''],
  ['without blanks', TEXT.replaceAll(': ', ':'), {}, ''],
  ['with empty lines', `\n${TEXT}\r\n\n`, {}, ''],
  ['in mode testing', TEXT.replace('enforce', 'testing'), { mode: 'testing' }, ''],
  ['in mode none', TEXT.replace('enforce', 'none'), { mode: 'none' }, ''],
  [
    'in mode none without mx',
    TEXT.replace('enforce', 'none').replace(/mx.*\n/, ''),
    { mode: 'none', mx: [] },
    '',
  ],
  [
    'with several mx',
    `${TEXT}mx: *.Mail.Example\nmx: MX2.bank.example.\n`,
    { mx: ['mx.bank.example', '*.mail.example', 'mx2.bank.example'] },
    '',
  ],
  ['with one mx twice', `${TEXT}mx: MX.bank.example\n`, {}, ''],
  ['with fields that nobody knows', `${TEXT}x-comment: a: b, ü\n`, {}, ''],
  ['with max_age 0', TEXT.replace('604800', '0'), { maxAge: 0 }, ''],
  ['with the longest max_age', TEXT.replace('604800', '31557600'), { maxAge: 31_557_600 }, ''],
  [
    'with a longer max_age',
    TEXT.replace('604800', '31557601'),
    { maxAge: 31_557_600 },
    'line 4: max_age is more than 31557600 seconds, which counts instead',
  ],
  ['with mode twice', `${TEXT}mode: testing\n`, {}, 'line 5: mode is there twice, only the first one counts'],
  [
    'with version twice',
    `${TEXT}version: STSv2\n`,
    {},
    'line 5: version is there twice, only the first one counts',
  ],
  [
    'with max_age twice',
    `${TEXT}max_age: x\n`,
    {},
    'line 5: max_age is there twice, only the first one counts',
  ],
  [
    'with an IPv4 address',
    `${TEXT}mx: 192.0.2.1\n`,
    {},
    'line 5: mx "192.0.2.1" is ignored: it is an IP address, not a host name',
  ],
  [
    'with an address in brackets',
    `${TEXT}mx: [192.0.2.1]\n`,
    {},
    'line 5: mx "[192.0.2.1]" is ignored: it is an IP address, not a host name',
  ],
  [
    'with an IPv6 address',
    `${TEXT}mx: [IPv6:2001:db8::1]\n`,
    {},
    'line 5: mx "[IPv6:2001:db8::1]" is ignored: it is an IP address, not a host name',
  ],
  [
    'with nmx beside mx',
    `${TEXT}nmx: mx2.bank.example\n`,
    {},
    'line 5: "nmx" is ignored: there is no such field; did you mean "mx"?',
  ],
  [
    'with a line without a colon',
    `${TEXT}hello\n`,
    {},
    'line 5: "hello" is ignored: it is no "field: value"',
  ],
  [
    'with a line that begins with a blank',
    `${TEXT} mx: mx2.bank.example\n`,
    {},
    'line 5: " mx: mx2.bank.example" is ignored: it is no "field: value"',
  ],
  ...[
    '*',
    '*.',
    '.',
    '*.*.bank.example',
    'mx*.bank.example',
    'a.*.example',
    '.bank.example',
    '',
    'a, b',
    'bücher.example',
    'mx.bank.example:25',
  ].map((mx): (typeof VALID)[number] => [
    `with the mx ${JSON.stringify(mx)}`,
    `${TEXT}mx: ${mx}\n`,
    {},
    `line 5: mx ${JSON.stringify(mx)} is ignored: it is not a host name, nor *. and a domain`,
  ]),
]

const INVALID: readonly [title: string, text: string, problems: string][] = [
  ['that is empty', '', 'there is no version; there is no mode; there is no max_age; there is no valid mx'],
  ['without a version', TEXT.replace(/version.*\n/, ''), 'there is no version'],
  ['of another version', TEXT.replace('STSv1', 'STSv2'), 'line 1: version is "STSv2", not STSv1'],
  ['of a version in lower case', TEXT.replace('STSv1', 'stsv1'), 'line 1: version is "stsv1", not STSv1'],
  ['without a mode', TEXT.replace(/mode.*\n/, ''), 'there is no mode'],
  [
    'with a misspelt mode',
    TEXT.replace('enforce', 'enforced'),
    'line 2: mode is "enforced", not one of enforce, testing, none; did you mean "enforce"?',
  ],
  [
    'with a wrong mode before a right one',
    TEXT.replace('mode:', 'mode: x\nmode:'),
    'line 3: mode is there twice, only the first one counts; line 2: mode is "x", not one of enforce, testing, none',
  ],
  [
    'with a Mode',
    TEXT.replace('mode', 'Mode'),
    'line 2: "Mode" is ignored: there is no such field; did you mean "mode"?; there is no mode',
  ],
  ['without a max_age', TEXT.replace(/max_age.*\n/, ''), 'there is no max_age'],
  [
    'with a negative max_age',
    TEXT.replace('604800', '-1'),
    'line 4: max_age is "-1", not a number of seconds',
  ],
  [
    'with a max_age in words',
    TEXT.replace('604800', '1w'),
    'line 4: max_age is "1w", not a number of seconds',
  ],
  [
    'with a max_age of eleven digits',
    TEXT.replace('604800', '00000604800'),
    'line 4: max_age is "00000604800", not a number of seconds',
  ],
  [
    'with nmx and no mx',
    TEXT.replace('mx:', 'nmx:'),
    'line 3: "nmx" is ignored: there is no such field; did you mean "mx"?; there is no valid mx',
  ],
  [
    'with an IP address and no host',
    TEXT.replace('mx.bank.example', '192.0.2.1'),
    'line 3: mx "192.0.2.1" is ignored: it is an IP address, not a host name; there is no valid mx',
  ],
  [
    'in mode testing without mx',
    TEXT.replace('enforce', 'testing').replace(/mx.*\n/, ''),
    'there is no valid mx',
  ],
  [
    'with CR alone',
    TEXT.replaceAll('\n', '\r'),
    'line 1: version is "STSv1\\rmode: enforce\\rmx: mx.bank.example\\rmax_age: 604800", not STSv1; there is no mode; there is no max_age; there is no valid mx',
  ],
]

describe('a policy', () => {
  for (const [title, text, changed, problems] of VALID)
    it(`counts ${title}`, () => {
      const read = readPolicy(text)
      assert.deepEqual(read.policy, { ...POLICY, ...changed })
      assert.equal(formatProblems(read.problems), problems)
      assert.ok(read.problems.every(({ kind }) => kind !== 'error'))
    })

  for (const [title, text, problems] of INVALID)
    it(`${title} is none`, () => {
      const read = readPolicy(text)
      assert.equal(read.policy, null)
      assert.equal(formatProblems(read.problems), problems)
      assert.ok(read.problems.some(({ kind }) => kind === 'error'))
    })

  it('that is full of nonsense is read in no time, with all errors and some of the rest', () => {
    const began = performance.now()
    const read = readPolicy(`${'nmx: a\n'.repeat(9000)}mode:${' '.repeat(60_000)}x`)
    assert.ok(performance.now() - began < 500)
    assert.equal(read.problems.filter(({ kind }) => kind === 'ignored').length, 20)
    assert.equal(read.problems.filter(({ kind }) => kind === 'error').length, 4)
  })
})
