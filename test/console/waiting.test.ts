/** The API of waiting mail: who sees and decides about what, filters, and thousands of messages in pages. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { answerOrders, tellWaiting, waitingRecord } from '../support/waiting-records.js'
import { startConsole, type ConsoleServer } from './console-server.js'

const MESSAGES = 3000

interface Shown {
  readonly id: string
  readonly rules: readonly { readonly owner: string }[]
}

let server: ConsoleServer
let haraka: ReturnType<typeof answerOrders>
before(async () => {
  server = await startConsole({ failure: { allow_release: 'true' } })
  await tellWaiting(server.waiting, 'mta', [
    waitingRecord('acme-1', {
      rules: [
        { owner: '*', id: 'all', name: 'All' },
        { owner: 'acme.example', id: 'payments', name: 'Payments' },
      ],
    }),
    waitingRecord('other-1', { sender: 'bob@other.example', domain: 'clinic.example' }),
    waitingRecord('null-1', { sender: '' }),
  ])
  haraka = answerOrders(server.waiting, 'mta')
})
after(async () => {
  haraka.stop()
  await server[Symbol.asyncDispose]()
})

describe('the API of waiting mail', () => {
  it('shows each the mail of its domains, without the rules that it may not see', async () => {
    const rows = [
      ['admin', ['acme-1', 'null-1', 'other-1']],
      ['viewer', ['acme-1', 'null-1', 'other-1']],
      ['acme', ['acme-1']],
      ['acme-viewer', ['acme-1']],
      ['other', ['other-1']],
    ] as const
    for (const [user, ids] of rows) {
      const { body } = await (await server.signedIn(user)).get<Shown[]>('waiting')
      assert.deepEqual(body.map(({ id }) => id).sort(), ids, user)
    }
    const acme = await server.signedIn('acme')
    const { body } = await acme.get<Shown[]>('waiting')
    assert.deepEqual(
      body[0]?.rules.map(({ owner }) => owner),
      ['acme.example'],
    )
  })

  it('names the mail servers, and counts what is in them, only for those who see everything', async () => {
    type Nodes = { readonly nodes: readonly { readonly name: string; readonly untried: number | null }[] }
    const nodesFor = async (user: 'viewer' | 'acme') =>
      (await (await server.signedIn(user)).get<Nodes>('waiting-nodes')).body.nodes
    const all = await nodesFor('viewer')
    assert.deepEqual(
      all.map(({ name }) => name),
      ['mta.test.example'],
    )
    const own = await nodesFor('acme')
    assert.deepEqual(
      own.map(({ name, untried }) => [name, untried]),
      [['', 0]],
    )
  })

  it('filters by partner, rule and owner', async () => {
    const admin = await server.signedIn('admin')
    const ids = async (query: string) =>
      (await admin.get<Shown[]>(`waiting?${query}`)).body.map(({ id }) => id)
    assert.deepEqual(await ids('partner=Clinic.example'), ['other-1'])
    assert.deepEqual(await ids('rule=all'), ['acme-1'])
    assert.deepEqual(await ids('owner=*&rule=payments'), [])
    assert.equal((await admin.get('waiting?cursor=nonsense')).status, 422)
  })

  it('lets only administrators decide, each about its own mail, and only those of all release', async () => {
    const rows = [
      ['viewer', 'retry', 'acme-1', 403],
      ['acme-viewer', 'fail', 'acme-1', 403],
      ['other', 'retry', 'acme-1', 404],
      ['acme', 'retry', 'acme-1', 200],
      ['acme', 'release', 'acme-1', 403],
      ['admin', 'release', 'acme-1', 200],
      ['admin', 'retry', 'gone-1', 404],
    ] as const
    for (const [user, action, id, status] of rows) {
      const before = haraka.orders.length
      const client = await server.signedIn(user)
      const answer = await client.post<{ id: string; done: boolean }[]>('waiting/orders', {
        action,
        ids: [id],
        reason: 'due today',
      })
      assert.equal(answer.status, status, `${user} ${action} ${id}`)
      assert.equal(haraka.orders.length - before, status === 200 ? 1 : 0, `${user} ${action} ${id}`)
    }
    const admin = await server.signedIn('admin')
    const all = { action: 'release', ids: ['acme-1', 'other-1'], reason: 'due' }
    assert.equal((await admin.post('waiting/orders', all)).status, 422, 'one by one')
    const silent = { action: 'release', ids: ['acme-1'], reason: ' ' }
    assert.equal((await admin.post('waiting/orders', silent)).status, 422, 'with a reason')
  })

  it('orders for what was shown, not for what has become of it', async () => {
    const admin = await server.signedIn('admin')
    const shown = [{ id: 'acme-1', demand: 'as it was', class: 'certificate-expired' }]
    await admin.post('waiting/orders', { action: 'fail', ids: ['acme-1'], shown })
    const order = haraka.orders.at(-1)
    assert.deepEqual([order?.demand, order?.class], ['as it was', 'certificate-expired'])
    const [entry] = shown
    const others = [{ ...entry, id: 'other-1' }]
    for (const wrong of [others, [...shown, { ...entry, demand: 'demand' }], []]) {
      const before = haraka.orders.length
      const refused = await admin.post('waiting/orders', { action: 'fail', ids: ['acme-1'], shown: wrong })
      assert.equal(refused.status, 422, JSON.stringify(wrong))
      assert.equal(haraka.orders.length, before)
    }
    await admin.post('waiting/orders', { action: 'fail', ids: ['acme-1'] })
    assert.deepEqual(
      [haraka.orders.at(-1)?.demand, haraka.orders.at(-1)?.class],
      ['demand', 'starttls-deferred'],
    )
  })

  it(`pages through ${MESSAGES} messages, each once`, async () => {
    await using large = await startConsole()
    const records = Array.from({ length: MESSAGES }, (_, n) =>
      waitingRecord(`m-${n}`, { since: new Date(1_700_000_000_000 + (n % 7)).toISOString() }),
    )
    await tellWaiting(large.waiting, 'mta', records)
    const admin = await large.signedIn('admin')
    const seen = new Set<string>()
    let pages = 0
    for (let next: string | null = 'waiting?limit=1000'; next !== null; pages++) {
      const { body, headers }: { body: Shown[]; headers: Headers } = await admin.get<Shown[]>(next)
      for (const { id } of body) seen.add(id)
      assert.equal(headers.get('x-total-count'), String(MESSAGES))
      const [, query] = /<(\?[^>]*)>/.exec(headers.get('link') ?? '') ?? []
      next = query === undefined ? null : `waiting${query}`
    }
    assert.equal(seen.size, MESSAGES)
    assert.equal(pages, 3)
  })
})
