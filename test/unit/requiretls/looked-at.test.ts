/** What a check, a report on TLS and a trace make of a server's word on REQUIRETLS. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { DeliveryLogEntry } from '../../../plugins/enforce-tls/observe/delivery-log/schema.js'
import { judge } from '../../../plugins/enforce-tls/report/tls-rpt-judged.js'
import { formatStep } from '../../../plugins/enforce-tls/report/trace/words.js'
import { askInsideTls } from '../../../plugins/enforce-tls/delivery/tls/inside-tls.js'
import { createServer, connect as connectTo, type AddressInfo } from 'node:net'
import { once } from 'node:events'

const ENTRY: DeliveryLogEntry = {
  id: 'a',
  at: '2026-01-01T00:00:00.000Z',
  kind: 'attempt',
  uuid: 'U.1',
  from: 'acme.example',
  domain: 'bank.example',
  recipients: 1,
  rules: [],
  level: 'encrypt',
  result: 'failed',
  mx: 'mx.bank.example',
  protocol: 'TLSv1.3',
}

describe('a server without REQUIRETLS', () => {
  it('has not failed for TLS in the reports that partners get', () => {
    for (const name of ['requiretls-not-supported', 'requiretls-refused'])
      assert.equal(judge({ ...ENTRY, class: name })[0]?.failure, null)
    assert.equal(judge({ ...ENTRY, class: 'handshake-failure' })[0]?.failure, 'handshake-failure')
  })
})

describe('a delivery', () => {
  const outcome = { ...ENTRY, kind: 'outcome', result: 'delivered' } as const
  for (const [requiretls, says] of [
    [undefined, /^Delivered over TLS 1\.3$/],
    ['yes', /handed on with REQUIRETLS/],
    ['no', /without REQUIRETLS, which the server does not offer$/],
    ['refused', /without REQUIRETLS, which the server offers, but refused for this message$/],
  ] as const)
    it(`that has requiretls=${requiretls ?? 'nothing'} is told as that`, () =>
      assert.match(formatStep({ ...outcome, ...(requiretls ? { requiretls } : {}) }).says, says))
})

describe('a check', () => {
  for (const [reply, requiretls] of [
    ['250-mx\r\n250 REQUIRETLS\r\n', true],
    ['250-mx\r\n250-requiretls\r\n250 SIZE\r\n', true],
    ['250-mx\r\n250 REQUIRETLSX\r\n', false],
    ['250 REQUIRETLS\r\n', false],
    ['502 5.5.1 REQUIRETLS\r\n', false],
  ] as const)
    it(`takes ${JSON.stringify(reply)} for ${requiretls ? 'an offer' : 'none'}`, async () => {
      const server = createServer((socket) => {
        socket.on('error', () => undefined)
        socket.once('data', () => socket.end(reply))
      })
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      try {
        const socket = connectTo((server.address() as AddressInfo).port, '127.0.0.1')
        const answer = await askInsideTls(socket, {
          helo: 'mta.test.example',
          lmtp: false,
          envelope: undefined,
          timeout: 2000,
        })
        assert.equal(answer.requiretls, requiretls)
      } finally {
        server.close()
      }
    })
})
