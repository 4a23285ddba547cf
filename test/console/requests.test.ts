import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { ROUTES } from '../../plugins/enforce-tls/console/routes.js'
import { storedRule } from '../support/rules.js'
import type { Failure } from './client.js'
import { startConsole, type ConsoleServer } from './console-server.js'

let server: ConsoleServer
before(async () => {
  server = await startConsole()
  await server.store.writeService('acme.example', null, '{"enabled":true}')
})
after(() => server[Symbol.asyncDispose]())

/** Sends a request as it is written: a client library would mend it. */
async function raw(
  target: string,
  { host = 'localhost', headers = '' }: { readonly host?: string; readonly headers?: string } = {},
): Promise<{ status: number; text: string }> {
  const socket = connect(server.port, '127.0.0.1')
  socket.write(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\n${headers}Connection: close\r\n\r\n`)
  let text = ''
  socket.on('data', (chunk) => (text += String(chunk)))
  await once(socket, 'close')
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]), text }
}

describe('a request', () => {
  const ROWS: readonly (readonly [what: string, body: string, status: number, code: string])[] = [
    [
      'larger than a megabyte',
      JSON.stringify({ rule: { comment: 'x'.repeat(1_100_000) } }),
      413,
      'too-large',
    ],
    ['that is not JSON', '{"rule":', 400, 'not-json'],
    ['nested 300,000 deep', `{"rule":${'['.repeat(300_000)}${']'.repeat(300_000)}}`, 400, 'too-deep'],
    [
      'with an object nested 100,000 deep',
      `{"rule":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`,
      400,
      'too-deep',
    ],
    ['that is no object', '[1]', 422, 'invalid'],
    ['with nothing in it', '', 422, 'invalid'],
    ['with __proto__ in it', '{"rule":{},"__proto__":{"polluted":true}}', 422, 'invalid'],
    ['with __proto__ in the rule', '{"rule":{"name":"x","__proto__":{"polluted":true}}}', 422, 'invalid'],
    ['with constructor in it', '{"rule":{},"constructor":{"prototype":{"polluted":true}}}', 422, 'invalid'],
    ['with a key that nobody knows', '{"rule":{},"force":true}', 422, 'invalid'],
    ['with a rule that is none', '{"rule":"x"}', 422, 'invalid'],
  ]
  for (const [what, body, status, code] of ROWS) {
    it(`${what} is refused`, async () => {
      const admin = await server.signedIn('admin')
      const answer = await admin.post<Failure>('owners/acme.example/rules', body)
      assert.deepEqual([answer.status, answer.body.error.code], [status, code])
      assert.equal(({} as { polluted?: boolean }).polluted, undefined)
      assert.equal((await server.store.readOwner('acme.example')).rules.size, 0)
    })
  }

  it('in another encoding is refused, since it can not be looked at before it is read', async () => {
    const { cookie, csrf } = await server.signedIn('admin')
    // A quote that UTF-16 escapes in a way of its own would hide the brackets behind it.
    const text = `{"rule":{"a":"\\"","b":${'['.repeat(50_000)}${']'.repeat(50_000)}}}`
    const answer = await fetch(`${server.url}api/owners/acme.example/rules`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json; charset=utf-16le',
        cookie: cookie ?? '',
        'x-csrf-token': csrf ?? '',
      },
      body: Buffer.from(text, 'utf16le'),
    })
    assert.equal(answer.status, 415)
  })

  it('of somebody who has not signed in is read only as far as a sign-in needs', async () => {
    const body = JSON.stringify({ user: 'admin', password: 'x'.repeat(10_000) })
    const { status, body: answer } = await server.client().post<Failure>('session', body)
    assert.deepEqual([status, answer.error.code], [413, 'too-large'])
    assert.match(answer.error.message, /larger than 8 kB/)
    // What is not theirs to send is not read at all.
    const large = JSON.stringify({ rule: { comment: 'x'.repeat(5_000_000) } })
    assert.equal((await server.client().post('owners/acme.example/rules', large)).status, 401)
  })

  it('for the description of the API is answered with one that is made once', async () => {
    const described = ROUTES.find(({ path }) => path === '/openapi.json')
    const [first, second] = await Promise.all([
      described?.handle({} as never),
      described?.handle({} as never),
    ])
    assert.ok(first?.body === second?.body && first?.constant)
  })

  it('that is not JSON by its type is refused', async () => {
    const admin = await server.signedIn('admin')
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', null]) {
      const headers = { 'content-type': type }
      const answer = await admin.post<Failure>('owners/acme.example/rules', '{"rule":{}}', headers)
      assert.deepEqual([answer.status, answer.body.error.code], [415, 'not-json'])
    }
  })

  it('with a field that is wrong is told which', async () => {
    const admin = await server.signedIn('admin')
    const rule = storedRule({ to: ['bank.example', 'not a domain'] })
    const { status, body } = await admin.post<Failure>('owners/acme.example/rules', { rule })
    assert.deepEqual([status, body.error.field], [422, 'rule.criteria.to.matchesAny[1]'])
    assert.match(body.error.message, /"not a domain" contains white space/)
    const query = await admin.get<Failure>('history?count=0')
    assert.deepEqual([query.status, query.body.error.field], [422, 'count'])
    assert.equal((await admin.get('history?colour=red')).status, 422)
  })

  it('for nothing that is here is answered in the shape of every error', async () => {
    const admin = await server.signedIn('admin')
    assert.equal((await admin.get('nothing')).status, 404)
    assert.equal((await admin.send('DELETE', 'domains')).status, 404)
    assert.equal((await admin.get('owners/%E0%A4%A/rules')).status, 400)
    assert.equal((await admin.get('owners/a b/rules')).status, 404)
  })

  it('gets HTML in a name back as text of a JSON document that no browser takes for a page', async () => {
    const admin = await server.signedIn('admin')
    const name = '<script>alert(1)</script>'
    const rule = storedRule({ to: ['bank.example'], name })
    const { status, headers, body } = await admin.post<{ id: string; etag: string; rule: { name: string } }>(
      'owners/acme.example/rules',
      { rule },
    )
    assert.deepEqual([status, body.rule.name], [201, name])
    assert.equal(headers.get('x-content-type-options'), 'nosniff')
    assert.equal(headers.get('content-type'), 'application/json; charset=utf-8')
    await admin.delete(`owners/acme.example/rules/${body.id}`, body.etag)
  })

  it('for a file outside of the pages gets none', async () => {
    for (const target of [
      '/enforce-tls/../package.json',
      '/enforce-tls/../../package.json',
      '/enforce-tls/%2e%2e/console.js',
      '/enforce-tls/..%2fconsole.js',
      '/enforce-tls/..%5cconsole.js',
      '/enforce-tls/icons/../../console.js',
      '/enforce-tls/icons/..%2f..%2fconsole.js',
      '/enforce-tls/icons/%2e%2e%2f%2e%2e%2fpackage.json',
      '/enforce-tls//etc/passwd',
      '/enforce-tls/%00',
      '/enforce-tls/.tsbuildinfo',
      '/enforce-tls/package.json',
      '/enforce-tls/icons/',
    ]) {
      const { status, text } = await raw(target)
      assert.ok(status === 404 || status === 403 || status === 400, `${target}: ${status}`)
      assert.doesNotMatch(text, /createConsole|"name"|root:/, target)
    }
  })

  it('is answered in the same way whatever host it names', async () => {
    for (const target of ['/enforce-tls', '/enforce-tls/', '/enforce-tls/api/session']) {
      const { text } = await raw(target, { host: 'attacker.example' })
      assert.doesNotMatch(text, /attacker/, target)
    }
    const { status, text } = await raw('/enforce-tls?x=1')
    assert.equal(status, 308)
    assert.match(text, /\r\nlocation: enforce-tls\/\?x=1\r\n/i)
  })

  it('for what is beside the console, or while it is off, is left to others', async () => {
    for (const target of ['/', '/enforce-tlsx/', '/enforce', '//enforce-tls/', '/other/enforce-tls/'])
      assert.match((await raw(target)).text, /\nsomebody else\r\n/, target)
    server.set({ enabled: false })
    assert.match((await raw('/enforce-tls/')).text, /\nsomebody else\r\n/)
    server.set({ enabled: true })
    assert.equal((await raw('/enforce-tls/')).status, 200)
  })

  it('is answered with headers that keep inline code, frames and other hosts away', async () => {
    for (const target of [
      '/enforce-tls/',
      '/enforce-tls/nothing',
      '/enforce-tls/api/session',
      '/enforce-tls/api/nothing',
      '/enforce-tls/main.js',
    ]) {
      const { text } = await raw(target)
      const [, policy = ''] = /\r\ncontent-security-policy: (.*)\r\n/i.exec(text) ?? []
      assert.match(policy, /default-src 'none'/, target)
      assert.match(policy, /script-src 'self';/, target)
      assert.match(policy, /frame-ancestors 'none'/, target)
      assert.doesNotMatch(policy, /unsafe|https?:/, target)
      assert.match(text, /\r\nx-content-type-options: nosniff\r\n/i, target)
      assert.doesNotMatch(text, /x-powered-by/i, target)
    }
  })

  it('for a file of the pages may ask whether it is still the same', async () => {
    for (const file of ['main.js', 'chart.umd.js']) {
      const url = `${server.url}${file}`
      const first = await fetch(url)
      const headers = `Accept-Encoding: gzip\r\nIf-None-Match: ${first.headers.get('etag') ?? ''}\r\n`
      assert.equal(first.headers.get('content-type'), 'text/javascript; charset=utf-8')
      assert.ok((await first.text()).length > 10_000)
      assert.equal((await raw(new URL(url).pathname, { headers })).status, 304)
    }
    const page = await fetch(server.url)
    assert.match(page.headers.get('content-type') ?? '', /^text\/html/)
    assert.doesNotMatch(await page.text(), /https?:|style=|<script>|\son\w+=/)
  })

  it('is never kept by a cache where it is about rules', async () => {
    const admin = await server.signedIn('admin')
    assert.equal((await admin.get('domains')).headers.get('cache-control'), 'no-store')
    assert.equal((await admin.get('nothing')).headers.get('cache-control'), 'no-store')
  })
})
