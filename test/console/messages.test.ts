/** Messages by the API: who may see which, and what is said of their rules. */
import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { toRecord } from '../../plugins/enforce-tls/observe/delivery-log/entry.js'
import { entry } from '../support/evidence-entries.js'
import type { Failure } from './client.js'
import { startConsole, type ConsoleServer } from './console-server.js'

interface Listed {
  readonly messages: readonly {
    readonly uuid: string
    readonly to: readonly string[]
    readonly rules: readonly { readonly name?: string }[]
  }[]
  readonly logBegins: string | null
}

describe('messages by the API', () => {
  let server: ConsoleServer
  before(async () => {
    server = await startConsole()
    const at = new Date(Date.now() - 60_000).toISOString()
    const entries = [
      entry({ at, uuid: 'A.1.1', sender: 'ann@acme.example', to: ['cfo@bank.example'] }),
      entry({ at, uuid: 'B.1.1', from: 'other.example', to: ['cfo@bank.example'] }),
      entry({
        at,
        uuid: 'C.1.1',
        result: 'bounced',
        rules: [{ owner: '*', id: 'all', name: 'Secret name' }],
      }),
      // Came in for two domains at once.
      entry({
        at,
        uuid: 'D.1',
        kind: 'refusal',
        result: 'refused',
        from: 'x.example',
        domain: 'acme.example',
      }),
      entry({
        at,
        uuid: 'D.1',
        kind: 'refusal',
        result: 'refused',
        from: 'x.example',
        domain: 'other.example',
      }),
    ]
    await server.deliveries.append(entries.map(toRecord), 1000)
  })
  after(() => server[Symbol.asyncDispose]())

  const listed = async (user: 'admin' | 'acme' | 'other', query = ''): Promise<string[]> => {
    const { body } = await (await server.signedIn(user)).get<Listed>(`messages?${query}`)
    return body.messages.map(({ uuid }) => uuid).sort()
  }

  it('are those of all for who sees all, and of the own domain for others', async () => {
    assert.deepEqual(await listed('admin'), ['A.1.1', 'B.1.1', 'C.1.1', 'D.1', 'D.1'])
    assert.deepEqual(await listed('acme', 'owner=acme.example'), ['A.1.1', 'C.1.1', 'D.1'])
    assert.deepEqual(await listed('other', 'owner=other.example&to=cfo%40bank.example'), ['B.1.1'])
    assert.equal((await (await server.signedIn('acme')).get('messages')).status, 404)
    assert.equal((await (await server.signedIn('acme')).get('messages?owner=other.example')).status, 404)
  })

  it('are not found one by one where they are of others', async () => {
    const client = await server.signedIn('acme')
    assert.equal((await client.get('messages/A.1.1?owner=acme.example')).status, 200)
    assert.equal((await client.get('messages/B.1.1?owner=acme.example')).status, 404)
    assert.equal((await client.get('messages/A.1.1')).status, 404)
    assert.equal((await client.get('messages/A?owner=acme.example')).status, 404)
  })

  it('name no rule that one may not see', async () => {
    const seen = async (user: 'admin' | 'acme') => {
      const client = await server.signedIn(user)
      const { body } = await client.get<Listed>('messages?owner=acme.example&uuid=C.1.1')
      return body.messages[0]?.rules[0]?.name
    }
    assert.deepEqual(
      [await seen('admin'), await seen('acme')],
      ['Secret name', 'a rule of the whole service'],
    )
  })

  it('come in pages, and say how many there are', async () => {
    const client = await server.signedIn('admin')
    const first = await client.get<Listed>('messages?limit=2')
    assert.equal(first.body.messages.length, 2)
    assert.equal(first.headers.get('x-total-count'), '5')
    assert.match(first.headers.get('link') ?? '', /cursor=2/)
    assert.equal((await client.get('messages?cursor=x')).status, 422)
    assert.equal((await client.get('messages?partner=a%20b')).status, 422)
    assert.equal((await client.get('messages?result=lost')).status, 422)
  })

  it('leave room for others while somebody searches a lot', async () => {
    const [viewer, admin] = [await server.signedIn('viewer'), await server.signedIn('admin')]
    const signals = new EventEmitter()
    const [held, begun] = [once(signals, 'held'), once(signals, 'begun')]
    const { deliveries } = server
    const read = deliveries.read.bind(deliveries)
    let running = 0
    deliveries.read = async function* (...asked) {
      if (++running === 2) signals.emit('begun')
      await held
      yield* read(...asked)
    }
    const asked = Array.from({ length: 10 }, () => viewer.get<Listed & Failure>('messages'))
    await begun
    deliveries.read = read
    assert.equal((await admin.get('messages')).status, 200)
    assert.equal(running, 2)
    signals.emit('held')
    const answers = await Promise.all(asked)
    const refused = answers.filter(({ status }) => status === 503)
    assert.equal(refused.length, 4)
    const [first] = refused
    assert.ok(first)
    assert.equal(first.headers.get('retry-after'), '5')
    assert.match(first.body.error.message, /Wait until they are done, then try again\.$/)
    assert.equal(answers.filter(({ status }) => status === 200).length, 6)
    assert.deepEqual(server.logged, [])
  })
})
