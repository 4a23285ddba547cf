/** What is not seen is shown: the rows of what is escaped, and of what stays. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { html } from '../../../plugins/enforce-tls/report/escape-html.js'
import { oneLine } from '../../../plugins/enforce-tls/text/one-line.js'
import { visible } from '../../../plugins/enforce-tls/text/visible.js'

const ESCAPED = [
  ...['\u0000', '\u001b', '\u007f', '\u0080', '\u0085', '\u009b', '\u009f', '\u00ad', '\u034f', '\u061c'],
  ...['\u180e', '\u200b', '\u200c', '\u200d', '\u200e', '\u200f', '\u202a', '\u202b', '\u202c', '\u202d'],
  ...['\u202e', '\u2060', '\u2066', '\u2067', '\u2068', '\u2069', '\u3164', '\ufeff', '\ufffe', '\ue000'],
  ...['\ud800', '\udc00', '\u{e0041}', '\u{10ffff}'],
]

describe('visible text', () => {
  for (const hidden of ESCAPED) {
    const code = (hidden.codePointAt(0) ?? 0).toString(16).padStart(4, '0')
    it(`has an escape for U+${code.toUpperCase()}, wherever it is shown`, () => {
      const escape = code.length > 4 ? `\\u{${code}}` : `\\u${code}`
      for (const show of [visible, oneLine, html]) assert.equal(show(`pay${hidden}pal`), `pay${escape}pal`)
    })
  }

  it('has spaces for the ends of lines, and is the same when it is shown again', () => {
    assert.equal(visible('a\tb\r\nc\u2028d'), 'a b  c d')
    const shown = visible('\u202ex\ud800')
    assert.equal(visible(shown), shown)
  })

  for (const text of [
    'naïve café',
    'می\u200cخواهم',
    'क्\u200dष',
    '👩\u200d💻',
    '❤\ufe0f',
    'עברית',
    '一 二',
    'a\u00a0b',
    '👍🏽',
  ])
    it(`leaves ${text} as people write it`, () => assert.equal(visible(text), text))

  it('keeps no joiner beside letters that have no use for it', () => {
    assert.equal(visible('bank\u200dпей'), 'bank\\u200dпей')
    assert.equal(visible('می\u200ca \u200cی'), 'می\\u200ca \\u200cی')
  })
})
