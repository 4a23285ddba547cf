import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formatFlaw } from '../../../plugins/enforce-tls/rules/format-problem.js'
import { comparableDomain, comparableLocal } from '../../../plugins/enforce-tls/rules/address.js'
import { compilePatterns, parsePattern } from '../../../plugins/enforce-tls/rules/pattern.js'
import { atOnce } from '../../../plugins/enforce-tls/work/pieces.js'

function stored(text: string): string {
  const parsed = parsePattern(text)
  assert.ok('pattern' in parsed, text)
  return parsed.pattern
}

function address(text: string) {
  const at = text.lastIndexOf('@')
  return { local: comparableLocal(text.slice(0, at)), domain: comparableDomain(text.slice(at + 1)) }
}

/** pattern, address, whether it matches: every match has its near-miss. */
const MATCHES: readonly (readonly [string, string, boolean])[] = [
  ['bank.example', 'cfo@bank.example', true],
  ['bank.example', 'cfo@BANK.Example', true],
  ['BANK.example', 'cfo@bank.example', true],
  ['bank.example', 'cfo@bank.example.', true],
  ['bank.example', 'cfo@notbank.example', false],
  ['bank.example', 'cfo@mail.bank.example', false],
  ['bank.example', 'cfo@bank.example.org', false],
  ['bank.example', 'bank.example@other.example', false],
  ['.bank.example', 'cfo@mail.bank.example', true],
  ['.bank.example', 'cfo@a.b.c.bank.example', true],
  ['.bank.example', 'cfo@bank.example', false],
  ['.bank.example', 'cfo@notbank.example', false],
  ['.bank.example', 'cfo@mail.notbank.example', false],
  ['.example', 'cfo@bank.example', true],
  ['cfo@bank.example', 'cfo@bank.example', true],
  ['cfo@bank.example', 'CFO@Bank.Example', true],
  ['CFO@bank.example', 'cfo@bank.example', true],
  ['cfo@bank.example', '"cfo"@bank.example', true],
  ['cfo@bank.example', '"c\\fo"@bank.example', true],
  ['"c fo"@bank.example', '"C fo"@bank.example', true],
  ['cfo@bank.example', 'cfo2@bank.example', false],
  ['cfo@bank.example', 'acfo@bank.example', false],
  ['cfo@bank.example', 'cfo+tag@bank.example', false],
  ['cfo@bank.example', 'cfo@mail.bank.example', false],
  ['bücher.example', 'a@xn--bcher-kva.example', true],
  ['xn--bcher-kva.example', 'a@bücher.example', true],
  ['bücher.example', 'a@BÜCHER.example', true],
  ['bücher.example', 'a@bücher。example', true],
  ['bücher.example', 'a@bucher.example', false],
  ['*', 'anyone@anywhere.example', true],
  ['*', 'postmaster@', true],
  ['*', 'a@[192.0.2.1]', true],
  ['bank.example', 'a@[192.0.2.1]', false],
  ['bank.example', 'postmaster@', false],
]

describe('patterns', () => {
  for (const [pattern, recipient, expected] of MATCHES) {
    it(`${pattern} ${expected ? 'matches' : 'does not match'} ${recipient}`, () => {
      assert.equal(
        atOnce(compilePatterns([stored(pattern)]))(address(recipient)),
        expected ? stored(pattern) : null,
      )
    })
  }

  it('are told by a list of them: the closest one', () => {
    const find = atOnce(
      compilePatterns(['a.example', '.b.example', '.m.b.example', 'x@c.example', 'x@a.example']),
    )
    assert.deepEqual(
      ['y@a.example', 'x@a.example', 'y@m.b.example', 'y@n.m.b.example', 'x@c.example', 'y@c.example'].map(
        (text) => find(address(text)),
      ),
      ['a.example', 'x@a.example', '.b.example', '.m.b.example', 'x@c.example', null],
    )
  })

  it('never match on what JavaScript objects inherit', () => {
    for (const domain of ['__proto__', 'constructor', 'toString'])
      assert.equal(atOnce(compilePatterns(['bank.example']))({ local: 'a', domain }), null)
  })

  for (const [written, spelling] of [
    ['BANK.Example', 'bank.example'],
    ['.Bank.Example', '.bank.example'],
    ['CFO@Bank.Example', 'cfo@bank.example'],
    ['"CFO"@bank.example', 'cfo@bank.example'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['bank.example.', 'bank.example'],
    ['bücher.example。', 'xn--bcher-kva.example'],
    ['*', '*'],
  ] as const) {
    it(`${written} is stored as ${spelling}`, () => {
      assert.equal(stored(written), spelling)
    })
  }

  for (const [text, problem] of [
    ['', /is empty/],
    ['bank..example', /empty label/],
    ['..example', /empty label/],
    ['bank example', /white space/],
    [' bank.example', /white space/],
    ['bank.example:25', /port behind the domain; write bank\.example/],
    ['https://bank.example', /web address; write bank\.example/],
    ['a,b.example', /character ","/],
    ['-bank.example', /label "-bank"/],
    ['bank-.example', /label "bank-"/],
    ['bank_.example', /label "bank_"/],
    [`${'a'.repeat(64)}.example`, /more than 63/],
    [`${'a.'.repeat(150)}example`, /longer than 253/],
    ['192.0.2.1', /IP address/],
    ['[192.0.2.1]', /IP address/],
    ['[IPv6:2001:db8::1]', /IP address/],
    ['192.168.1', /ends in a number/],
    ['bank.%65xample', /character "%"/],
    ['Bank <cfo@bank.example>', /display name/],
    ['<cfo@bank.example>', /display name/],
    ['@bank.example', /would match nothing; write bank\.example/],
    ['cfo@', /has a domain that is empty/],
    ['cfo@bank..example', /empty label/],
    ['c fo@bank.example', /character " " before the @/],
    ['.cfo@bank.example', /misplaced dot/],
    ['c..fo@bank.example', /misplaced dot/],
    [`${'a'.repeat(65)}@bank.example`, /more than 64 bytes/],
    ['cfo@bank.example\r\nDATA', /white space/],
    ['group:banks', /character ":"/],
  ] as const) {
    it(`refuses ${JSON.stringify(text.slice(0, 40))}`, () => {
      const pattern = parsePattern(text)
      assert.ok('problem' in pattern, JSON.stringify(pattern))
      assert.match(formatFlaw(pattern), problem)
    })
  }
})
