import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { RE2JS } from 're2js'
import { compileCriteria } from '../../../plugins/enforce-tls/rules/match.js'
import { expressionSize } from '../../../plugins/enforce-tls/rules/expression-size.js'
import { Groups } from '../../../plugins/enforce-tls/rules/group.js'
import { HeaderBlock } from '../../../plugins/enforce-tls/rules/header-block.js'
import { atOnce } from '../../../plugins/enforce-tls/work/pieces.js'
import type { Criteria } from '../../../plugins/enforce-tls/rules/rule.js'
import { checkRule, parseRule } from '../../../plugins/enforce-tls/rules/check-rule.js'

const ATOMS = [
  ...['a', 'k', 'ß', '.', '^', '$', '-', '{', '}', '|', '\\b', '\\d', '\\.', '\\x{10ffff}', '\\x41', '\\101'],
  ...['\\pL', '\\PN', '\\p{Lu}', '[a-z]', '[^a]', '[]a]', '[^]a]', '[\\]a-f]', '[-a]', '[\\p{L}\\d]', '[ks]'],
  ...['[[:alpha:]]', '[[:^alpha:]k]', '[^\\x{100}-\\x{2000}]', '\\Qa.b\\E', '(?i)', '(?s)'],
]
const REPETITIONS = [
  '',
  '',
  '*',
  '+',
  '?',
  '*?',
  '{2}',
  '{3,}',
  '{0}',
  '{0,5}',
  '{2,9}',
  '{,2}',
  '{1}',
  '{40}',
]
const GROUPS = ['(', '(?:', '(?i:', '(?U:']

const expressions = fc.letrec<{ item: string; whole: string }>((tie) => ({
  item: fc
    .tuple(
      fc.oneof(
        { maxDepth: 3 },
        fc.constantFrom(...ATOMS),
        fc.tuple(fc.constantFrom(...GROUPS), tie('whole')).map(([open, inside]) => `${open}${inside})`),
      ),
      fc.constantFrom(...REPETITIONS),
    )
    .map((parts) => parts.join('')),
  whole: fc.array(tie('item'), { maxLength: 5 }).map((items) => items.join('')),
})).whole

describe('the size of a regular expression, from its text', () => {
  it('is never less than what RE2 makes of it', () => {
    fc.assert(
      fc.property(expressions, fc.boolean(), (source, ignoresCase) => {
        const size = expressionSize(source, ignoresCase)
        if (size > 5000) return
        const program = programOf(source, ignoresCase)
        assert.ok(program === null || program <= size, `${source}: ${size}, but ${String(program)}`)
      }),
      { numRuns: 3000 },
    )
  })

  for (const [source, ignoresCase, size] of [
    ['a', false, 4],
    ['x'.repeat(297), false, 300],
    ['\\b(?:vertraulich|confidential|geheim)\\b', true, 38],
    ['case-\\d{4}$', false, 13],
    ['a[ab]{400}[cd]', false, 405],
    ['((a{100}){100}){100}', false, 1_000_000],
    ['(?:){1000}', false, 3003],
    ['[\u0100-\uffff]', true, 266],
    ['[\u0100-\uffff]', false, 4],
    ['\\p{L}\\p{N}', false, 55],
  ] as const)
    it(`of ${source.slice(0, 40)}${ignoresCase ? ' in any case' : ''} is ${size}`, () => {
      assert.equal(expressionSize(source, ignoresCase), size)
    })
})

describe('expressions beyond the limits', () => {
  const criteria = (matchesAny: string[]): Criteria => ({ subject: { matchesAny } })
  const ruleWith = (texts: string[]) => ({
    name: 'x',
    direction: 'outgoing',
    enabled: true,
    position: 1,
    criteria: criteria(texts),
    actions: { relayWithTls: { level: 'encrypt' } },
  })
  const judged = (texts: string[], message: string) => {
    const compiled = atOnce(compileCriteria(criteria(texts), new Groups(new Map())))
    const view = { sender: ANN, recipient: ANN, headers: new HeaderBlock(message), now: 0 }
    return atOnce(compiled.judge({ direction: 'outgoing', ...view }))[0]
  }

  for (const [what, texts] of [
    ['one that is too large', ['/a[ab]{400}[cd]/']],
    ['one too many', Array.from({ length: 21 }, (_, i) => `/a${i}/`)],
    ['too large together', Array.from({ length: 4 }, (_, i) => `/a{280}${i}/`)],
  ] as const) {
    it(`${what}: refused where it is written, unknown where it was written before`, () => {
      assert.ok('problem' in atOnce(checkRule(ruleWith([...texts]))))
      assert.ok('rule' in atOnce(parseRule(JSON.stringify(ruleWith([...texts])))))
      const outcome = judged([...texts], 'Subject: other\r\n\r\n')
      assert.equal(outcome?.met, null)
      assert.match(outcome.why ?? '', /regular expression/)
      assert.equal(judged([...texts], 'From: nobody\r\n\r\n')?.met, false)
    })
  }

  it('on a field that is too long for it are unknown', () => {
    const expression = '/a[ab]{280}[cd]/'
    assert.equal(judged([expression], `Subject: ${'ab'.repeat(500)}\r\n\r\n`)?.met, false)
    const outcome = judged([expression], `Subject: ${'ab'.repeat(5000)}\r\n\r\n`)
    assert.equal(outcome?.met, null)
    assert.match(outcome.why ?? '', /takes too long on a field of 10000 characters/)
  })

  it('are unknown when the message has had its share', () => {
    const many = Array.from({ length: 20 }, (_, i) => `/[ab]{30}[cd]${i}/`)
    const message = Array.from({ length: 15 }, () => `Subject: ${'ab'.repeat(5000)}`).join('\r\n')
    const outcome = judged(many, `${message}\r\n\r\n`)
    assert.equal(outcome?.met, null)
    assert.match(outcome.why ?? '', /the rules look for more than is looked for in one message/)
  })
})

const ANN = { local: 'ann', domain: 'acme.example' }

function programOf(source: string, ignoresCase: boolean): number | null {
  try {
    return RE2JS.compile(source, ignoresCase ? RE2JS.CASE_INSENSITIVE : 0).programSize()
  } catch {
    return null
  }
}
