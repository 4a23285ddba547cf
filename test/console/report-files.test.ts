/** Reports as files out of the console: of any period and owner, of the own owners alone, and never shown as a page of it. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { toRecord } from '../../plugins/enforce-tls/observe/delivery-log/entry.js'
import type { DeliveryReport } from '../../plugins/enforce-tls/report/delivery-report.js'
import { entry } from '../support/evidence-entries.js'
import { storedRule } from '../support/rules.js'
import { startConsole, type ConsoleServer, type UserName } from './console-server.js'

const SECRET = 'Secret rule of the whole service'

describe('a report as a file', () => {
  let server: ConsoleServer
  before(async () => {
    server = await startConsole()
    const value = JSON.stringify({
      ...storedRule({ to: ['bank.example'], name: 'Enforced TLS to First Bank' }),
    })
    await server.store.writeRules('acme.example', [{ id: 'r1', expected: null, value }])
    const own = { owner: 'acme.example', id: 'r1', name: 'Old name' }
    const release = {
      kind: 'release',
      by: 'ann@helpdesk',
      reason: 'due today',
      at: '2026-03-04T05:06:07.000Z',
    } as const
    const rules = [own, { owner: '*', id: 'all', name: SECRET }]
    const entries = [
      entry({ at: '2026-03-01T00:00:00.000Z', protocol: 'TLSv1.3', rules }),
      entry({ at: '2026-03-03T00:00:00.000Z', from: 'other.example', domain: 'others-partner.example' }),
      entry({ ...release, uuid: 'R.1', result: 'granted', rules }),
      entry({ ...release, uuid: 'R.1', result: 'sent', rules }),
      entry({ ...release, uuid: 'O.1', result: 'sent', from: 'other.example', by: 'eve@helpdesk' }),
      entry({ at: '2026-04-01T00:00:00.000Z', result: 'bounced' }),
      entry({ at: '2026-03-05T00:00:00.000Z', kind: 'report', result: 'would-bounce', rules }),
    ]
    await server.deliveries.append(entries.map(toRecord), 1000)
  })
  after(() => server[Symbol.asyncDispose]())

  const MARCH = 'since=2026-03-01&until=2026-03-31'
  const file = async (user: UserName, query: string) => {
    const { status, headers, body } = await (await server.signedIn(user)).get<string>(`report-file?${query}`)
    assert.equal(status, 200)
    return { headers, body }
  }

  it('is a page that the browser saves and does not show', async () => {
    const { headers, body } = await file('admin', `format=html&${MARCH}`)
    assert.equal(headers.get('content-type'), 'text/html; charset=utf-8')
    assert.equal(
      headers.get('content-disposition'),
      'attachment; filename="tls-report-2026-03-01-2026-04-01.html"',
    )
    assert.equal(headers.get('x-content-type-options'), 'nosniff')
    assert.match(body, /Deliveries from 2026-03-01 00:00 to 2026-04-01 00:00 UTC/)
    assert.match(body, /<p class="headline">4 messages required TLS from 2026-03-01 to 2026-03-31 \(UTC\); /)
    assert.match(body, /&quot;Enforced TLS to First Bank&quot; of acme\.example/)
    assert.match(body, /eve@helpdesk/)
    assert.match(body, /This is about mail of this machine alone/)
  })

  it('is a CSV with a line for each partner and release', async () => {
    const { headers, body } = await file('admin', `format=csv&${MARCH}`)
    assert.equal(headers.get('content-type'), 'text/csv; charset=utf-8')
    const [, ...lines] = body.split('\r\n')
    assert.deepEqual(
      lines.map((line) => line.split(',').slice(0, 3).join()),
      ['bank.example,3,1', 'others-partner.example,1,1', 'bank.example,,', 'bank.example,,', ''],
    )
  })

  it('is JSON with what it comes to', async () => {
    const { body } = await file('admin', `format=json&${MARCH}&owner=acme.example`)
    const { enforced, conclusion } = body as unknown as DeliveryReport & { conclusion: { verdict: string } }
    assert.deepEqual([enforced.messages, enforced.delivered, enforced.released], [2, 1, 1])
    assert.match(conclusion.verdict, /^Apart from 1 message that ann@helpdesk released, none/)
  })

  for (const format of ['html', 'csv', 'json'])
    it(`in ${format} has nothing of others for who administers one domain`, async () => {
      const { body } = await file('acme', `format=${format}&${MARCH}&owner=acme.example`)
      const text = typeof body === 'string' ? body : JSON.stringify(body)
      assert.match(text, /ann@helpdesk/)
      assert.doesNotMatch(text, new RegExp(`${SECRET}|eve@helpdesk|others-partner`))
      const client = await server.signedIn('acme')
      for (const owner of ['', '&owner=other.example', '&owner=*', '&owner=x@other.example'])
        assert.equal((await client.get(`report-file?format=${format}&${MARCH}${owner}`)).status, 404)
    })

  it('of a time that is not over ends now', async () => {
    const until = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10)
    const { body } = await file('admin', `format=json&since=2026-03-01&until=${until}`)
    assert.ok((body as unknown as DeliveryReport).until <= new Date().toISOString())
  })

  for (const [query, says] of [
    ['since=soon', /use a time such as/],
    ['since=2026-03-02&until=2026-03-01', /since must be before until/],
    ['domain=a%20b', /white space/],
    ['format=pdf', /format/],
  ] as const)
    it(`refuses ${query}`, async () => {
      const { status, body } = await (await server.signedIn('admin')).get(`report-file?${query}`)
      assert.equal(status, 422)
      assert.match(JSON.stringify(body), says)
    })
})
