/** Users, tokens and sessions by the API: who may change them, and what ends with it; on a rules file and on a Redis. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { newToken } from '../../plugins/enforce-tls/console/auth/account.js'
import { startRedis, type RedisServer } from '../support/redis-server.js'
import type { Answer, Client, Failure } from './client.js'
import { passwordOf, startConsole, type ConsoleServer } from './console-server.js'

const PASSWORD = 'a very long new password'

interface User {
  readonly name: string
  readonly role: string
  readonly domains: readonly string[]
  readonly passwordSetAt: string | null
  readonly invitedUntil: string | null
  readonly etag: string
}
interface Invitation {
  readonly secret: string
  readonly expiresAt: string
}

let redis: RedisServer
before(async () => {
  redis = await startRedis()
})
after(() => redis.close())

async function etagOf(admin: Client, name: string): Promise<string> {
  return (await admin.get(`users/${name}`)).etag
}

async function remove(admin: Client, name: string): Promise<Answer<Failure>> {
  return admin.delete<Failure>(`users/${name}`, await etagOf(admin, name))
}

async function makeAdmin(server: ConsoleServer, name: string): Promise<Client> {
  await server.addUser(name, { role: 'admin', domains: [] })
  const client = server.client()
  assert.equal((await client.signIn(name, passwordOf(name))).status, 200)
  return client
}

async function makeToken(client: Client, server: ConsoleServer, body: object): Promise<Client> {
  const { status, body: made } = await client.post<{ text: string }>('tokens', body)
  assert.equal(status, 201, JSON.stringify(made))
  const program = server.client()
  program.token = made.text
  return program
}

const status = async (client: Client) => (await client.get('session')).status

for (const kind of ['a rules file', 'a Redis'] as const)
  describe(`people on ${kind}`, () => {
    let server: ConsoleServer
    let other: ConsoleServer
    before(async () => {
      server = await startConsole(kind === 'a Redis' ? { redis: redis.url } : {})
      // Another node, where there can be one.
      other = kind === 'a Redis' ? await startConsole({ redis: redis.url }) : server
    })
    after(async () => {
      await server[Symbol.asyncDispose]()
      if (other !== server) await other[Symbol.asyncDispose]()
    })

    it('are invited once: the invitation sets a password, signs in, and ends', async () => {
      const admin = await server.signedIn('admin')
      const { status: added, body } = await admin.post<{ user: User; invitation: Invitation }>('users', {
        name: 'New@ACME.example',
        role: 'domain-admin',
        domains: ['ACME.example'],
      })
      assert.equal(added, 201)
      const { user, invitation } = body
      assert.deepEqual(
        [user.name, user.role, user.domains, user.passwordSetAt, user.invitedUntil],
        ['new@acme.example', 'domain-admin', ['acme.example'], null, invitation.expiresAt],
      )
      const accept = (client: Client, secret: string, password: string) =>
        client.post<{ csrf: string }>('invitation', { name: 'new@acme.example', secret, password })
      const browser = other.client()
      assert.equal((await accept(browser, 'guessed', PASSWORD)).status, 422)
      assert.equal((await accept(browser, invitation.secret, 'short')).status, 422)
      const { headers, status: accepted } = await accept(browser, invitation.secret, PASSWORD)
      assert.equal(accepted, 200)
      browser.cookie = headers.getSetCookie()[0]?.split(';')[0] ?? null
      assert.equal(await status(browser), 200)
      const again = await accept(server.client(), invitation.secret, 'another long password')
      assert.equal(again.status, 422)
      assert.match(JSON.stringify(again.body), /This invitation is not valid, or was used already\./)
      assert.equal((await server.client().signIn('new@acme.example', PASSWORD)).status, 200)
      const stored = (await server.accounts.read('users', 'new@acme.example')) ?? ''
      assert.doesNotMatch(stored, /invitation|pending/)
      assert.ok(!stored.includes(invitation.secret))
    })

    it('that are removed have no session and no token any more, on any node; nor has a later namesake', async () => {
      const admin = await server.signedIn('admin')
      const leaving = await makeAdmin(server, 'leaving')
      const there = other.client()
      there.cookie = leaving.cookie
      const program = await makeToken(leaving, other, { name: 'crm', role: 'admin', domains: [] })
      assert.deepEqual([await status(there), await status(program)], [200, 200])
      const removed = await admin.delete<{ endedTokens: string[] }>(
        'users/leaving',
        await etagOf(admin, 'leaving'),
      )
      assert.deepEqual([removed.status, removed.body.endedTokens], [200, ['crm']])
      assert.deepEqual([await status(there), await status(program)], [401, 401])
      await makeAdmin(server, 'leaving')
      assert.deepEqual([await status(there), await status(program)], [401, 401])
      await remove(admin, 'leaving')
    })

    it('that are no administrators any more have no token that they made as such', async () => {
      const admin = await server.signedIn('admin')
      const demoted = await makeAdmin(server, 'demoted')
      const program = await makeToken(demoted, other, { name: 'all', role: 'admin', domains: [] })
      const set = async (role: string) =>
        (await admin.put('users/demoted', { role, domains: [] }, await etagOf(admin, 'demoted'))).status
      assert.equal(await set('viewer'), 200)
      assert.equal(await status(program), 401)
      assert.equal((await demoted.get('users')).status, 403)
      assert.equal(await set('admin'), 200)
      assert.equal(await status(program), 401)
      await remove(admin, 'demoted')
    })

    it('keep the last administrator, also where two remove each other at the same moment', async () => {
      const admin = await server.signedIn('admin')
      const { body } = await admin.post<{ invitation: Invitation }>('users', {
        name: 'invited',
        role: 'admin',
        domains: [],
      })
      // One who was only invited cannot sign in yet.
      assert.ok(body.invitation.secret)
      const demote = async (client: Client, name: string) =>
        client.put<Failure>(`users/${name}`, { role: 'viewer', domains: [] }, await etagOf(client, name))
      const refused = await demote(admin, 'admin')
      assert.deepEqual([refused.status, refused.body.error.code], [409, 'last-admin'])
      assert.match(refused.body.error.message, /^User "admin" is the last administrator who can sign in; /)
      assert.equal((await remove(admin, 'admin')).status, 409)
      const second = await makeAdmin(other, 'second')
      const [mine, theirs] = [await etagOf(admin, 'second'), await etagOf(second, 'admin')]
      const statuses = await Promise.all([
        admin.delete('users/second', mine),
        second.put('users/admin', { role: 'viewer', domains: [] }, theirs),
      ])
      assert.equal(statuses.filter((each) => each.status === 200).length, 1)
      await server.addUser('admin', { role: 'admin', domains: [] })
      const again = await server.signedIn('admin')
      await remove(again, 'second')
      await remove(again, 'invited')
    })

    it('leave nothing behind that counts, where a removal did not come to its end', async () => {
      const admin = await server.signedIn('admin')
      const { accounts } = server
      const { id, text, hash } = newToken()
      const token = {
        role: 'admin',
        domains: [],
        name: 'left',
        hash,
        createdAt: '2026-11-01',
        createdBy: 'gone',
      }
      await accounts.write('tokens', id, null, JSON.stringify(token))
      const program = server.client()
      program.token = text
      assert.equal(await status(program), 401)
      await admin.post('users', { name: 'gone', role: 'admin', domains: [], password: PASSWORD })
      assert.equal(await status(program), 401)
      const gone = server.client()
      await gone.signIn('gone', PASSWORD)
      const sessions = async () => (await admin.get<unknown[]>('users/gone/sessions')).body.length
      assert.equal(await sessions(), 1)
      // A session from before the password was another one.
      await server.addUser('gone', { role: 'admin', domains: [] })
      assert.equal(await sessions(), 0)
      await remove(admin, 'gone')
    })

    it('are written only while a witness is as it was read', async () => {
      const { accounts } = server
      const [viewer, acme] = [await accounts.read('users', 'viewer'), await accounts.read('users', 'acme')]
      const late = { name: 'acme', json: '{}' }
      await assert.rejects(accounts.write('users', 'viewer', viewer, null, late), { code: 'STORE_CONFLICT' })
      assert.equal(await accounts.read('users', 'viewer'), viewer)
      await accounts.write('users', 'viewer', viewer, viewer, { name: 'acme', json: acme ?? '' })
    })

    it('are changed only as they were seen', async () => {
      const admin = await server.signedIn('admin')
      const etag = await etagOf(admin, 'viewer')
      const body = { role: 'viewer', domains: ['acme.example'] }
      assert.equal((await admin.put('users/viewer', body)).status, 428)
      assert.equal((await admin.put('users/viewer', body, etag)).status, 200)
      for (const late of [
        await admin.put('users/viewer', { role: 'admin', domains: [] }, etag),
        await admin.delete('users/viewer', etag),
        await admin.put('users/viewer/password', { password: PASSWORD }, etag),
        await admin.post('users/viewer/invitation', undefined, { 'if-match': etag }),
      ])
        assert.equal(late.status, 412)
      assert.equal((await admin.put('users/nobody', body, etag)).status, 404)
    })

    it('get a new password from an administrator; sessions end; nobody sets their own so', async () => {
      const admin = await server.signedIn('admin')
      const acme = await server.signedIn('acme')
      const set = async (name: string, password: string) =>
        (await admin.put<Failure>(`users/${name}/password`, { password }, await etagOf(admin, name))).status
      assert.equal(await set('acme', 'short'), 422)
      assert.equal(await set('acme', PASSWORD), 200)
      assert.equal(await status(acme), 401)
      assert.equal((await server.client().signIn('acme', PASSWORD)).status, 200)
      assert.equal(await set('admin', PASSWORD), 409)
      const own = await admin.post('users/admin/invitation', undefined, {
        'if-match': await etagOf(admin, 'admin'),
      })
      assert.equal(own.status, 409)
      await server.addUser('acme', { role: 'domain-admin', domains: ['acme.example'] })
    })

    it('see and end their own sessions; administrators those of all; ids of others end nothing', async () => {
      const [one, two] = [await server.signedIn('other'), await other.signedIn('other')]
      const admin = await server.signedIn('admin')
      type Shown = { id: string; current: boolean; agent: string | null; address: string | null }
      const mine = (await one.get<Shown[]>('sessions')).body
      assert.deepEqual(
        [mine.length, mine.filter(({ current }) => current).length, mine[0]?.address],
        [2, 1, '127.0.0.1'],
      )
      const second = mine.find(({ current }) => !current)?.id ?? ''
      const [key = ''] = [...(await server.accounts.sessionsOf('other')).keys()]
      assert.ok(!JSON.stringify(mine).includes(key))
      const foreign = await server.signedIn('acme-viewer')
      assert.equal((await foreign.delete(`sessions/${second}`)).status, 404)
      assert.equal((await admin.delete(`users/acme/sessions/${second}`)).status, 404)
      assert.equal(await status(two), 200)
      assert.equal((await one.delete(`sessions/${second}`)).status, 204)
      assert.deepEqual([await status(one), await status(two)], [200, 401])
      const third = await server.signedIn('other')
      assert.equal((await one.delete('sessions')).status, 204)
      assert.deepEqual([await status(one), await status(third)], [200, 401])
      assert.equal((await admin.get<Shown[]>('users/other/sessions')).body.length, 1)
      assert.equal((await admin.delete('users/other/sessions')).status, 204)
      assert.equal(await status(one), 401)
    })

    it('have tokens with an end and a last use, which are shown once', async () => {
      const admin = await server.signedIn('admin')
      type Shown = Record<'id' | 'name' | 'expiresAt' | 'usedAt' | 'createdBy', string | null>
      const program = await makeToken(admin, other, {
        name: 'nightly report',
        role: 'viewer',
        domains: [],
        expires: '90d',
      })
      const find = async () =>
        (await admin.get<Shown[]>('tokens')).body.find(({ name }) => name === 'nightly report')
      assert.deepEqual([(await find())?.usedAt, (await find())?.createdBy], [null, 'admin'])
      assert.equal(await status(program), 200)
      const used = await find()
      assert.ok(Date.now() - Date.parse(used?.usedAt ?? '') < 60_000)
      const days = (Date.parse(used?.expiresAt ?? '') - Date.now()) / 86_400_000
      assert.ok(days > 89.9 && days <= 90)
      assert.ok(!JSON.stringify(used).includes(program.token ?? '?'))
      for (const body of [
        { name: 'a\nb', role: 'viewer', domains: [] },
        { name: 'x', role: 'viewer', domains: [], expires: 'soon' },
        { name: 'x', role: 'domain-admin', domains: [] },
      ])
        assert.equal((await admin.post('tokens', body)).status, 422)
      assert.equal((await admin.delete(`tokens/${used?.id ?? ''}`)).status, 204)
      assert.equal(await status(program), 401)
      assert.equal((await admin.delete(`tokens/${used?.id ?? ''}`)).status, 404)
    })

    it('are in the history, with who did it and without secrets', async () => {
      const admin = await server.signedIn('admin')
      type Entry = Record<'key' | 'by' | 'field' | 'id', string> & { differences: string[] }
      const { body } = await admin.get<Entry[]>('history?limit=200')
      const lines = body.map(({ key, by, field, differences }) =>
        [by, key, field, ...differences].join(' | '),
      )
      for (const expected of [
        'admin | users | new@acme.example | invited as domain-admin of acme.example',
        'new@acme.example | users | new@acme.example | password chosen with an invitation',
        'admin | users | leaving | removed; tokens ended: crm',
        'admin | users | demoted | role: admin → viewer; tokens ended: all',
      ])
        assert.ok(lines.includes(expected), `${expected}\n${lines.join('\n')}`)
      assert.doesNotMatch(JSON.stringify(body), /scrypt|etls_|hash/)
      const undo = await admin.post<Failure>(`history/${body[0]?.id ?? ''}/undo`)
      assert.equal(undo.status, 404)
      // It is beside that of rules: a history in an empty store tells of lost rules, and mail would wait.
      assert.deepEqual((await server.store.identity()).traces, [])
      for (const who of ['acme', 'acme-viewer'] as const) {
        const scoped = await server.signedIn(who)
        assert.deepEqual((await scoped.get<Entry[]>('history')).body, [])
      }
    })
  })

describe('a token', () => {
  it('of an administrator makes no users, tokens or sessions, and sees none', async () => {
    await using server = await startConsole()
    const admin = await server.signedIn('admin')
    const program = await makeToken(admin, server, { name: 'all', role: 'admin', domains: [] })
    const etag = await etagOf(admin, 'viewer')
    for (const { status: found } of [
      await program.get('users'),
      await program.get('tokens'),
      await program.get('users/admin/sessions'),
      await program.post('users', { name: 'x', role: 'admin', domains: [], password: PASSWORD }),
      await program.post('tokens', { name: 'x', role: 'admin', domains: [] }),
      await program.put('users/viewer', { role: 'admin', domains: [] }, etag),
      await program.put('users/viewer/password', { password: PASSWORD }, etag),
      await program.delete('users/viewer', etag),
      await program.delete('users/admin/sessions'),
      await program.get('sessions'),
    ])
      assert.equal(found, 403)
    assert.equal((await program.get('history')).status, 200)
  })
})

describe('an invitation', () => {
  it('is guessed from one address only so often, and ends after a week', async () => {
    await using server = await startConsole()
    const admin = await server.signedIn('admin')
    const { body } = await admin.post<{ invitation: Invitation }>('users', {
      name: 'new',
      role: 'viewer',
      domains: [],
    })
    const days = (Date.parse(body.invitation.expiresAt) - Date.now()) / 86_400_000
    assert.ok(days > 6.9 && days <= 7)
    const guess = async () =>
      (await server.client().post('invitation', { name: 'new', secret: 'x', password: PASSWORD })).status
    for (let n = 0; n < 50; n++) assert.equal(await guess(), 422)
    assert.equal(await guess(), 429)
  })
})
