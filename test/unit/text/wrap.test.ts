import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { wrap } from '../../../plugins/enforce-tls/text/wrap.js'

const CASES: readonly (readonly [
  name: string,
  text: string,
  width: number,
  margin: number,
  lines: string[],
])[] = [
  ['text that fits is one line', 'one two', 7, 0, ['one two']],
  ['one column less makes two', 'one two', 6, 0, ['one', 'two']],
  ['the other lines have the margin', 'Note: one two', 9, 6, ['Note: one', '      two']],
  ['the margin counts', 'one two six', 7, 4, ['one two', '    six']],
  [
    'an address that is longer than a line stays whole',
    'to somebody.with.a.long.name@bank.example now',
    12,
    0,
    ['to', 'somebody.with.a.long.name@bank.example', 'now'],
  ],
  [
    'a time is not broken, and keeps its zone',
    'since 2026-11-23 18:00:01 UTC, or so',
    20,
    0,
    ['since', '2026-11-23 18:00:01 UTC,', 'or so'],
  ],
  [
    'a setting stays beside its section',
    'set [suggest] enabled=true in',
    14,
    0,
    ['set', '[suggest] enabled=true', 'in'],
  ],
  [
    'a command stays beside the name of this program',
    'what enforce-tls report says',
    16,
    0,
    ['what', 'enforce-tls report', 'says'],
  ],
  ['letters of East Asia are two columns wide', '漢字 漢字', 8, 0, ['漢字', '漢字']],
  ['nothing is one empty line', '', 10, 0, ['']],
]

describe('prose in lines', () => {
  for (const [name, text, width, margin, lines] of CASES)
    it(name, () => assert.deepEqual(wrap(text, width, margin), lines))
})
