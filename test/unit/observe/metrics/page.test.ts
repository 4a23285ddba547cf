/** Who may read metrics, and what they read when there are none; over real HTTP. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import { answerScrape } from '../../../../plugins/enforce-tls/observe/metrics/page.js'

async function scrape(
  { allow = ['::1'], enabled = true }: { allow?: readonly string[]; enabled?: boolean },
  text: () => Promise<string>,
  listen: string,
): Promise<readonly [status: number, body: string]> {
  const context = { settings: () => ({ enabled, allow }), text }
  const server = createServer((request, response) => void answerScrape(context, request, response))
  server.listen(0, listen)
  await once(server, 'listening')
  try {
    const { port } = server.address() as AddressInfo
    const response = await fetch(`http://127.0.0.1:${port}/`)
    return [response.status, await response.text()]
  } finally {
    server.close()
  }
}

const counts = () => Promise.resolve('a 1\n')

describe('the page with the metrics', () => {
  for (const listen of ['127.0.0.1', '::'])
    for (const [allow, status] of [
      [['127.0.0.0/8'], 200],
      [['127.0.0.1'], 200],
      [['192.0.2.1', '127.0.0.1'], 200],
      [['127.0.0.2'], 403],
      [['128.0.0.0/8'], 403],
      [['::1'], 403],
      [[], 403],
    ] as const)
      it(`listening at ${listen}, allows [${allow.join()}]: ${status}`, async () => {
        const [answered, body] = await scrape({ allow }, counts, listen)
        assert.equal(answered, status)
        if (status === 403)
          assert.match(
            body,
            /127\.0\.0\.1 may not read metrics: see \[metrics\] allow\[\] of enforce-tls\.ini\n$/,
          )
        else assert.equal(body, 'a 1\n')
      })

  it('is not there while it is switched off', async () => {
    const answer = await scrape({ enabled: false, allow: ['127.0.0.1'] }, counts, '127.0.0.1')
    assert.deepEqual(answer, [404, 'metrics are switched off: [metrics] enabled of enforce-tls.ini\n'])
  })

  it('says why there are no metrics, rather than wrong ones', async () => {
    const silent = () => Promise.reject(new Error('worker 2 does not answer'))
    const answer = await scrape({ allow: ['127.0.0.1'] }, silent, '127.0.0.1')
    assert.deepEqual(answer, [503, 'metrics are unavailable: worker 2 does not answer\n'])
  })
})
