/** Lists of any length: what is done with them grows with their length, and not with its square. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  documentProblems,
  planImport,
  sharedPositions,
} from '../../../plugins/enforce-tls/admin/import-plan.js'
import { maySee } from '../../../plugins/enforce-tls/console/auth/permission.js'
import { sameMeaning, textDifferences } from '../../../plugins/enforce-tls/store/difference.js'
import { emptyDocument, type RulesDocument } from '../../../plugins/enforce-tls/store/rules-document.js'
import { assertLinear } from '../../support/cpu-cost.js'
import { storedRule } from '../../support/rules.js'

const OWNER = 'acme.example'

function patterns(count: number, name: string): string[] {
  return Array.from({ length: count }, (_, n) => `${name}${n}.example`)
}

function documentOf(rules: ReadonlyMap<string, string>, groups = new Map<string, string>()): RulesDocument {
  return { ...emptyDocument(), groups, rules: new Map([[OWNER, new Map(rules)]]) }
}

function rulesAt(count: number, to: string): Map<string, string> {
  return new Map(
    Array.from({ length: count }, (_, n) => [
      `r${n}`,
      JSON.stringify({ ...storedRule({ to: [to] }), position: n + 1 }),
    ]),
  )
}

describe('the differences between two lists', () => {
  it('are found in linear time', () =>
    assertLinear(20_000, (size) => {
      const before = JSON.stringify(patterns(size, 'a'))
      const after = JSON.stringify(patterns(size, 'b'))
      return () => textDifferences(before, after)
    }))

  it('are those values that only one of them has', () => {
    const differing = (a: readonly string[], b: readonly string[]) =>
      textDifferences(JSON.stringify(a), JSON.stringify(b))
    assert.deepEqual(differing(['a', 'b'], ['b', 'c']), ['added c; removed a'])
    assert.deepEqual(differing(['a', 'b'], ['b', 'a']), ['in another order'])
    assert.deepEqual(differing(['a'], ['a']), [])
    assert.deepEqual(differing(patterns(40_000, 'a'), patterns(40_000, 'b')), [
      'added b0.example, b1.example, b2.example, b3.example and 39996 more; removed a0.example, a1.example, a2.example, a3.example and 39996 more',
    ])
  })
})

describe('an import', () => {
  it('is planned in linear time', () =>
    assertLinear(500, (size) => {
      const held = documentOf(rulesAt(size, 'a.example'))
      const wanted = documentOf(rulesAt(size, 'b.example'))
      return () => {
        const plan = planImport(held, wanted, { domains: true, groups: true, rules: true })
        assert.equal(plan.length, size)
        assert.deepEqual(sharedPositions(held, plan), [])
      }
    }))

  it('reads a group once, however many rules refer to it', () =>
    assertLinear(500, (size) => {
      const groups = new Map([['banks', JSON.stringify(patterns(size, 'bank'))]])
      const document = documentOf(rulesAt(size, 'group:banks'), groups)
      return () => assert.deepEqual(documentProblems(document, groups, false), [])
    }))

  it('names a rule at the same position, whichever of the two it looks at', () => {
    const held = documentOf(rulesAt(3, 'a.example'))
    const moved = JSON.stringify({ ...storedRule({ to: ['b.example'] }), position: 2 })
    const wanted = documentOf(new Map([['new', moved]]))
    const plan = planImport(held, wanted, { domains: false, groups: false, rules: false })
    assert.deepEqual(sharedPositions(held, plan), [
      'rules["acme.example"]["new"]: field position: 2 is also that of rule "r1"; expected: a position of its own',
    ])
  })
})

describe('an account with many domains', () => {
  it('is asked about as many owners in linear time', () =>
    assertLinear(4000, (size) => {
      const domains = patterns(size, 'a')
      return () => domains.filter((domain) => maySee({ role: 'viewer', domains }, domain))
    }))
})

describe('two texts', () => {
  it('mean the same whatever their spelling', () => {
    assert.equal(sameMeaning('{"a":1,"b":2}', '{ "b": 2, "a": 1 }'), true)
    assert.equal(sameMeaning('{"a":1}', '{"a":2}'), false)
  })
})
