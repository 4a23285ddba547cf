/** Times in a bounce: UTC, with the clock of the sender where the Date header says it. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { en } from '../../../../plugins/enforce-tls/delivery/bounce/texts/en.js'
import { readDate } from '../../../../plugins/enforce-tls/delivery/bounce/time.js'

describe('a time in a bounce', () => {
  for (const [header, shown] of [
    ['Thu, 26 Nov 2026 15:03:11 +0100', '26 Nov 2026, 14:03 UTC (15:03 +0100)'],
    ['26 Nov 2026 15:03 +0100 (CET)', '26 Nov 2026, 14:03 UTC (15:03 +0100)'],
    ['Fri, 27 Nov 2026 00:30:00 +0530', '26 Nov 2026, 19:00 UTC (27 Nov 2026, 00:30 +0530)'],
    ['Thu, 26 Nov 2026 20:00:00 -0800', '27 Nov 2026, 04:00 UTC (26 Nov 2026, 20:00 -0800)'],
    ['Thu, 26 Nov 2026 14:03:11 +0000', '26 Nov 2026, 14:03 UTC'],
    ['Thu, 26 Nov 2026 14:03:11 -0000', '26 Nov 2026, 14:03 UTC'],
    ['Thu, 26 Nov 2026 14:03:11 GMT', '26 Nov 2026, 14:03 UTC'],
    ['Thu, 26 Nov 2026 09:03:11 EST', '26 Nov 2026, 14:03 UTC'],
    ['Thu, 26 Nov 2026 14:03:11 +9999', null],
    ['Thu, 99 Nov 2026 14:03:11 +0100', null],
    ['2026-11-26T14:03:11Z', null],
    ['yesterday 1', null],
    ['', null],
  ] as const)
    it(`of the header "${header}" is ${shown ?? 'none'}`, () => {
      const read = readDate(header)
      assert.equal(read && en.time(read.time, read.offset), shown)
    })

  it('of a header with a run of blanks takes no time that mail would notice', () => {
    const blanks = ' '.repeat(40_000)
    for (const header of [
      `Thu,${blanks}26 Nov 2026 15:03:11 +0100`,
      `Thu, 26 Nov 2026 15:03:11 +0100${blanks}x`,
      `Thu, 26 Nov 2026 15:03:11${blanks}+0100${blanks}(CET)`,
    ]) {
      const since = performance.now()
      const read = readDate(header)
      assert.ok(performance.now() - since < 50)
      assert.equal(read, null)
    }
  })
})
