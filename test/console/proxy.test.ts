import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, request as forward } from 'node:http'
import type { AddressInfo } from 'node:net'
import { it, type TestContext } from 'node:test'
import { Client } from './client.js'
import { passwordOf, startConsole } from './console-server.js'

/** A reverse proxy that speaks TLS to the world and shows `/enforce-tls/` as `/mail/rules/`. */
async function startProxy(t: TestContext, port: number): Promise<string> {
  const proxy = createServer((incoming, outgoing) => {
    const path = (incoming.url ?? '').replace(/^\/mail\/rules/, '/enforce-tls')
    const headers = { ...incoming.headers, 'x-forwarded-proto': 'https', 'x-forwarded-for': '192.0.2.7' }
    const passed = forward({ port, path, headers, method: incoming.method, host: '127.0.0.1' }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(outgoing)
    })
    incoming.pipe(passed)
  })
  await once(proxy.listen(0, '127.0.0.1'), 'listening')
  t.after(() => {
    proxy.close()
    proxy.closeAllConnections()
  })
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/mail/rules/`
}

/** The path that a browser keeps a cookie for which names none (RFC 6265 section 5.1.4). */
function defaultPath(url: string): string {
  const { pathname } = new URL(url)
  return pathname.slice(0, pathname.lastIndexOf('/'))
}

it('a reverse proxy may show the console below another path', async (t) => {
  await using server = await startConsole({ console: { trust_proxy: 'loopback' } })
  const url = await startProxy(t, server.port)
  const client = new Client(url)
  const { status, headers } = await client.signIn('admin', passwordOf('admin'))
  const [cookie = ''] = headers.getSetCookie()
  assert.equal(status, 200)
  assert.match(cookie, /; HttpOnly; Secure; SameSite=Strict$/)
  assert.doesNotMatch(cookie, /path|domain/i)
  assert.equal(defaultPath(`${url}api/session`), '/mail/rules/api')
  assert.equal((await client.put('domains/acme.example', { enabled: true })).status, 200)

  const page = await (await fetch(url)).text()
  const links = [...page.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, link]) => link ?? '')
  assert.ok(links.length > 0)
  for (const link of links) {
    assert.ok(new URL(link, url).href.startsWith(url), link)
    assert.equal((await fetch(new URL(link, url))).status, 200, link)
  }
})
