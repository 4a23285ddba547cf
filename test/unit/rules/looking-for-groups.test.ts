import assert from 'node:assert/strict'
import { it } from 'node:test'
import { mayUseGroups } from '../../../plugins/enforce-tls/rules/owner-entries.js'
import { atOnce } from '../../../plugins/enforce-tls/work/pieces.js'

const rules = (count: number, last: string) =>
  new Map([...Array.from({ length: count }, (_, n) => [`r${n}`, 'x'.repeat(1000)] as const), ['last', last]])

it('a long list is looked through for groups in pieces, to its end', () => {
  for (const [last, found] of [
    ['{"to":["group:banks"]}', true],
    ['{"to":["\\u0067roup:banks"]}', true],
    ['{"to":["groups.example"]}', false],
  ] as const) {
    let pieces = 0
    const work = mayUseGroups({ rules: rules(100, last) })
    let step = work.next()
    for (; step.done !== true; step = work.next()) pieces++
    assert.equal(step.value, found, last)
    // 100,000 characters, 16,384 and what fills the rule in each.
    assert.equal(pieces, 5)
  }
  assert.equal(atOnce(mayUseGroups({ rules: rules(0, '{}') })), false)
})
