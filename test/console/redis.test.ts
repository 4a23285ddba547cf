import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startRedis, type RedisServer } from '../support/redis-server.js'
import { assertSessionsBounded } from './bounded-sessions.js'
import type { Failure } from './client.js'
import { passwordOf, startConsole, type ConsoleServer } from './console-server.js'

describe('two consoles on one Redis', () => {
  let redis: RedisServer
  let one: ConsoleServer
  let two: ConsoleServer
  before(async () => {
    redis = await startRedis()
    one = await startConsole({ redis: redis.url })
    two = await startConsole({ redis: redis.url })
  })
  after(async () => {
    await one[Symbol.asyncDispose]()
    await two[Symbol.asyncDispose]()
    await redis.close()
  })

  it('have the same sessions, with their CSRF tokens, and their end', async () => {
    const here = await one.signedIn('admin')
    const there = two.client()
    there.cookie = here.cookie
    assert.equal((await there.put('domains/acme.example', { enabled: true })).status, 403)
    there.csrf = here.csrf
    assert.equal((await there.put('domains/acme.example', { enabled: true })).status, 200)
    assert.equal((await there.delete('session')).status, 204)
    assert.equal((await here.get('session')).status, 401)
  })

  it('keep sessions for a time, and nothing that one could sign in with', async () => {
    const client = await one.signedIn('viewer')
    const [key = ''] = (await redis.cli('KEYS', 'enforce-tls:session:*')).split('\n')
    const left = Number(await redis.cli('PTTL', key))
    assert.ok(left > 1_700_000 && left <= 1_800_000, String(left))
    assert.ok(!key.includes(client.cookie?.split('=')[1] ?? '?'))
  })

  it('count wrong passwords together', async () => {
    for (const server of [one, two, one, two, one])
      assert.equal((await server.client().signIn('other', 'wrong')).status, 401)
    assert.equal((await two.client().signIn('other', passwordOf('other'))).status, 429)
    assert.equal((await one.client().signIn('acme', passwordOf('acme'))).status, 200)
  })

  it('bound the sessions of a user, and forget those that have ended', async () => {
    await assertSessionsBounded(one)
    assert.equal((await redis.cli('HLEN', 'enforce-tls:sessions-of:admin')).trim(), '20')
  })

  it('note nothing of the names that a blocked address tries', async () => {
    await using server = await startConsole({ redis: redis.url, console: { trust_proxy: 'loopback' } })
    const tried = async (user: string) =>
      (await server.client().post('session', { user, password: 'wrong' }, { 'x-forwarded-for': '192.0.2.7' }))
        .status
    for (let n = 0; n < 50; n++) assert.equal(await tried(`name${n}`), 401)
    const before = (await redis.cli('DBSIZE')).trim()
    for (let n = 50; n < 100; n++) assert.equal(await tried(`name${n}`), 429)
    assert.equal((await redis.cli('DBSIZE')).trim(), before)
  })

  it('make one of two changes at the same time', async () => {
    const [here, there] = [await one.signedIn('admin'), await two.signedIn('admin')]
    const { etag } = await here.get('domains/acme.example')
    const answers = await Promise.all([
      here.put('domains/acme.example', { enabled: false }, etag),
      there.put('domains/acme.example', { enabled: false }, etag),
    ])
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 412])
  })

  it('show all other domains beside one whose rules are no hash', async () => {
    await redis.cli('SET', 'enforce-tls:rules:broken.example', 'text')
    const client = await one.signedIn('admin')
    const { status, body } = await client.get<{ domain: string; problems: string[] }[]>('domains')
    assert.equal(status, 200)
    assert.deepEqual(
      body.map(({ domain }) => domain),
      ['*', 'acme.example', 'broken.example'],
    )
    assert.match(body[2]?.problems.join() ?? '', /key enforce-tls:rules:broken\.example is not a hash/)
    await redis.cli('DEL', 'enforce-tls:rules:broken.example')
  })

  it('name the rules of an owner that cannot be read wherever they may be meant, and show the others', async () => {
    const admin = await one.signedIn('admin')
    await admin.put('groups/banks', { patterns: ['bank.example'] })
    for (const domain of ['broken.example', 'other.example'])
      await admin.put(`domains/${domain}`, { enabled: true })
    const rule = {
      name: 'To banks',
      criteria: { to: { matchesAny: ['group:banks'] } },
      actions: { relayWithTls: { level: 'encrypt' } },
    }
    for (const owner of ['other.example', 'bob@broken.example', '*'])
      assert.equal((await admin.post(`owners/${owner}/rules`, { rule })).status, 201, owner)
    await redis.cli('SET', 'enforce-tls:rules:broken.example', 'text')
    const says = /key enforce-tls:rules:broken\.example/
    type Unread = { readonly unread: readonly string[] }
    for (const path of ['search?q=banks', 'groups/banks', 'group-uses']) {
      const { status, body } = await admin.get<Unread>(path)
      assert.equal(status, 200, path)
      assert.equal(body.unread.length, 1, path)
      assert.match(body.unread[0] ?? '', says)
    }
    assert.equal((await admin.get<{ complete: boolean }>('search?q=banks')).body.complete, false)
    for (const query of ['', '?text=bank']) {
      const { status, body } = await admin.get<{ owner: string; id: string; problem: string }[]>(
        `rules${query}`,
      )
      assert.equal(status, 200, query)
      assert.deepEqual(
        body.map(({ owner, id }) => `${owner}${id === '' ? ' unread' : ''}`),
        ['*', 'bob@broken.example', 'broken.example unread', 'other.example'],
      )
      assert.match(body[2]?.problem ?? '', says)
    }
    const acme = await one.signedIn('acme')
    const { body } = await acme.get<Unread>('group-uses')
    assert.deepEqual(body.unread, ['Some rules of others cannot be read.'])
    assert.deepEqual((await acme.get<Unread>('search?q=banks')).body.unread, [])
    await redis.cli('DEL', 'enforce-tls:rules:broken.example')
  })

  it('tell nobody where the Redis is when it is away', async () => {
    const client = await one.signedIn('admin')
    await redis.stop()
    const { status, body } = await client.get<Failure>('session')
    assert.deepEqual([status, body.error.code], [503, 'store-unavailable'])
    assert.doesNotMatch(JSON.stringify(body), /127\.0\.0\.1|redis/i)
    assert.ok(one.logged.some((line) => line.includes('redis://127.0.0.1')))
  })
})
