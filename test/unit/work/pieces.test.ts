import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { atOnce, sorting } from '../../../plugins/enforce-tls/work/pieces.js'
import { RuleList } from '../../../plugins/enforce-tls/rules/rule-list.js'
import { compile } from '../../../plugins/enforce-tls/policy/owner-loader.js'
import { storedRule } from '../../support/rules.js'

const NO_GROUPS = new Map<string, string>()
const DOMAINS = ['a.example', '.b.example', 'cfo@c.example', '*', 'group:gone'] as const

/** Far more rules than one piece holds, of which some are not valid. */
const rules = fc
  .array(
    fc.record({
      to: fc.uniqueArray(fc.constantFrom(...DOMAINS.slice(0, 4)), { minLength: 1, maxLength: 2 }),
      position: fc.integer({ min: 1, max: 2000 }),
      enabled: fc.boolean(),
    }),
    { minLength: 1, maxLength: 2000, size: 'max' },
  )
  .map((list) => new Map(list.map((rule, index) => [`r${index}`, JSON.stringify(storedRule(rule))])))

const broken = fc.constantFrom(
  'no JSON',
  JSON.stringify(storedRule({ to: ['group:gone'] })),
  JSON.stringify({ ...storedRule({ to: ['a.example'] }), enabled: 'yes' }),
)

const message = (domain: string) =>
  ({
    direction: 'outgoing',
    sender: { local: 'ann', domain: 'acme.example' },
    recipient: { local: 'cfo', domain },
    now: 0,
  }) as const

const RUNS = { numRuns: 25 }

function ofEveryone(entries: Map<string, string>) {
  return { owner: '*', service: null, rules: entries }
}

describe('sorting in pieces', () => {
  it('gives what sort gives, equals in their order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 5000, size: 'max' }), (keys) => {
        const items = keys.map((key, place) => ({ key, place }))
        const byKey = (a: { key: number }, b: { key: number }): number => a.key - b.key
        assert.deepEqual(atOnce(sorting(items, byKey)), items.toSorted(byKey))
      }),
      RUNS,
    )
  })
})

describe('a long list of rules, compiled in pieces', () => {
  it('decides as one that was compiled at once', async () => {
    await fc.assert(
      fc.asyncProperty(rules, async (entries) => {
        const inPieces = await compile(ofEveryone(entries), NO_GROUPS)
        const whole = atOnce(RuleList.compile(ofEveryone(entries), NO_GROUPS))
        for (const domain of ['a.example', 'x.b.example', 'c.example', 'other.example'])
          assert.deepEqual(atOnce(inPieces.match(message(domain))), atOnce(whole.match(message(domain))))
      }),
      RUNS,
    )
  })

  it('tells what is broken as one that was compiled at once', async () => {
    await fc.assert(
      fc.asyncProperty(rules, fc.array(broken, { minLength: 1, maxLength: 3 }), async (entries, bad) => {
        const places = [...entries.keys()]
        for (const [index, json] of bad.entries())
          entries.set(places[(index * 977 + json.length) % places.length] as string, json)
        const whole = atOnce(RuleList.compile(ofEveryone(entries), NO_GROUPS))
        const list = await compile(ofEveryone(entries), NO_GROUPS)
        assert.ok(list.compiled.problems.length > 0)
        assert.deepEqual(list.compiled.problems, whole.compiled.problems)
        assert.deepEqual(list.compiled.waits, whole.compiled.waits)
      }),
      RUNS,
    )
  })

  it('pauses after every hundred short rules or so, and after every long one', () => {
    const long = Array.from({ length: 1000 }, (_, index) => `partner-${index}.example`)
    assert.ok(readBetweenPauses(5000, ['bank.example']) <= 150)
    assert.equal(readBetweenPauses(20, long), 1)
  })

  it('pauses within a large group too, and finds all of its members', () => {
    const members = Array.from({ length: 20_000 }, (_, index) => `partner-${index}.example`)
    const groups = new Map([['partners', JSON.stringify(members)]])
    const entries = new Map([['r1', JSON.stringify(storedRule({ to: ['group:partners'] }))]])
    const work = RuleList.compile(ofEveryone(entries), groups)
    let pauses = 0
    let step = work.next()
    for (; step.done !== true; step = work.next()) pauses++
    assert.ok(pauses >= 40, `${pauses} pauses`)
    const list = step.value
    assert.equal(atOnce(list.match(message('partner-19999.example'))).decides?.id, 'r1')
    assert.equal(atOnce(list.match(message('partner-20000.example'))).decides, null)
  })
})

function entry(index: number, to: readonly string[]): [string, string] {
  return [`r${index}`, JSON.stringify(storedRule({ to, position: 3000 - (index % 3000) }))]
}

/** The most rules that are read between two pauses. */
function readBetweenPauses(count: number, to: readonly string[]): number {
  let read = 0
  class Counted extends Map<string, string> {
    override *[Symbol.iterator](): MapIterator<[string, string]> {
      for (const pair of this.entries()) {
        read++
        yield pair
      }
      return undefined
    }
  }
  const counted = new Counted(Array.from({ length: count }, (_, index) => entry(index, to)))
  const work = RuleList.compile({ owner: '*', service: null, rules: counted }, NO_GROUPS)
  let most = 0
  let before = 0
  for (let step = work.next(); step.done !== true; step = work.next()) {
    most = Math.max(most, read - before)
    before = read
  }
  return Math.max(most, read - before)
}
