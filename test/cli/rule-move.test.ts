import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { describe, it, type TestContext } from 'node:test'
import { rulesDocument } from '../support/rules.js'
import { inProcess, RulesFile } from './enforce-tls.js'

/** Rules a, b, c and d of everybody, at these positions. */
async function rulesAt(t: TestContext, positions: readonly number[]): Promise<RulesFile> {
  const rulesFile = await RulesFile.create(t)
  const rules = positions.map((position, index) => {
    const id = 'abcd'[index] ?? ''
    return { id, name: id, to: ['*'], position }
  })
  await writeFile(rulesFile.file, JSON.stringify(rulesDocument({ '*': rules })))
  return rulesFile
}

async function orderIn(rulesFile: RulesFile): Promise<string> {
  const rules = await rulesFile.rules('*')
  return rules.map(({ id, rule }) => `${id}${rule.position}`).join(' ')
}

interface Row {
  readonly positions: readonly number[]
  readonly move: readonly string[]
  readonly order: string
}

const ROWS: readonly Row[] = [
  { positions: [1, 2, 3, 4], move: ['c', '--top'], order: 'c1 a2 b3 d4' },
  { positions: [1, 2, 3, 4], move: ['a', '--bottom'], order: 'b1 c2 d3 a4' },
  { positions: [1, 2, 3, 4], move: ['d', '--before', 'b'], order: 'a1 d2 b3 c4' },
  { positions: [1, 2, 3, 4], move: ['a', '--after', 'c'], order: 'b1 c2 a3 d4' },
  { positions: [1, 2, 3, 4], move: ['a', '--before', 'd'], order: 'b1 c2 a3 d4' },
  { positions: [5, 5, 5, 9], move: ['c', '--before', 'b'], order: 'a1 c2 b3 d4' },
  { positions: [7, 7, 7, 7], move: ['a', '--bottom'], order: 'b1 c2 d3 a4' },
  { positions: [10, 20, 1000, 30], move: ['c', '--after', 'a'], order: 'a1 c2 b3 d4' },
]

describe('rule move', { concurrency: 8 }, () => {
  for (const { positions, move, order } of ROWS) {
    it(`${move.join(' ')} makes ${order} of positions ${positions.join(', ')}`, async (t) => {
      const rulesFile = await rulesAt(t, positions)
      const said = await rulesFile.done('rule', 'move', '*', ...move)
      const place = order.split(' ').findIndex((rule) => rule.startsWith(move[0] ?? '')) + 1
      const [first, second = ''] = said.split('\n')
      assert.equal(first, `Rule ${move[0]} of * (${move[0]}) is number ${place} of 4.`)
      // All are for the same mail: only the one at the top has an effect.
      assert.match(second, place === 1 ? /^It is on: / : /^It is on, but has no effect: rule \w of \* /)
      assert.equal(await orderIn(rulesFile), order)
    })
  }

  it('to where the rule is already says so, and writes nothing', async (t) => {
    const rulesFile = await rulesAt(t, [10, 20, 30, 40])
    const before = await rulesFile.content()
    for (const move of [
      ['a', '--top'],
      ['b', '--after', 'a'],
      ['d', '--bottom'],
    ])
      assert.match(await rulesFile.done('rule', 'move', '*', ...move), /is already number \d of 4/)
    assert.equal(await rulesFile.content(), before)
  })

  it('prints the whole list as data', async (t) => {
    const rulesFile = await rulesAt(t, [1, 2, 3, 4])
    const list = await rulesFile.data('rule', 'move', '*', 'd', '--top')
    assert.deepEqual(list, await rulesFile.rules('*'))
  })

  it('leaves rules that are not valid as they are', async (t) => {
    const rulesFile = await rulesAt(t, [1, 2, 3, 4])
    const document = JSON.parse((await rulesFile.content()) ?? '') as {
      rules: { '*': Record<string, object> }
    }
    document.rules['*']['broken'] = { name: 'no rule' }
    await writeFile(rulesFile.file, JSON.stringify(document))
    await rulesFile.done('rule', 'move', '*', 'd', '--top')
    const { rules } = JSON.parse((await rulesFile.content()) ?? '') as typeof document
    assert.deepEqual(rules['*']['broken'], { name: 'no rule' })
    const { stderr } = await rulesFile.run('rule', 'move', '*', 'broken', '--top')
    assert.match(stderr, /rules\["\*"\]\["broken"\]: field direction: is missing/)
  })

  it('many at the same time lose no rule and share no position', async (t) => {
    const rulesFile = await rulesAt(t, [1, 2, 3, 4])
    const moves = ['a', 'b', 'c', 'd'].map((id, index) => [id, index % 2 === 0 ? '--top' : '--bottom'])
    const ran = await Promise.all(
      moves.map((move) => inProcess(['rule', 'move', '*', ...move, '--file', rulesFile.file])),
    )
    for (const { code, stderr } of ran) if (code !== 0) assert.match(stderr, /changed by somebody else/)
    assert.deepEqual(
      (await rulesFile.rules('*')).map(({ rule }) => rule.position),
      [1, 2, 3, 4],
    )
  })

  const REFUSED: readonly (readonly [string, readonly string[], number, RegExp])[] = [
    ['without a place', ['a'], 2, /one of --top, --bottom, --before <id>, --after <id>/],
    ['to two places', ['a', '--top', '--after', 'b'], 2, /one of --top/],
    ['before itself', ['a', '--before', 'a'], 1, /"a" cannot be moved before or after itself/],
    ['of nothing', ['x', '--top'], 1, /\* has no rule "x"; its rules are: a, b, c, d/],
    ['after nothing', ['a', '--after', 'x'], 1, /\* has no rule "x"/],
  ]
  for (const [what, move, code, says] of REFUSED) {
    it(`${what} is refused, and nothing is written`, async (t) => {
      const rulesFile = await rulesAt(t, [1, 2, 3, 4])
      const before = await rulesFile.content()
      const ran = await inProcess(['rule', 'move', '*', ...move, '--file', rulesFile.file])
      assert.equal(ran.code, code)
      assert.match(ran.stderr, says)
      assert.equal(await rulesFile.content(), before)
    })
  }
})
