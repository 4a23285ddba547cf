import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { decode } from '../../../../plugins/enforce-tls/store/redis/decode.js'

describe('a reply of Redis', () => {
  it('is read as its texts, also where a character lies across two pieces', async () => {
    // Three bytes each, so that every border of a piece cuts some of them.
    const long = '€'.repeat(400_000)
    const texts = ['', 'id', long, `a${long}`, `ab${long}`]
    assert.deepEqual(await decode(texts.map((text) => Buffer.from(text))), texts)
  })

  it('has broken bytes as U+FFFD, in short words and in long ones', async () => {
    const long = Buffer.alloc(300_000, 'a')
    long[262_143] = 0xff
    const [short, other] = await decode([Buffer.from([0x61, 0xff]), long])
    assert.equal(short, 'a\ufffd')
    assert.equal(other?.indexOf('\ufffd'), 262_143)
  })

  for (const [what, words] of [
    ['one long word', [Buffer.alloc(64 * 1024 * 1024, 'ü')]],
    ['many words', Array.from({ length: 64 }, () => Buffer.alloc(1024 * 1024, 'ü'))],
  ] as const)
    it(`lets the event loop go on while ${what} is read`, async () => {
      let turns = 0
      const count = () => {
        turns++
        immediate = setImmediate(count)
      }
      let immediate = setImmediate(count)
      await decode(words)
      clearImmediate(immediate)
      assert.ok(turns > 3, `${turns} turns`)
    })
})
