import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { BigMap } from '../../../plugins/enforce-tls/rules/big-map.js'

const keys = fc.oneof(
  fc.array(fc.string(), { maxLength: 300 }),
  // Numbered names, far more than one part holds.
  fc
    .record({ from: fc.nat(1e6), count: fc.integer({ min: 1, max: 60_000 }), stem: fc.string() })
    .map(({ from, count, stem }) => Array.from({ length: count }, (_, index) => `${stem}${from + index}`)),
)

it('a map of any number of texts holds what a Map holds', () => {
  fc.assert(
    fc.property(keys, fc.string(), (names, other) => {
      const big = new BigMap<number>()
      const map = new Map<string, number>()
      for (const [index, name] of [...names, ...names.slice(0, 100)].entries()) {
        big.set(name, index)
        map.set(name, index)
      }
      assert.equal(big.size, map.size)
      for (const name of [...names, other]) {
        assert.equal(big.get(name), map.get(name))
        assert.equal(big.has(name), map.has(name))
      }
      assert.deepEqual(new Map(big), map)
      assert.deepEqual(new Set(big.keys()), new Set(map.keys()))
      assert.deepEqual([...big.values()].sort(), [...map.values()].sort())
      const seen = new Map<string, number>()
      big.forEach((value, key) => seen.set(key, value))
      assert.deepEqual(seen, map)
    }),
    { numRuns: 40 },
  )
})
