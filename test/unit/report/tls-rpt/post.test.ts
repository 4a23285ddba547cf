/** A report is posted to where its URL says, and nowhere else; whatever the server does, that ends. */
import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { describe, it } from 'node:test'
import { postReport } from '../../../../plugins/enforce-tls/report/tls-rpt/post.js'
import { selfSigned } from '../../../support/certificates.js'
import { PolicyServer, TableDns } from '../../../support/policy-server.js'

const HOST = 'reports.bank.example'
const BODY = Buffer.from('report')
const dns = (records: Record<string, readonly string[] | 'fails'> = {}) =>
  new TableDns({ [`A ${HOST}`]: ['127.0.0.1'], ...records })

async function start(answer: (response: ServerResponse, request: IncomingMessage) => void) {
  return await PolicyServer.start(await selfSigned({ dnsNames: ['other.example'] }), answer)
}

const post = (server: PolicyServer, more: Partial<Parameters<typeof postReport>[2]> = {}) =>
  postReport(new URL(`https://${HOST}:${server.port}/v1?x=y`), BODY, {
    dns: dns(),
    allowPrivate: true,
    timeout: 2000,
    ...more,
  })

describe('a report that is posted', () => {
  it('is taken by a server with any certificate', async () => {
    let got: string | undefined
    await using server = await start((response, request) => {
      const { method = '', headers } = request
      request.setEncoding('utf8').on('data', (text: string) => {
        got = `${method} ${headers['content-type'] ?? ''} ${headers['content-length'] ?? ''} ${text}`
        response.writeHead(204).end()
      })
    })
    await post(server)
    assert.equal(got, 'POST application/tlsrpt+gzip 6 report')
    assert.deepEqual(server.asked, [{ page: `${HOST}:${server.port} /v1?x=y`, sni: HOST }])
  })

  for (const code of [301, 302, 307, 308, 400, 404, 500, 503])
    it(`is not taken with status ${code}, and goes nowhere else`, async () => {
      await using server = await start((response) => {
        response.writeHead(code, { Location: `https://${HOST}:${server.port}/elsewhere` }).end()
      })
      await assert.rejects(post(server), new Error(`answers with status ${code}`))
      assert.equal(server.asked.length, 1)
    })

  it('does not wait for a server that never answers', async () => {
    await using server = await start(() => undefined)
    await assert.rejects(post(server, { timeout: 200 }), new Error('does not answer within 0.2 seconds'))
  })

  it('does not read an answer without an end', async () => {
    let written = 0
    let isClosed = (): void => undefined
    const closed = new Promise<void>((resolve) => (isClosed = resolve))
    await using server = await start((response) => {
      response.writeHead(200)
      const drip = (): void => {
        if (response.destroyed) return
        written++
        response.write('x'.repeat(16_384), () => setImmediate(drip))
      }
      response.on('close', isClosed)
      drip()
    })
    await post(server, { timeout: 3000 })
    await closed
    // What is under way when it has read enough is some hundred kilobytes.
    assert.ok(written < 200, String(written))
  })

  for (const [address, records] of [
    [HOST, {}],
    ['127.0.0.1', {}],
    ['[::1]', {}],
    ['10.1.2.3', {}],
    [HOST, { [`A ${HOST}`]: ['192.168.1.1', '169.254.169.254'] }],
  ] as const)
    it(`does not go to ${address} ${JSON.stringify(records)}, which is not public`, async () => {
      await using server = await start((response) => response.end())
      await assert.rejects(
        postReport(new URL(`https://${address}:${server.port}/`), BODY, {
          dns: dns(records),
          allowPrivate: false,
          timeout: 2000,
        }),
        new Error('has no public address'),
      )
      assert.equal(server.connectionsMade, 0)
    })

  it('says what DNS does not know', async () => {
    await using server = await start((response) => response.end())
    const fails = dns({ [`A ${HOST}`]: 'fails', [`AAAA ${HOST}`]: 'fails' })
    await assert.rejects(post(server, { dns: fails }), /is unknown, since the DNS look-up of \S+ \S+ failed/)
    await assert.rejects(post(server, { dns: new TableDns({}) }), new Error('has no address'))
  })

  it('says what breaks off', async () => {
    await using server = await start((response) => response.socket?.destroy())
    await assert.rejects(post(server), /breaks the connection off, or cannot be reached/)
  })
})
