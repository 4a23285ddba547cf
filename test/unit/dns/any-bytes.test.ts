/** Whatever bytes come, reading them ends in one of the known results, and none is made up. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { encode, type Answer } from 'dns-packet'
import fc from 'fast-check'
import type { RecordType } from '../../../plugins/enforce-tls/dns/answer.js'
import { readReply } from '../../../plugins/enforce-tls/dns/message.js'
import { readAnswer } from '../../../plugins/enforce-tls/dns/read-answer.js'

const NAME = 'mx.bank.example'
const TYPES: readonly RecordType[] = ['A', 'AAAA', 'CNAME', 'MX', 'SOA', 'TLSA', 'TXT']
const soa = { mname: 'a.example', rname: 'b.example', serial: 1, refresh: 1, retry: 1, expire: 1, minimum: 1 }
const DATA: Readonly<Record<string, unknown>> = {
  A: '192.0.2.1',
  AAAA: '2001:db8::1',
  CNAME: 'x.example',
  MX: { preference: 10, exchange: 'x.example' },
  SOA: soa,
  TLSA: { usage: 3, selector: 1, matchingType: 1, certificate: Buffer.alloc(32) },
  TXT: ['v=STSv1', 'id=1'],
}

it('a reply with any bytes changed is read without an error', () => {
  const change = fc.record({ at: fc.nat(), to: fc.nat(255) })
  const changes = fc.array(change, { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(fc.constantFrom(...TYPES), fc.constantFrom(...TYPES), changes, (asked, sent, edits) => {
      const record = { type: sent, name: NAME, ttl: 9, data: DATA[sent] } as Answer
      const authority: Answer = { type: 'SOA', name: 'bank.example', ttl: 9, data: soa }
      const questions = [{ type: asked, name: NAME }]
      const bytes = encode({
        type: 'response',
        id: 1,
        flags: 0x01_80,
        questions,
        answers: [record, record],
        authorities: [authority],
      })
      // Behind the id, which is compared first.
      const start = 2
      for (const { at, to } of edits) bytes[start + (at % (bytes.length - start))] = to
      const question = { name: NAME, type: asked }
      const reply = readReply(bytes, question, 1)
      if (reply.kind !== 'reply') return
      const answer = readAnswer(reply.packet, question)
      assert.ok(['found', 'none', 'alias', 'failed'].includes(answer.kind))
      if (answer.kind === 'found') assert.ok(answer.records.length > 0 && answer.ttl >= 0)
    }),
    { numRuns: 5000 },
  )
})

it('any bytes at all are read without an error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const head = Buffer.from([0, 1, 0x81, 0x80, 0, 1])
      readReply(Buffer.concat([head, bytes]), { name: NAME, type: 'A' }, 1)
    }),
    { numRuns: 2000 },
  )
})
