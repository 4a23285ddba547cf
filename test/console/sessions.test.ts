import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { hashPassword } from '../../plugins/enforce-tls/console/auth/password.js'
import type { Client, Failure } from './client.js'
import { assertSessionsBounded } from './bounded-sessions.js'
import { passwordOf, startConsole, USERS, type ConsoleServer } from './console-server.js'

const NEW = 'another long password'

async function status(client: Client): Promise<number> {
  return (await client.get('session')).status
}

/** The milliseconds of CPU time that a sign-in takes, since the clock is that of a busy machine: the least of some. */
async function timeOf(server: ConsoleServer, user: string): Promise<number> {
  const times: number[] = []
  for (let run = 0; run < 3; run++) {
    const begun = process.cpuUsage()
    await server.client().signIn(user, 'not the password')
    times.push(process.cpuUsage(begun).user / 1000)
  }
  return Math.min(...times)
}

describe('a sign-in', () => {
  it('gives a cookie for this console only, out of reach of scripts and other sites', async () => {
    await using server = await startConsole()
    const { headers } = await server.client().signIn('admin', passwordOf('admin'))
    const [cookie = '', ...others] = headers.getSetCookie()
    assert.deepEqual(others, [])
    assert.match(cookie, /^enforce-tls-session=[\w-]{43}; HttpOnly; SameSite=Strict$/)
  })

  it('gives a Secure cookie where a trusted proxy says https, and only then', async () => {
    for (const [trust_proxy, secure] of [
      ['false', false],
      ['192.0.2.1', false],
      ['loopback', true],
      [1, true],
    ] as const) {
      await using server = await startConsole({ console: { trust_proxy } })
      const body = { user: 'admin', password: passwordOf('admin') }
      const { headers } = await server.client().post('session', body, { 'x-forwarded-proto': 'https' })
      assert.equal(headers.getSetCookie()[0]?.includes('; Secure'), secure, String(trust_proxy))
    }
  })

  it('never continues a session that was there before', async () => {
    await using server = await startConsole()
    const client = await server.signedIn('acme')
    const planted = client.cookie
    const victim = server.client()
    victim.cookie = planted
    await victim.signIn('admin', passwordOf('admin'))
    assert.notEqual(victim.cookie, planted)
    assert.deepEqual([await status(victim), await status(client)], [200, 401])
    const madeUp = server.client()
    madeUp.cookie = `enforce-tls-session=${'A'.repeat(43)}`
    assert.equal(await status(madeUp), 401)
    await madeUp.signIn('admin', passwordOf('admin'))
    assert.notEqual(madeUp.cookie, `enforce-tls-session=${'A'.repeat(43)}`)
  })

  it('takes no form of another site: only JSON, and never across sites', async () => {
    await using server = await startConsole()
    const body = JSON.stringify({ user: 'admin', password: passwordOf('admin') })
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', null])
      assert.equal((await server.client().post('session', body, { 'content-type': type })).status, 415)
    const crossSite = { 'sec-fetch-site': 'cross-site' }
    assert.equal((await server.client().post('session', body, crossSite)).status, 403)
  })

  it('tells nothing of whether there is such a user: not in words, not in time', async () => {
    await using server = await startConsole()
    const user = { ...USERS.admin, password: await hashPassword(NEW), changedAt: '2026-01-01T00:00:00Z' }
    await server.accounts.write('users', 'known', null, JSON.stringify(user))
    const [known, unknown, odd] = await Promise.all(
      ['known', 'unknown', 'no <name> at all'].map((name) => server.client().signIn(name, 'wrong')),
    )
    assert.equal(known?.status, 401)
    assert.deepEqual([unknown?.status, unknown?.body], [known.status, known.body])
    assert.deepEqual([odd?.status, odd?.body], [known.status, known.body])
    const [first, second] = [await timeOf(server, 'known'), await timeOf(server, 'unknown')]
    assert.ok(second > first / 2 && first > second / 2, `${first} ms and ${second} ms`)
  })

  it('has to wait after five wrong passwords for a user, also with the right one; others have not', async () => {
    await using server = await startConsole()
    for (let tries = 0; tries < 5; tries++)
      assert.equal((await server.client().signIn('ADMIN', 'wrong')).status, 401)
    const { status: found, headers, body } = await server.client().signIn('admin', passwordOf('admin'))
    assert.equal(found, 429)
    assert.match((body as unknown as Failure).error.message, /Try again in \d+ minutes/)
    const wait = Number(headers.get('retry-after'))
    assert.ok(wait > 800 && wait <= 900, String(wait))
    assert.equal((await server.client().signIn('viewer', passwordOf('viewer'))).status, 200)
  })

  it('counts tries at the same time, and no header hides where they come from', async () => {
    await using server = await startConsole()
    const body = { user: 'admin', password: 'wrong' }
    const tries = Array.from({ length: 12 }, (_, index) =>
      server.client().post('session', body, { 'x-forwarded-for': `192.0.2.${index}` }),
    )
    const statuses = (await Promise.all(tries)).map((answer) => answer.status).sort()
    assert.deepEqual(statuses, [...Array<number>(5).fill(401), ...Array<number>(7).fill(429)])
  })

  it('counts IPv6 clients by their network', async () => {
    await using server = await startConsole({ console: { trust_proxy: 'loopback' } })
    const body = { user: 'admin', password: 'wrong' }
    const from = async (address: string) =>
      (await server.client().post('session', body, { 'x-forwarded-for': address })).status
    for (let tries = 0; tries < 5; tries++) assert.equal(await from(`2001:db8:1:2::${tries}`), 401)
    assert.deepEqual([await from('2001:db8:1:2:ffff::1'), await from('2001:db8:1:3::1')], [429, 401])
  })

  it('has to wait after 200 wrong passwords for a user, wherever they come from', async () => {
    await using server = await startConsole({ console: { trust_proxy: 'loopback' } })
    const from = async (address: string, user: string, password: string) =>
      (await server.client().post('session', { user, password }, { 'x-forwarded-for': address })).status
    for (let n = 0; n < 200; n++) assert.equal(await from(`192.0.2.${n}`, 'admin', 'wrong'), 401)
    assert.equal(await from('198.51.100.1', 'admin', passwordOf('admin')), 429)
    assert.equal(await from('198.51.100.1', 'viewer', passwordOf('viewer')), 200)
  })

  it('counts by the address that a trusted proxy tells', async () => {
    await using server = await startConsole({ console: { trust_proxy: 'loopback' } })
    const body = { user: 'admin', password: 'wrong' }
    const from = async (address: string) =>
      (await server.client().post('session', body, { 'x-forwarded-for': address })).status
    for (let tries = 0; tries < 5; tries++) assert.equal(await from('192.0.2.1'), 401)
    assert.deepEqual([await from('192.0.2.1'), await from('192.0.2.2')], [429, 401])
  })

  it('forgets wrong passwords after the right one', async () => {
    await using server = await startConsole()
    for (let round = 0; round < 3; round++) {
      for (let tries = 0; tries < 4; tries++) await server.client().signIn('admin', 'wrong')
      assert.equal((await server.client().signIn('admin', passwordOf('admin'))).status, 200)
    }
  })
})

describe('a session', () => {
  it('changes things only with its own CSRF token', async () => {
    await using server = await startConsole()
    const client = await server.signedIn('admin')
    const other = await server.signedIn('admin')
    const put = async (token: string | null) => {
      const { status: found, body } = await client.send<Failure>(
        'PUT',
        'domains/acme.example',
        { enabled: true },
        { 'x-csrf-token': token },
      )
      return [found, body.error.code]
    }
    assert.deepEqual(await put(null), [403, 'csrf'])
    assert.deepEqual(await put(''), [403, 'csrf'])
    assert.deepEqual(await put('wrong'), [403, 'csrf'])
    assert.deepEqual(await put(other.csrf), [403, 'csrf'])
    assert.deepEqual((await client.delete('session')).status, 204)
    assert.deepEqual([...(await server.store.services())], [])
  })

  it('ends with sign-out, in the browser and here', async () => {
    await using server = await startConsole()
    const client = await server.signedIn('admin')
    const { headers } = await client.delete('session')
    assert.match(
      headers.getSetCookie()[0] ?? '',
      /^enforce-tls-session=; Max-Age=0; Expires=[^;]+; HttpOnly; SameSite=Strict$/,
    )
    assert.equal(await status(client), 401)
  })

  it('ends with a new password, but the one that set it; the old password is asked for', async () => {
    await using server = await startConsole()
    const [client, elsewhere] = [await server.signedIn('acme'), await server.signedIn('acme')]
    const change = async (old: string, next: string) => {
      const { status: found, body } = await client.put<Failure | undefined>('session/password', {
        old,
        new: next,
      })
      return [found, body?.error.field]
    }
    assert.deepEqual(await change('wrong', NEW), [422, 'old'])
    assert.deepEqual(await change(passwordOf('acme'), 'short'), [422, 'new'])
    assert.deepEqual([await status(client), await status(elsewhere)], [200, 200])
    assert.deepEqual(await change(passwordOf('acme'), NEW), [204, undefined])
    assert.deepEqual([await status(client), await status(elsewhere)], [200, 401])
    assert.equal((await server.client().signIn('acme', passwordOf('acme'))).status, 401)
    assert.equal((await server.client().signIn('acme', NEW)).status, 200)
  })

  it('ends where its user begins more than twenty, the oldest first', async () => {
    await using server = await startConsole()
    await assertSessionsBounded(server)
  })

  it('ends with its user, and with a password that somebody else sets', async () => {
    await using server = await startConsole()
    const [acme, other] = [await server.signedIn('acme'), await server.signedIn('other')]
    await server.addUser('acme', USERS.acme, NEW)
    await server.accounts.write('users', 'other', await server.accounts.read('users', 'other'), null)
    assert.deepEqual([await status(acme), await status(other)], [401, 401])
    await server.addUser('other', USERS.other)
    assert.equal(await status(other), 401)
  })

  it('has the role that its user has now', async () => {
    await using server = await startConsole()
    const client = await server.signedIn('acme')
    const json = await server.accounts.read('users', 'acme')
    const user = JSON.parse(json ?? '') as object
    await server.accounts.write(
      'users',
      'acme',
      json,
      JSON.stringify({ ...user, domains: ['other.example'] }),
    )
    const found = [
      (await client.get('owners/acme.example/rules')).status,
      (await client.get('owners/other.example/rules')).status,
    ]
    assert.deepEqual(found, [404, 200])
  })

  it('ends after it was idle for too long, and in any case some time after the sign-in', async () => {
    await using server = await startConsole()
    const client = await server.signedIn('admin')
    server.set({ sessionIdle: 0 })
    assert.equal(await status(client), 401)
    server.set({ sessionIdle: 60_000 })
    assert.equal(await status(client), 401)
    const again = await server.signedIn('admin')
    server.set({ sessionMax: 0 })
    assert.equal(await status(again), 401)
  })

  it('is kept as a hash', async () => {
    await using server = await startConsole()
    const client = await server.signedIn('admin')
    const text = client.cookie?.split('=')[1] ?? ''
    const { readFile } = await import('node:fs/promises')
    const kept = await readFile(`${server.rulesFile}.sessions.json`, 'utf8')
    assert.ok(text.length === 43 && !kept.includes(text) && kept.includes('"sessions"'))
  })
})
