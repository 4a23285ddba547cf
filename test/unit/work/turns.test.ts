import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { InPieces } from '../../../plugins/enforce-tls/work/pieces.js'
import { inPieces } from '../../../plugins/enforce-tls/work/turns.js'

/** Longer than a turn, in milliseconds. */
const LONG = 8

/** Work whose pieces each fill a turn, and note that they were done. */
function* work(name: string, pieces: number, done: string[]): InPieces<string> {
  for (let piece = 1; piece <= pieces; piece++) {
    const end = performance.now() + LONG
    while (performance.now() < end) continue
    done.push(name)
    yield
  }
  return `${name} is done`
}

describe('work in pieces', () => {
  it('gives its result, and what it throws', async () => {
    assert.equal(await inPieces(work('a', 2, [])), 'a is done')
    const broken = function* (): InPieces<never> {
      yield* work('b', 1, [])
      throw new Error('broken')
    }
    await assert.rejects(inPieces(broken()), /^Error: broken$/)
  })

  it('lets the event loop go on between pieces that fill a turn', async () => {
    const done: string[] = []
    let going = true
    const other = (): void => {
      done.push('other')
      if (going) setImmediate(other)
    }
    setImmediate(other)
    await inPieces(work('work', 4, done))
    going = false
    for (const [index, name] of done.entries())
      assert.ok(index === 0 || name !== 'work' || done[index - 1] === 'other', done.join(' '))
  })

  it('takes turns with other such work, one of them in a turn of the event loop', async () => {
    const done: string[] = []
    const running = Promise.all(['a', 'b', 'c'].map((name) => inPieces(work(name, 4, done))))
    let going = true
    const turn = (): void => {
      done.push('|')
      if (going) setImmediate(turn)
    }
    // The first piece of each is done before it is known that it is long.
    setImmediate(turn)
    await running
    going = false
    const turns = done.join('').slice(3).split('|')
    assert.ok(
      turns.every((pieces) => pieces.length <= 1),
      done.join(''),
    )
    assert.match(turns.join(''), /^(?:abc){3}$/)
  })
})
