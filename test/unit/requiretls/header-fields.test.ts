/** `TLS-Required: No` counts as exactly that, and in doubt not at all. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { saysTlsRequiredNo } from '../../../plugins/enforce-tls/requiretls/header-fields.js'
import { HeaderBlock } from '../../../plugins/enforce-tls/rules/header-block.js'

const rows: readonly (readonly [what: string, header: string, says: boolean])[] = [
  ['as it stands in the RFC', 'TLS-Required: No\r\n', true],
  ['in any case', 'tls-required:   nO \r\n', true],
  ['without a blank', 'TLS-Required:No\r\n', true],
  ['folded behind a blank, with a tab', 'TLS-Required: \r\n\tNo\r\n', true],
  ['folded', 'TLS-Required:\r\n No\r\n', true],
  ['folded inside the word', 'TLS-Required: N\r\n o\r\n', false],
  ['twice', 'TLS-Required: No\r\nTLS-Required: No\r\n', false],
  ['twice, the second in another case', 'TLS-Required: No\r\ntls-required: Yes\r\n', false],
  ['with another value', 'TLS-Required: Yes\r\n', false],
  ['with more than the word', 'TLS-Required: No, please\r\n', false],
  ['with a comment', 'TLS-Required: No (really)\r\n', false],
  ['empty', 'TLS-Required:\r\n', false],
  ['with a space before the colon', 'TLS-Required : No\r\n', true],
  ['under another name', 'X-TLS-Required: No\r\n', false],
  ['in an encoded word', 'TLS-Required: =?us-ascii?q?No?=\r\n', false],
  ['with a blank of another kind', 'TLS-Required: No\u000b\r\n', false],
  ['with a byte that is a blank in Latin-1', 'TLS-Required: No\u00a0\r\n', false],
  ['of 20 KiB', `TLS-Required: No${' '.repeat(20_000)}\r\n`, false],
  ['behind 300 KiB of header', `X-Filler: ${'x'.repeat(300_000)}\r\nTLS-Required: No\r\n`, false],
  [
    'before 300 KiB of header, where a second one may follow',
    `TLS-Required: No\r\n${'X-Filler: x\r\n'.repeat(25_000)}`,
    false,
  ],
  ['in a header with a bare CR', 'TLS-Required: No\rX: y\r\n', false],
  ['in a header with a line that is none', 'what is this\r\nTLS-Required: No\r\n', false],
  ['in the body', 'Subject: x\r\n\r\nTLS-Required: No\r\n', false],
]

describe('TLS-Required', () => {
  for (const [what, header, says] of rows)
    it(`${what} ${says ? 'counts' : 'does not count'}`, () =>
      assert.equal(saysTlsRequiredNo(new HeaderBlock(`${header}\r\nThe body\r\n`)), says))

  it('does not count in a header that Haraka has cut, or that cannot be read', () => {
    assert.equal(saysTlsRequiredNo(new HeaderBlock('TLS-Required: No\r\n\r\n', 'lines were dropped')), false)
    assert.equal(saysTlsRequiredNo(new HeaderBlock(null)), false)
  })
})
