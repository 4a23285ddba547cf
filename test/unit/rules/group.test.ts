import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkGroup, Groups, parseGroup } from '../../../plugins/enforce-tls/rules/group.js'
import { formatGroupProblem } from '../../../plugins/enforce-tls/rules/format-problem.js'
import { assertGroupName, groupNameProblem } from '../../../plugins/enforce-tls/rules/group-name.js'
import { compileCriteria, groupsProblem } from '../../../plugins/enforce-tls/rules/match.js'
import { mayUseGroups } from '../../../plugins/enforce-tls/rules/owner-entries.js'
import { atOnce } from '../../../plugins/enforce-tls/work/pieces.js'
import { RuleIndex } from '../../../plugins/enforce-tls/rules/rule-index.js'
import { InvalidEntry } from '../../../plugins/enforce-tls/rules/rule-list.js'
import { decided, explained, notTo, to, when } from './rows/row.js'

describe('a group', () => {
  it('has its patterns in their one spelling, without duplicates', () => {
    assert.deepEqual(
      atOnce(checkGroup(['BANK.example', 'bank.example.', '.Bank.example', 'CFO@bank.example', '*'])),
      {
        patterns: ['bank.example', '.bank.example', 'cfo@bank.example', '*'],
      },
    )
  })

  const BAD: readonly (readonly [what: string, json: string, problem: RegExp])[] = [
    ['no JSON', 'bank.example', /^is not JSON: .*; expected: \["bank\.example"/],
    ['no list', '{}', /^is not a list of patterns; expected: \["bank\.example"/],
    ['null', 'null', /^is not a list/],
    ['empty', '[]', /^is an empty list/],
    ['a number', '["a.example",7]', /^value \[1\]: is not a text/],
    ['a bad pattern', '["a..example"]', /^value \[0\]: "a\.\.example" has an empty label/],
    [
      'a group',
      '["group:banks"]',
      /^value \[0\]: "group:banks" is a group; a group holds domains and addresses, no groups/,
    ],
    [
      'a long pattern',
      JSON.stringify(['x'.repeat(1_000_000)]),
      /^value \[0\]: "x{77}\.\.\." is longer than 400 characters/,
    ],
    ['too many patterns', JSON.stringify(Array(100_001).fill('a.example')), /^has more than 100000 patterns/],
  ]
  for (const [what, json, problem] of BAD)
    it(`that is or has ${what} is refused`, () => {
      const checked = atOnce(parseGroup(json))
      assert.ok('problem' in checked)
      assert.match(formatGroupProblem(checked), problem)
    })

  it('has a name in lower case', () => {
    for (const name of ['banks', 'a', '0', 'eu.banks_2-b', 'x'.repeat(63)]) {
      assert.equal(groupNameProblem(name), null)
      assertGroupName(name)
    }
    for (const name of ['', 'Banks', '-a', '.a', '_a', 'a b', 'bänke', 'x'.repeat(64), 'a\n', '__proto__']) {
      assert.match(groupNameProblem(name) ?? '', /^is not a group name; a group name is 1 to 63/)
      assert.throws(() => assertGroupName(name), TypeError)
    }
  })

  const broken = (rule: ReturnType<typeof when>, groups: Record<string, unknown>) => () =>
    decided({ what: '', is: '', rules: [when(to('a.example')), rule], groups })
  const invalid = (problem: RegExp) => (error: unknown) => {
    assert.ok(error instanceof InvalidEntry)
    assert.deepEqual(error.place, { key: 'rules', owner: 'acme.example', field: 'r2' })
    assert.match(error.problem, problem)
    return true
  }
  const problemsOf = (rule: ReturnType<typeof when>, groups: Record<string, unknown>) =>
    explained({ what: '', is: '', rules: [rule], groups }).owners.flatMap(({ problems }) => problems)

  it('that does not exist makes a rule that names it invalid, even one that is off', () => {
    const missing =
      /^field criteria\.to\.matches\w+\[\d\]: "group:banks" names a group that does not exist; write it anew with: enforce-tls group set banks <pattern>\.\.\.(?:; did you mean "group:bank"\?)?$/
    assert.throws(broken(when(to('bank.example', 'group:banks')), {}), invalid(missing))
    assert.throws(broken(when(notTo('group:banks')), { bank: ['a.example'] }), invalid(missing))
    const [off] = problemsOf(when(to('group:banks'), { enabled: false }), {})
    assert.match(off?.problem ?? '', missing)
    assert.equal(off?.effect, 'off')
  })

  it('that is not valid makes a rule that names it invalid, with what is wrong', () => {
    const problem = /"group:banks" names a group that is not valid: value \[0\]: "group:banks" is a group/
    assert.throws(broken(when(to('group:banks')), { banks: ['group:banks'] }), invalid(problem))
  })

  it('is looked at before a rule is written', () => {
    const groups = new Groups(new Map([['banks', '["bank.example"]']]))
    assert.equal(atOnce(groupsProblem(to('group:banks'), groups)), null)
    assert.deepEqual(atOnce(groupsProblem(to('a.example', 'group:bank'), groups)), {
      field: 'criteria.to.matchesAny[1]',
      value: 'group:bank',
      expected: 'a group that exists',
      saysExpected: true,
      problem:
        'names a group that does not exist; write it anew with: enforce-tls group set bank <pattern>...; did you mean "group:banks"?',
    })
  })

  it('that nobody names may be as broken as it likes', () => {
    assert.equal(broken(when(to('*')), { banks: 7 })().is, 'encrypt by r2')
  })

  it('is read only where a rule may name it, however its JSON is written', () => {
    const needs = (json: string) => atOnce(mayUseGroups({ rules: new Map([['r1', json]]) }))
    assert.equal(needs('["group:banks"]'), true)
    assert.equal(needs('["\\u0067roup:banks"]'), true)
    assert.equal(needs('["banks"]'), false)
  })
})

describe('what was not checked is not compiled either', () => {
  const groups = new Groups(new Map())
  it('texts', () => {
    assert.throws(() => atOnce(compileCriteria({ subject: { matchesAny: ['/(/'] } }, groups)), TypeError)
  })
  it('groups', () => {
    const rule = {
      id: 'r1',
      name: 'r1',
      position: 1,
      action: { level: 'encrypt' },
      conditions: null,
      criteria: to('group:banks'),
    } as const
    assert.throws(() => atOnce(new RuleIndex().add(rule, groups)), TypeError)
    assert.throws(() => atOnce(compileCriteria(to('group:banks'), groups)), TypeError)
  })
})
