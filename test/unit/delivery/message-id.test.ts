import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { readOwnHeader } from '../../../plugins/enforce-tls/delivery/message-id.js'
import { TemporaryFolder } from '../../support/temporary-folder.js'

const ROWS: readonly (readonly [what: string, message: string, expected: string | null])[] = [
  ['in any case', 'message-id: <a@b.example>\r\n\r\n', '<a@b.example>'],
  ['folded', 'X: y\r\nMessage-ID:\r\n <a@b.example>\r\nY: z\r\n\r\n', '<a@b.example>'],
  ['with line ends of Unix', 'From: x\nMessage-Id: <a@b.example>\n\n', '<a@b.example>'],
  ['the first of two', 'Message-ID: <1>\r\nMessage-ID: <2>\r\n\r\n', '<1>'],
  ['none in the body', 'From: x\r\n\r\nMessage-ID: <a@b.example>\r\n', null],
  ['none in another field', 'X-Message-ID: <a>\r\nReferences: x\r\n Message-ID: <b>\r\n\r\n', null],
  ['an empty one', 'Message-ID:\r\nFrom: x\r\n\r\n', null],
  ['none behind more than is looked at', `X: ${'y'.repeat(40_000)}\r\nMessage-ID: <a>\r\n\r\n`, null],
]

describe('the Message-ID of a queued message', () => {
  let folder: TemporaryFolder
  before(() => (folder = new TemporaryFolder('message-id')))
  after(() => folder.close())

  for (const [what, message, expected] of ROWS)
    it(`is read: ${what}`, async () => {
      const file = join(folder.path, 'item')
      writeFileSync(file, `{"todo":1}${message}`)
      assert.equal((await readOwnHeader(file, '{"todo":1}'.length)).messageId, expected)
    })

  it('is none where there is no file', async () =>
    assert.deepEqual(await readOwnHeader(join(folder.path, 'gone'), 0), { messageId: null, saysNo: false }))

  for (const [header, saysNo] of [
    ['Subject: x\r\ntls-required: no\r\n', true],
    ['TLS-Required: Yes\r\n', false],
    ['TLS-Required: No\r\nTLS-Required: No\r\n', false],
    ['X-TLS-Required: No\r\n', false],
    [`TLS-Required: No\r\nX: ${'y'.repeat(40_000)}\r\n`, false],
  ] as const)
    it(`beside TLS-Required: ${header.slice(0, 40).trim()}`, async () => {
      const file = join(folder.path, 'item')
      writeFileSync(file, `${header}\r\nbody`)
      assert.equal((await readOwnHeader(file, 0)).saysNo, saysNo)
    })
})
