import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formatFlaw } from '../../../plugins/enforce-tls/rules/format-problem.js'
import { parseUser } from '../../../plugins/enforce-tls/console/auth/account.js'
import { textDifferences, valueOf } from '../../../plugins/enforce-tls/store/difference.js'
import { parseGroup } from '../../../plugins/enforce-tls/rules/group.js'
import { DEPTH_MAX, jsonExcess, parseJson } from '../../../plugins/enforce-tls/rules/json.js'
import { parseService } from '../../../plugins/enforce-tls/rules/owner-entries.js'
import { parseRule } from '../../../plugins/enforce-tls/rules/check-rule.js'
import { parseHistoryLine } from '../../../plugins/enforce-tls/store/history.js'
import { jsonProblem } from '../../../plugins/enforce-tls/store/json-problem.js'
import { atOnce } from '../../../plugins/enforce-tls/work/pieces.js'

const DEEP = 300_000

function nested(depth: number): string {
  return '['.repeat(depth) + ']'.repeat(depth)
}

function nestedObjects(depth: number): string {
  return '{"a":'.repeat(depth) + '1' + '}'.repeat(depth)
}

describe('the depth of a JSON text', () => {
  const ROWS: readonly (readonly [text: string, tooDeep: boolean])[] = [
    [nested(DEPTH_MAX), false],
    [nested(DEPTH_MAX + 1), true],
    [nestedObjects(DEPTH_MAX), false],
    [nestedObjects(DEPTH_MAX + 1), true],
    // Beside each other, not in each other.
    [`[${Array(100).fill('[]').join(',')}]`, false],
    // In texts they nest nothing, however these are written.
    [JSON.stringify('['.repeat(100)), false],
    [JSON.stringify(`"${'['.repeat(100)}`), false],
    [JSON.stringify(`\\"${'['.repeat(100)}\\`), false],
    [`["\\\\",${nested(DEPTH_MAX)}]`, true],
    ['"', false],
    ['', false],
  ]
  for (const [text, tooDeep] of ROWS)
    it(`${text.slice(0, 20)}… of ${text.length} characters is ${tooDeep ? 'too much' : 'good'}`, () =>
      assert.equal(jsonExcess(text) !== null, tooDeep))

  it('is looked at in linear time, whatever is in it', () => {
    const begun = process.cpuUsage()
    for (const text of ['\\'.repeat(1e6), '"'.repeat(1e6), '\\"'.repeat(1e6), '["\\\\"'.repeat(1e5)])
      jsonExcess(text)
    assert.ok(process.cpuUsage(begun).user < 2e6)
  })
})

describe('a text that is nested 300,000 deep', () => {
  for (const text of [nested(DEEP), nestedObjects(DEEP)]) {
    it(`(${text.slice(0, 5)}…) is told in words, wherever it stands`, () => {
      assert.throws(() => parseJson(text), SyntaxError)
      const rule = atOnce(parseRule(text))
      assert.ok('problem' in rule)
      assert.equal(rule.problem, 'is nested deeper than 64 levels')
      const group = atOnce(parseGroup(text))
      assert.ok('problem' in group)
      assert.match(formatFlaw(group), /^is nested deeper than 64 levels; expected: \[/)
      assert.ok('problem' in parseService(text))
      assert.match(jsonProblem(text)?.problem ?? '', /nested deeper than 64 levels/)
      assert.equal(parseUser(text), null)
      assert.equal(parseHistoryLine(text), null)
      // What can't be read is shown as it stands.
      assert.equal(valueOf(text), text)
      assert.equal(textDifferences('{}', text).length, 1)
    })
  }
})

describe('a text of too many parts', () => {
  for (const [what, text, problem] of [
    ['values', `[${'[],'.repeat(120_001)}[]]`, 'has more than 120000 values'],
    ['names', `{${'"a":0,'.repeat(20_000)}"b":0}`, 'has more than 20000 names'],
  ] as const)
    it(`(${what}) is told in words before it is read`, () => {
      assert.equal(jsonExcess(text), problem)
      assert.throws(() => parseJson(text), SyntaxError)
      const group = atOnce(parseGroup(text))
      assert.ok('problem' in group && group.problem.startsWith(problem))
    })

  it('may be a service that is too long, which says so', () => {
    const service = parseService(JSON.stringify({ enabled: true, note: 'x'.repeat(70_000) }))
    assert.ok('problem' in service && formatFlaw(service).startsWith('is longer than 64 kB; expected: '))
  })

  it('has as many as the longest group', () => {
    assert.equal(jsonExcess(JSON.stringify(Array.from({ length: 100_000 }, (_, n) => `a${n}.example`))), null)
  })
})
