import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { writingJson } from '../../../plugins/enforce-tls/console/bodies.js'
import { atOnce } from '../../../plugins/enforce-tls/work/pieces.js'

function written(value: unknown): string {
  return Buffer.concat(atOnce(writingJson(value))).toString('utf8')
}

describe('the JSON of an answer', () => {
  it('is what JSON.stringify makes of it', () => {
    const answers = fc
      .object({ withNullPrototype: false, maxDepth: 4 })
      .map((value) => JSON.parse(JSON.stringify(value)) as unknown)
    fc.assert(
      fc.property(answers, (value) => {
        assert.equal(written(value), JSON.stringify(value))
        const long = { before: 1, long: Array(60).fill(value), gone: undefined, after: { value } }
        assert.equal(written(long), JSON.stringify(long))
      }),
    )
    for (const value of [[], {}, null, 'é😀', { a: undefined }, { a: [{ b: Array(100).fill('\u2028"') }] }])
      assert.equal(written(value), JSON.stringify(value))
  })

  it('comes in pieces where it is long', () => {
    const rules = Array.from({ length: 50_000 }, (_, n) => ({
      id: `r${n}`,
      rule: { to: [`bank${n}.example`] },
    }))
    let pieces = 0
    const work = writingJson({ rules })
    while (work.next().done !== true) pieces++
    assert.ok(pieces > 30, String(pieces))
  })
})
