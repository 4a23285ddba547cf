import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { leaks, type Resources } from '../soak/resources.js'

const MB = 2 ** 20
const rest: Resources = { rss: 130 * MB, heap: 32 * MB, sockets: 6, timers: 4 }

describe('a soak of many partners', () => {
  const rows: readonly [string, readonly Partial<Resources>[], readonly RegExp[]][] = [
    ['that ends as it began has no leak', [{}, {}], []],
    ['may fill its caches in the first round', [{ heap: 60 * MB }, { heap: 60 * MB }], []],
    ['may hold a socket for a while', [{ sockets: 8 }, {}], []],
    ['that leaves a socket open has a leak', [{}, { sockets: 7 }], [/^1 sockets are left open$/]],
    ['that leaves a timer has a leak', [{}, { timers: 6 }], [/^2 timers are left$/]],
    [
      'whose heap goes on growing has a leak',
      [{}, { heap: 37 * MB }],
      [/^the heap has grown by 5242880 bytes/],
    ],
    ['that measured nothing is no good one', [], [/^nothing was measured$/]],
  ]
  for (const [name, rounds, expected] of rows)
    it(name, () => {
      const found = leaks(
        rest,
        rounds.map((round) => ({ ...rest, ...round })),
      )
      assert.equal(found.length, expected.length, found.join())
      expected.forEach((pattern, index) => assert.match(found[index] ?? '', pattern))
    })
})
