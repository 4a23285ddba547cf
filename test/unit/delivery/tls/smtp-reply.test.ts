import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  ReplyError,
  ReplyReader,
  type Reply,
} from '../../../../plugins/enforce-tls/delivery/tls/smtp-reply.js'

function read(text: string): Reply | null {
  return new ReplyReader().push(Buffer.from(text))
}

describe('an SMTP reply', () => {
  for (const [text, reply] of [
    ['220 ready\r\n', { code: 220, lines: ['ready'] }],
    ['220 ready\n', { code: 220, lines: ['ready'] }],
    ['220\r\n', { code: 220, lines: [''] }],
    ['250-a\r\n250-b\r\n250 c\r\n', { code: 250, lines: ['a', 'b', 'c'] }],
    ['250-a\r\n250\r\n', { code: 250, lines: ['a', ''] }],
    ['554 5.7.1 no\r\n', { code: 554, lines: ['5.7.1 no'] }],
  ] as const) {
    it(`is read from ${JSON.stringify(text)}`, () => assert.deepEqual(read(text), reply))
  }

  it('is incomplete until its last line has ended', () => {
    for (const text of ['', '2', '220 ready', '250-a\r\n', '250-a\r\n250 b']) assert.equal(read(text), null)
  })

  for (const text of [
    'HTTP/1.1 400 Bad Request\r\n',
    '22 x\r\n',
    '2200 x\r\n',
    '120 x\r\n',
    '620 x\r\n',
    '220x\r\n',
    '\r\n',
    '250-a\r\n251 b\r\n',
  ]) {
    it(`is not ${JSON.stringify(text)}`, () => assert.throws(() => read(text), ReplyError))
  }

  it('has limits on lines and their length', () => {
    assert.throws(() => read('2'.repeat(5000)), ReplyError)
    assert.throws(() => read(`220 ${'x'.repeat(5000)}\r\n`), ReplyError)
    assert.throws(() => read('250-x\r\n'.repeat(600)), ReplyError)
  })

  it('leaves the bytes behind it waiting', () => {
    const reader = new ReplyReader()
    assert.equal(reader.push(Buffer.from('220 go\r\n250 fake\r\n'))?.code, 220)
    assert.equal(reader.waiting, '250 fake\r\n'.length)
  })

  it('is the same however its bytes are cut into packets', () => {
    const line = fc.stringMatching(/^[ -~]{0,60}$/)
    fc.assert(
      fc.property(
        fc.integer({ min: 200, max: 599 }),
        fc.array(line, { minLength: 1, maxLength: 8 }),
        fc.array(fc.nat(600), { maxLength: 8 }),
        (code, lines, cuts) => {
          const bytes = Buffer.from(
            lines
              .map((text, index) => `${code}${index === lines.length - 1 ? ' ' : '-'}${text}\r\n`)
              .join(''),
          )
          const reader = new ReplyReader()
          const points = [...new Set([0, ...cuts.filter((cut) => cut < bytes.length), bytes.length])].sort(
            (a, b) => a - b,
          )
          const replies = points.slice(1).map((end, index) => reader.push(bytes.subarray(points[index], end)))
          assert.deepEqual(replies.at(-1), { code, lines })
          assert.ok(replies.slice(0, -1).every((reply) => reply === null))
          assert.equal(reader.waiting, 0)
        },
      ),
    )
  })

  it('throws a ReplyError or nothing, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 10 }), (chunks) => {
        const reader = new ReplyReader()
        try {
          for (const chunk of chunks) reader.push(Buffer.from(chunk))
        } catch (error) {
          assert.ok(error instanceof ReplyError)
        }
      }),
    )
  })
})
