/** Which language a notice is written in: header fields first, of unknown content, then the domain, then the server. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  acceptedLanguage,
  contentLanguage,
  languageOf,
} from '../../../../plugins/enforce-tls/delivery/bounce/language.js'

const field = (name: string, value: string) => ({ name, value, raw: `${name}: ${value}` })

describe('the language of a notice', () => {
  for (const [content, accept, domain, server, expected] of [
    ['de', 'fr', 'es', 'it', 'de'],
    ['ja', 'fr', 'es', 'it', 'fr'],
    [null, 'fr', 'es', 'it', 'fr'],
    ['en', 'fr', 'es', 'it', 'en'],
    [null, 'ja, *', 'es', 'it', 'es'],
    [null, null, null, 'it', 'it'],
    ['', '', null, 'nl', 'nl'],
  ] as const)
    it(`is ${expected} for ${content ?? 'no'} content, ${accept ?? 'no'} wish, ${domain ?? 'no'} domain, ${server}`, () => {
      const fields = [
        ...(content === null ? [] : [field('content-language', content)]),
        ...(accept === null ? [] : [field('accept-language', accept)]),
      ]
      assert.equal(languageOf(fields, { domain, server }), expected)
    })

  for (const [value, expected] of [
    ['de', 'de'],
    ['DE-at', 'de'],
    ['de-Latn-DE-1996', 'de'],
    ['ja, fr-CA, de', 'fr'],
    ['en (English), de', 'en'],
    ['(comment) nl', 'nl'],
    [' it ,', 'it'],
    ['deu', null],
    ['x-de', null],
    ['d', null],
    ['de_DE', null],
    ['de;q=1', null],
    ['de fr', null],
    ['"de"', null],
    ['((de', null],
    ['*', null],
    ['-de', null],
    ['d\u0435', null],
    ['=?utf-8?q?de?=', null],
    [`de,${' '.repeat(1000)}`, null],
    ['', null],
  ] as const)
    it(`in "Content-Language: ${value.slice(0, 30)}" is ${expected ?? 'none'}`, () =>
      assert.equal(contentLanguage(value), expected))

  for (const [value, expected] of [
    ['de', 'de'],
    ['fr;q=0.5, de', 'de'],
    ['fr;q=0.5, de;q=0.5', 'fr'],
    ['ja, de-CH;q=0.8, en;q=0.9', 'en'],
    ['de ; Q=0.3 , it;q=0.301', 'it'],
    ['de;q=0, *', null],
    ['de;q=0.000, nl;q=0.001', 'nl'],
    ['*', null],
    ['de;q=2, es;q=0.1', 'es'],
    ['de;q=0.1234, es;q=0.1', 'es'],
    ['de;q=-1', null],
    ['de;q=NaN', null],
    ['de;q=', null],
    ['de;level=1', null],
    [`${'de,'.repeat(400)}de`, null],
    ['', null],
  ] as const)
    it(`in "Accept-Language: ${value.slice(0, 30)}" is ${expected ?? 'none'}`, () =>
      assert.equal(acceptedLanguage(value), expected))

  it('of fields as long as a header can be takes no time that mail would notice', () => {
    for (const piece of ['(', '()', ',', ' ', 'a-', 'de;q=', ';', '\t', '(de,'])
      for (const length of [999, 1_000_000]) {
        const value = piece.repeat(Math.floor(length / piece.length))
        const since = performance.now()
        languageOf([field('content-language', value), field('accept-language', value)], {
          domain: null,
          server: 'en',
        })
        assert.ok(performance.now() - since < 50, JSON.stringify(piece))
      }
  })
})
