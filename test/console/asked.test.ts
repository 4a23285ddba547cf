/** A yes counts for what was asked: where a change would do something else by then, it is not made, and asks anew. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import type { Answer, Client, Failure } from './client.js'
import { startConsole, type ConsoleServer } from './console-server.js'

interface Impact {
  readonly asks: boolean
  readonly asked: string
  readonly rules: readonly { readonly sentences: readonly string[] }[]
}

const owner = 'acme.example'
const RULES = 'owners/acme.example/rules'

describe('a change that was asked about', () => {
  let server: ConsoleServer
  let admin: Client
  before(async () => {
    server = await startConsole()
    admin = await server.signedIn('admin')
    for (const domain of [owner, 'other.example']) await admin.put(`domains/${domain}`, { enabled: true })
  })
  after(() => server[Symbol.asyncDispose]())

  const make = async (to: string, level: string, more: object = {}, of = owner) => {
    const rule = { name: `${level} to ${to}`, criteria: { to: { matchesAny: [to] } }, ...more }
    const actions = { relayWithTls: { level } }
    const { status, body } = await admin.post<{ id: string; etag: string }>(`owners/${of}/rules`, {
      rule: { ...rule, actions },
    })
    assert.equal(status, 201, JSON.stringify(body))
    return { ...body, rule: { ...rule, actions } }
  }
  /** A group of one partner, as others change it. */
  const group = async (name: string, ...patterns: readonly string[]) => {
    const etag = (await admin.get(`groups/${name}`)).etag
    const { status } = await admin.put(`groups/${name}`, { patterns }, etag === '' ? undefined : etag)
    assert.ok(status < 300)
  }
  const latest = async (field: string): Promise<string> =>
    (await admin.get<readonly { id: string; field: string }[]>('history?limit=50')).body.find(
      (each) => each.field === field,
    )?.id ?? ''
  const ask = async (change: object) => (await admin.post<Impact>('impact', change)).body
  type Send = (headers: Record<string, string>) => Promise<Answer>

  /** Asks, has others change the group, and sends: refused, until it is asked again. */
  const holds = async (change: object, others: () => Promise<unknown>, send: Send) => {
    const first = await ask(change)
    await others()
    const stored = readFileSync(server.rulesFile, 'utf8')
    const refused = (await send({ 'x-asked': first.asked })) as Answer<Failure>
    assert.deepEqual(
      [refused.status, refused.body.error.code],
      [412, 'asks-anew'],
      JSON.stringify(refused.body),
    )
    assert.equal(readFileSync(server.rulesFile, 'utf8'), stored, 'nothing is written')
    const second = await ask(change)
    assert.notEqual(second.asked, first.asked)
    const done = await send({ 'x-asked': second.asked })
    assert.ok(done.status < 300, JSON.stringify(done.body))
  }

  it('is an exemption for a group that others add a partner to, and is not switched on for that one', async () => {
    await group('g', 'other-bank.example')
    const { id, etag } = await make('group:g', 'none')
    await holds(
      { owner, id, enabled: true },
      () => group('g', 'other-bank.example', 'plain.example'),
      (headers) => admin.post(`${RULES}/${id}/enabled`, { enabled: true }, { 'if-match': etag, ...headers }),
    )
  })

  it('and the same for each other way', async () => {
    await group('h', 'other-bank.example')
    let members = 1
    const grow = async () => {
      members++
      await group('h', ...Array.from({ length: members }, (_, n) => `partner${n}.example`))
    }
    const on = { enabled: true }

    const edited = await make('free.example', 'none', on)
    const wider = { ...edited.rule, criteria: { to: { matchesAny: ['free.example', 'group:h'] } } }
    const put = (headers: Record<string, string>) =>
      admin.send('PUT', `${RULES}/${edited.id}`, { rule: wider }, { 'if-match': edited.etag, ...headers })
    await holds({ owner, id: edited.id, rule: wider }, grow, put)

    const removed = await make('group:h', 'none', on)
    await holds({ owner, id: removed.id, remove: true }, grow, (headers) =>
      admin.send('DELETE', `${RULES}/${removed.id}`, undefined, { 'if-match': removed.etag, ...headers }),
    )

    const undone = await latest(removed.id)
    await holds({ undo: undone }, grow, (headers) => admin.post(`history/${undone}/undo`, {}, headers))

    const some = [await make('group:h', 'none'), await make('x.example', 'none')]
    const rules = some.map(({ id, etag }) => ({ id, etag }))
    await holds(
      { several: { action: 'enable', rules: some.map(({ id }) => ({ owner, id })) } },
      grow,
      (headers) => admin.post(`${RULES}/changes`, { action: 'enable', rules }, headers),
    )

    await group('i', 'a.example')
    await holds(
      { group: 'i', patterns: ['a.example', 'b.example'] },
      () => make('group:i', 'none', on),
      (headers) =>
        admin
          .get('groups/i')
          .then(({ etag }) =>
            admin.send(
              'PUT',
              'groups/i',
              { patterns: ['a.example', 'b.example'] },
              { 'if-match': etag, ...headers },
            ),
          ),
    )

    const other = 'other.example'
    const switchTo = (enabled: boolean) => async (headers: Record<string, string>) => {
      const { etag } = await admin.get(`domains/${other}`)
      return admin.send('PUT', `domains/${other}`, { enabled }, { 'if-match': etag, ...headers })
    }
    await switchTo(false)({})
    const sleeping = await server.store.readOwner(other)
    assert.equal(sleeping.rules.size, 0)
    await holds(
      { domain: other, enabled: true },
      () =>
        server.store.writeRules(other, [{ id: 'a', expected: null, value: stored('late.example') }], {
          by: 'x',
        }),
      switchTo(true),
    )
    await holds(
      { domain: other, remove: true },
      () =>
        server.store.writeRules(other, [{ id: 'b', expected: null, value: stored('later.example') }], {
          by: 'x',
        }),
      async (headers) => {
        const { etag } = await admin.get(`domains/${other}`)
        return admin.send('DELETE', `domains/${other}`, undefined, { 'if-match': etag, ...headers })
      },
    )
  })

  it('is a move past a rule that others change meanwhile', async () => {
    await group('m', 'm1.example')
    const exempt = await make('group:m', 'none', { enabled: true })
    const strict = await make('m.example', 'encrypt', { enabled: true })
    await holds(
      { owner, id: strict.id, move: { before: exempt.id } },
      () => group('m', 'm1.example', 'm.example'),
      (headers) =>
        admin.post(
          `${RULES}/${strict.id}/move`,
          { before: exempt.id },
          { 'if-match': strict.etag, ...headers },
        ),
    )
  })

  it('is not made beside another one that makes more of it at the same moment', async () => {
    await group('r', 'other-bank.example')
    const { id, etag } = await make('group:r', 'none')
    const patterns = ['other-bank.example', 'plain.example']
    const [on, grown] = [await ask({ owner, id, enabled: true }), await ask({ group: 'r', patterns })]
    assert.deepEqual([on.asks, grown.asks], [true, false])
    const seen = (await admin.get('groups/r')).etag
    const both = await Promise.all([
      admin.post(`${RULES}/${id}/enabled`, { enabled: true }, { 'if-match': etag, 'x-asked': on.asked }),
      admin.send('PUT', 'groups/r', { patterns }, { 'if-match': seen, 'x-asked': grown.asked }),
    ])
    assert.deepEqual(both.map(({ status }) => status).sort(), [200, 412])
  })

  it('asks nothing where nothing was asked, and is made without a word about that as before', async () => {
    const off = await make('quiet.example', 'encrypt')
    const asked = await ask({ owner, id: off.id, enabled: false })
    assert.deepEqual([asked.asks, asked.asked], [false, 'nothing'])
    // Nobody was asked, so it is not made what asks.
    const refused = await admin.post<Failure>(
      `${RULES}/${off.id}/enabled`,
      { enabled: true },
      { 'x-asked': 'nothing' },
    )
    assert.deepEqual([refused.status, refused.body.error.code], [412, 'asks-anew'])
    assert.match(refused.body.error.message, /has changed since you were asked, so nothing was written/)
    assert.equal((await admin.post(`${RULES}/${off.id}/enabled`, { enabled: true })).status, 200)
  })
})

function stored(to: string): string {
  return JSON.stringify({
    name: to,
    direction: 'outgoing',
    enabled: true,
    position: to.length,
    criteria: { to: { matchesAny: [to] } },
    actions: { relayWithTls: { level: 'encrypt' } },
  })
}
