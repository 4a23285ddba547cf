import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { atOnce, type InPieces } from '../../../plugins/enforce-tls/work/pieces.js'
import { parseRule, checkShape } from '../../../plugins/enforce-tls/rules/check-rule.js'
import { checkSchema } from '../../../plugins/enforce-tls/rules/rule-schema.js'
import { storedRule } from '../../support/rules.js'

const MOST = 10_000
const many = (count: number): unknown[] => Array.from({ length: count }, (_, index) => `d${index}.example`)

function withLists(lists: Readonly<Record<string, unknown>>, others: object = {}): unknown {
  return { ...storedRule({ to: ['a.example'] }), criteria: lists, ...others }
}

function stepsOf(work: InPieces<unknown>): number {
  let steps = 1
  while (work.next().done !== true) steps++
  return steps
}

describe('the shape of a rule with long lists', () => {
  const at = (index: number, text: unknown) => many(MOST).with(index, text)
  const rows: readonly (readonly [what: string, rule: unknown])[] = [
    ['a good one', withLists({ to: { matchesAny: many(MOST), matchesNone: many(300) } })],
    ['one more than allowed', withLists({ to: { matchesAny: many(MOST + 1) } })],
    ['a number at the end', withLists({ from: { matchesNone: at(MOST - 1, 7) } })],
    ['an empty text in the middle', withLists({ to: { matchesAny: at(5000, '') } })],
    ['a text at the beginning that is too long', withLists({ to: { matchesAny: at(0, 'x'.repeat(401)) } })],
    [
      'a text that is long in units of UTF-16 alone',
      withLists({ to: { matchesAny: at(9, '😀'.repeat(400)) } }),
    ],
    ['a text of too many such characters', withLists({ to: { matchesAny: at(9, '😀'.repeat(401)) } })],
    ['a field beside the lists that is unknown', withLists({ to: { matchesAny: many(MOST) }, cc: {} })],
    ['a wrong list beside a long one', withLists({ to: { matchesAny: many(MOST), matchesNone: 'x' } })],
    ['a wrong field elsewhere', withLists({ to: { matchesAny: many(MOST) } }, { enabled: 'yes' })],
    ['a list in place of the rule', many(MOST)],
    ['no value', null],
  ]
  for (const [what, rule] of rows)
    it(`${what}: in pieces as in one go`, () => assert.deepEqual(atOnce(checkShape(rule)), checkSchema(rule)))

  it('a largest rule is read in many steps', () => {
    const lists = { matchesAny: many(MOST), matchesNone: many(MOST) }
    assert.ok(stepsOf(checkShape(withLists({ to: lists, from: lists }))) >= 20)
    assert.ok(stepsOf(parseRule(JSON.stringify(withLists({ to: lists, from: lists })))) >= 200)
  })
})
