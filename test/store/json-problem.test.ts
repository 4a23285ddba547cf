/** Where a text is not the JSON that a person meant: the table of problems and their places. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { jsonProblem } from '../../plugins/enforce-tls/store/json-problem.js'

describe('jsonProblem', () => {
  for (const [text, place, words] of [
    ['{"a":1,}', '1:8', /"}" where a key/],
    ['{"a" 1}', '1:6', /"1" where a colon/],
    ['{\n  "a": 1\n  "b": 2\n}', '3:3', /where a comma or \} is expected/],
    ['{\n  "a": [1, 2\n}', '3:1', /where a comma or \] is expected/],
    ['{"a":', '1:6', /its end where a value/],
    ['', '1:1', /its end where a value/],
    ["{'a':1}", '1:2', /"'" where a key/],
    ['{"a":1} x', '1:9', /"x" where the end/],
    ['{"a":01}', '1:7', /where a comma/],
    ['{"a":"\n"}', '1:6', /where a value/],
    ['{"a":"\\x"}', '1:6', /where a value/],
    ['[nul]', '1:2', /where a value/],
    ['// rules\n{}', '1:1', /"\/" where a value/],
    ['{"a":1,\n "a":2}', '2:2', /the key "a" a second time/],
    ['{"a":1,"\\u0061":2}', '1:8', /the key "a" a second time/],
    ['{"__proto__":1,"__proto__":2}', '1:16', /second time/],
    ['{"x":{"a":1,"b":{},"b":[]}}', '1:20', /the key "b" a second time/],
    ['['.repeat(100_000), '1:66', /deeper than 64/],
  ] as const)
    it(`finds what is wrong with ${JSON.stringify(text.slice(0, 30))}`, () => {
      const found = jsonProblem(text)
      assert.equal(found && `${found.line}:${found.column}`, place)
      assert.match(found?.problem ?? '', words)
    })

  it('agrees with JSON.parse about every value that JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), fc.nat(4), (value, indent) => {
        assert.equal(jsonProblem(JSON.stringify(value, null, indent)), null)
      }),
    )
  })

  it('agrees with JSON.parse about texts with one character changed', () => {
    const alphabet = fc.constantFrom(...Array.from('{}[]:,"\\ \n0-1.eE+atrufnls\u0001\u00a0'))
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), fc.nat(), alphabet, (value, at, character) => {
        const json = JSON.stringify(value)
        const text = json.slice(0, at % json.length) + character + json.slice((at % json.length) + 1)
        const found = jsonProblem(text)
        if (found?.problem.includes('second time')) return
        assert.equal(found === null, parses(text), text)
      }),
      { numRuns: 2000 },
    )
  })
})

function parses(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
