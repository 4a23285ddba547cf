/** A file of many lines is sent in few parts: each of them is work of one turn of the event loop. */
import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { it } from 'node:test'
import type { Response } from 'express'
import { send } from '../../../plugins/enforce-tls/console/bodies.js'

it('sends many lines in few parts, and all of them', async () => {
  const parts: Buffer[] = []
  const response = Object.assign(
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        parts.push(chunk)
        done()
      },
    }),
    { set: () => response, type: () => response },
  ) as unknown as Response
  const content = Array.from({ length: 20_000 }, (_, n) => `partner${n}.example,1,2,3,ü\r\n`)
  await send(response, { file: { type: 'text/csv', name: 'report.csv', content } })
  assert.equal(Buffer.concat(parts).toString(), content.join(''))
  assert.ok(parts.length < 20, String(parts.length))
})
