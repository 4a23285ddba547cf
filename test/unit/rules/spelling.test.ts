import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Flaw } from '../../../plugins/enforce-tls/rules/flaw.js'
import { formatFlaw } from '../../../plugins/enforce-tls/rules/format-problem.js'
import { checkAction } from '../../../plugins/enforce-tls/rules/action.js'
import { parseAddressText } from '../../../plugins/enforce-tls/rules/criteria.js'
import { checkGroup } from '../../../plugins/enforce-tls/rules/group.js'
import { parseOwner } from '../../../plugins/enforce-tls/rules/owner.js'
import { compilePatterns, parsePattern, storedPattern } from '../../../plugins/enforce-tls/rules/pattern.js'
import { checkRule, parseRule } from '../../../plugins/enforce-tls/rules/check-rule.js'
import { parseGroup } from '../../../plugins/enforce-tls/rules/group.js'
import { atOnce } from '../../../plugins/enforce-tls/work/pieces.js'

const BOTH = 'write bank.example for the domain, .bank.example for its subdomains'
const BELOW = 'write .bank.example for the subdomains, bank.example for the domain itself'

/** What people write; what is said; what is suggested. */
const HABITS: readonly (readonly [text: string, problem: string, suggestion: readonly string[] | null])[] = [
  ['*@bank.example', `would match nothing; ${BOTH}`, ['bank.example']],
  ['@bank.example', `would match nothing; ${BOTH}`, ['bank.example']],
  ['*.bank.example', `would match nothing; ${BELOW}`, ['.bank.example']],
  ['*@*.bank.example', `would match nothing; ${BELOW}`, ['.bank.example']],
  ['@.bank.example', `would match nothing; ${BELOW}`, ['.bank.example']],
  ['*bank.example', `would match nothing; ${BOTH}`, ['bank.example']],
  ['*@*', 'would match nothing; write * for everybody', ['*']],
  ['*.*', 'would match nothing; write * for everybody', ['*']],
  ['**', 'would match nothing; write * for everybody', ['*']],
  ['https://bank.example/', `is a web address; ${BOTH}`, ['bank.example']],
  ['HTTPS://u:p@Bank.Example:443/x?y#z', `is a web address; ${BOTH}`, ['bank.example']],
  [
    'mailto:CFO@bank.example?subject=x',
    'is a link to an address; write cfo@bank.example',
    ['cfo@bank.example'],
  ],
  [
    'First Bank <cfo@bank.example>',
    'is a display name with an address; write cfo@bank.example',
    ['cfo@bank.example'],
  ],
  ['<cfo@bank.example>', 'is a display name with an address; write cfo@bank.example', ['cfo@bank.example']],
  [
    '"Doe, J" <j@a.example>, K <k@a.example>',
    'is a list in one value; write each as a value of its own: j@a.example k@a.example',
    ['j@a.example', 'k@a.example'],
  ],
  [
    'a.example,b.example',
    'is a list in one value; write each as a value of its own: a.example b.example',
    ['a.example', 'b.example'],
  ],
  [
    '"a b"@a.example; .b.example  *',
    'is a list in one value; write each as a value of its own: "a b"@a.example .b.example *',
    ['"a b"@a.example', '.b.example', '*'],
  ],
  [' bank.example', `has white space or a separator around it; ${BOTH}`, ['bank.example']],
  ['bank.example;', `has white space or a separator around it; ${BOTH}`, ['bank.example']],
  ['"bank.example"', `has something around it that is no part of a name; ${BOTH}`, ['bank.example']],
  ['[bank.example]', `has something around it that is no part of a name; ${BOTH}`, ['bank.example']],
  ['bank.example:25', `has a port behind the domain; ${BOTH}`, ['bank.example']],
  ['[bank.example]:25', `has a port behind the domain; ${BOTH}`, ['bank.example']],
  ['bank.example/login', `has a path behind the domain; ${BOTH}`, ['bank.example']],
  ['bank..example', `has an empty label (two dots in a row, or a dot in front); ${BOTH}`, ['bank.example']],
  [
    '..bank.example',
    `has an empty label (two dots in a row, or a dot in front); ${BELOW}`,
    ['.bank.example'],
  ],
  [
    'jane doe@bank.example',
    'contains the character " " before the @; an address that has one is written "jane doe"@bank.example',
    ['"jane doe"@bank.example'],
  ],
  [
    'cfo\u200b@bank.example',
    'contains the invisible character U+200B before the @; without it, that is cfo@bank.example',
    ['cfo@bank.example'],
  ],
  [
    'a\u037eb@bank.example',
    'contains the character ";" before the @; an address that has one is written "a;b"@bank.example',
    ['"a;b"@bank.example'],
  ],
  [
    'bank',
    'has a domain without a dot, bank; expected: its full name, as bank.example, or bank. with a dot behind it if that is the full name',
    null,
  ],
  [
    'cfo@bank',
    'has a domain without a dot, bank; expected: its full name, as bank.example, or bank. with a dot behind it if that is the full name',
    null,
  ],
  ['First Bank', 'contains white space; expected: a domain such as bank.example', null],
  ['bank.example First', 'contains white space; expected: a domain such as bank.example', null],
  [
    'cfo*@bank.example',
    'has a * before the @; expected: the address in full, or its domain alone for everybody there',
    null,
  ],
  ['192.0.2.1', 'is an IP address; expected: a domain such as bank.example', null],
  ['[IPv6:2001:db8::1]', 'is an IP address; expected: a domain such as bank.example', null],
  ['"a\tb"@bank.example', 'contains the invisible character U+0009 before the @', null],
  ['\ud800@bank.example', 'contains the invisible character U+D800 before the @', null],
  [
    `${'İ'.repeat(32)}@bank.example`,
    'has more than 64 bytes before the @ in lower case (RFC 5321 section 4.5.3.1.1)',
    null,
  ],
]

function flawOf(read: object): Flaw {
  assert.ok('problem' in read)
  return read as Flaw
}

describe('a text that names nobody', () => {
  for (const [text, problem, suggestion] of HABITS) {
    const expected = suggestion ? undefined : /; expected: (.*)$/.exec(problem)?.[1]
    const quoted = `${JSON.stringify(text)} ${problem}`
    it(`such as ${JSON.stringify(text.slice(0, 60))} is refused with the right spelling`, () => {
      const found = flawOf(parsePattern(text))
      assert.equal(formatFlaw(found), problem)
      assert.deepEqual(found.suggestion ?? null, suggestion)
      if (!suggestion) assert.equal(found.expected, expected)
      assert.deepEqual(parseAddressText(text), found)
      const inGroup = flawOf(atOnce(checkGroup(['a.example', text])))
      assert.deepEqual(inGroup, { ...found, at: '[1]', value: text })
      assert.equal(formatFlaw(inGroup), quoted)
      const inRule = flawOf(atOnce(checkRule({ ...RULE, criteria: { from: { matchesNone: [text] } } })))
      assert.deepEqual(inRule, { ...found, field: 'criteria.from.matchesNone[0]', value: text })
      assert.equal(formatFlaw(inRule), quoted)
      for (const value of suggestion ?? []) assert.deepEqual(parsePattern(value), { pattern: value })
    })
  }

  it('is looked at in no time, whatever it is', () => {
    for (const text of [
      '"\\'.repeat(50_000),
      '<'.repeat(100_000),
      'a,'.repeat(50_000),
      '*@'.repeat(50_000),
    ]) {
      const begun = performance.now()
      assert.ok('problem' in parsePattern(text))
      assert.ok(performance.now() - begun < 50)
    }
  })
})

describe('an owner', () => {
  for (const [text, problem, suggestion] of [
    ['*@acme.example', 'would match nothing; write acme.example', ['acme.example']],
    ['*.acme.example', 'names subdomains, and one domain is expected; write acme.example', ['acme.example']],
    ['.acme.example', 'names subdomains, and one domain is expected; write acme.example', ['acme.example']],
    [
      'Bob <bob@acme.example>',
      'is a display name with an address; write bob@acme.example',
      ['bob@acme.example'],
    ],
    ['https://acme.example', 'is a web address; write acme.example', ['acme.example']],
  ] as const)
    it(`${text} is refused with the right spelling`, () => {
      const found = flawOf(parseOwner(text))
      assert.equal(formatFlaw(found), `owner ${JSON.stringify(text)} ${problem}`)
      assert.deepEqual(found.suggestion, suggestion)
    })
})

describe("a certificate's name", () => {
  it('with an asterisk is refused with the right spelling', () => {
    assert.deepEqual(checkAction({ level: 'secure', names: ['*.bank.example'] }, 'outgoing'), {
      field: 'actions.relayWithTls.names[0]',
      value: '*.bank.example',
      problem: 'would match nothing',
      advice: BELOW,
      suggestion: ['.bank.example'],
    })
  })
})

const RULE = {
  name: 'Bank',
  direction: 'outgoing',
  enabled: true,
  position: 1,
  criteria: {},
  actions: { relayWithTls: { level: 'encrypt' } },
}

describe('what an earlier version stored', () => {
  const OLD = [
    ['*@bank.example', 'bank.example'],
    ['localhost', 'localhost.'],
    ['root@localhost', 'root@localhost.'],
    ['*@localhost', 'localhost.'],
  ] as const
  for (const [old, today] of OLD)
    it(`${old} is read as ${today}, and is not written any more`, () => {
      const criteria = { to: { matchesAny: [old] } }
      const read = atOnce(parseRule(JSON.stringify({ ...RULE, criteria })))
      assert.ok('rule' in read, JSON.stringify(read))
      assert.deepEqual(read.rule.criteria, { to: { matchesAny: [today] } })
      assert.deepEqual(atOnce(parseGroup(JSON.stringify([old]))), { patterns: [today] })
      assert.ok('problem' in atOnce(checkRule({ ...RULE, criteria })))
      assert.ok('problem' in atOnce(checkGroup([old])))
    })

  it('is read as it is where it is written today', () => {
    for (const text of [
      '*',
      'bank.example',
      '.bank.example',
      '.bank',
      'bank.',
      'a@bank.',
      '"*"@bank.example',
      'group:a',
    ])
      assert.equal(storedPattern(text), text)
  })
})

describe('a domain of one label', () => {
  it('matches by its name with a dot behind it', () => {
    const find = atOnce(compilePatterns(['localhost.', 'root@mailhub.', '.lan']))
    assert.equal(find({ local: 'a', domain: 'localhost' }), 'localhost.')
    assert.equal(find({ local: 'root', domain: 'mailhub' }), 'root@mailhub.')
    assert.equal(find({ local: 'a', domain: 'mailhub' }), null)
    assert.equal(find({ local: 'a', domain: 'lan' }), null)
    assert.equal(find({ local: 'a', domain: 'x.lan' }), '.lan')
    assert.equal(find({ local: 'a', domain: 'localhost.example' }), null)
  })
})
