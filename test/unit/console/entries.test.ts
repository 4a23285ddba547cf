import assert from 'node:assert/strict'
import path from 'node:path'
import { before, describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { parsePattern } from '../../../plugins/enforce-tls/rules/pattern.js'

type Field = 'to' | 'subject' | null
/** The pages are for browsers: modules, compiled on their own, of which the build makes one file. */
interface Entries {
  readonly entriesOf: (text: string, field: Field) => string[]
  readonly endsEntry: (key: string, typed: string, field: Field) => boolean
}

let entries: Entries
before(async () => {
  const file = path.resolve(__dirname, '../../../pages/entries.js')
  entries = (await import(pathToFileURL(file).href)) as Entries
})

describe('a pasted text is divided', () => {
  const ROWS: readonly (readonly [text: string, entries: readonly string[]])[] = [
    [
      'a.example b.example,c.example;d.example\ne.example\r\n\tf.example',
      ['a', 'b', 'c', 'd', 'e', 'f'].map((each) => `${each}.example`),
    ],
    ['First Bank <cfo@bank.example>', ['cfo@bank.example']],
    ['<cfo@bank.example>', ['cfo@bank.example']],
    [
      '"Doe, Jane" <jane@x.example>, Joe (his; comment) <joe@x.example>; z.example',
      ['jane@x.example', 'joe@x.example', 'z.example'],
    ],
    ['cfo@bank.example <cfo@bank.example>', ['cfo@bank.example']],
    ['"www.bank.example" <cfo@bank.example>', ['cfo@bank.example']],
    ['J. Doe <j@x.example>', ['j@x.example']],
    // What may be a list without separators is said, not guessed.
    ['bank.example First Bank <cfo@bank.example>', ['bank.example First Bank <cfo@bank.example>']],
    ['"jane doe"@x.example "a,b"@x.example', ['"jane doe"@x.example', '"a,b"@x.example']],
    ['First Bank cfo@bank.example', ['First', 'Bank', 'cfo@bank.example']],
    ['Write to the first bank. J. Doe', ['Write', 'to', 'the', 'first', 'bank', 'J', 'Doe']],
    ['localhost.', ['localhost.']],
    ['a.example a.example', ['a.example']],
    ['an "open quote, b.example', ['an', '"open', 'quote', 'b.example']],
    ['', []],
    [' ,; \n', []],
  ]
  for (const [text, expected] of ROWS)
    it(JSON.stringify(text), () => assert.deepEqual(entries.entriesOf(text, 'to'), expected))

  it('for a subject only at line ends', () => {
    assert.deepEqual(entries.entriesOf('First Bank, <x>\nother', 'subject'), ['First Bank, <x>', 'other'])
  })

  it('and no word of a display name ever becomes a recipient', () => {
    for (const text of [
      'First Bank <cfo@bank.example>',
      'First Bank cfo@bank.example',
      'J. Doe, First Bank. <x@y.example>',
    ]) {
      const good = entries.entriesOf(text, 'to').filter((each) => 'pattern' in parsePattern(each))
      assert.ok(
        good.every((each) => each.includes('@')),
        good.join(' '),
      )
    }
  })
})

describe('a key ends what is typed', () => {
  for (const [key, typed, field, expected] of [
    ['Enter', 'anything', 'to', true],
    ['Enter', 'anything', 'subject', true],
    [' ', 'bank.example', 'to', true],
    [' ', 'group:banks', 'to', true],
    [' ', '*', 'to', true],
    [',', 'bank.example', 'to', true],
    [' ', 'First', 'to', false],
    [' ', 'J.', 'to', false],
    [' ', 'First Bank <cfo@bank.example', 'to', false],
    [' ', 'First Bank <cfo@bank.example>', 'to', true],
    [' ', '"jane', 'to', false],
    [',', '"Doe', 'to', false],
    [',', '"a\\"', 'to', false],
    [' ', '"jane doe"@x.example', 'to', true],
    [' ', 'bank.example', 'subject', false],
    [',', 'x', 'subject', false],
    ['a', 'bank.example', 'to', false],
  ] as const)
    it(`${JSON.stringify(key)} behind ${typed} of ${field}: ${String(expected)}`, () => {
      assert.equal(entries.endsEntry(key, typed, field), expected)
    })
})
