import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { FileStore } from '../../plugins/enforce-tls/store/file/rule-store.js'
import { storedRule } from '../support/rules.js'
import type { Answer, Client, Failure } from './client.js'
import { startConsole, type ConsoleServer } from './console-server.js'

const RULES = 'owners/acme.example/rules'

let server: ConsoleServer
let client: Client
before(async () => {
  server = await startConsole()
  client = await server.signedIn('admin')
  for (const name of ['acme', 'beta', 'gamma']) {
    await server.store.writeService(`${name}.example`, null, '{"enabled":true}', { by: 'ann' })
    await server.store.writeGroup(name, null, '["bank.example"]', { by: 'ann' })
  }
  const rules = ['a', 'b', 'c', 'd', 'e'].map((id, n) => ({
    id,
    expected: null,
    value: JSON.stringify(storedRule({ to: ['bank.example'], position: n + 1 })),
  }))
  // Also what is no rule has its place: the last.
  await new FileStore(server.rulesFile).writeRules('acme.example', [
    ...rules,
    { id: '0', expected: null, value: '"none"' },
  ])
})
after(() => server[Symbol.asyncDispose]())

/** What `Link` says of the next page. */
function nextOf({ headers }: Answer): string | null {
  return /^<(\?[^>]*)>; rel="next"$/.exec(headers.get('link') ?? '')?.[1] ?? null
}

async function pages<T>(path: string, of: (body: never) => readonly T[]): Promise<T[][]> {
  const found: T[][] = []
  for (let query: string | null = '?limit=2'; query !== null;) {
    const answer: Answer<never> = await client.get<never>(`${path}${query}`)
    found.push([...of(answer.body)])
    query = nextOf(answer)
  }
  return found
}

describe('a list in pages', () => {
  it('has every domain, group, rule and change once, in order', async () => {
    const names = await pages('domains', (body: { domain: string }[]) => body.map(({ domain }) => domain))
    assert.deepEqual(names, [
      ['*', 'acme.example'],
      ['beta.example', 'gamma.example'],
    ])
    const groups = await pages('groups', (body: { name: string }[]) => body.map(({ name }) => name))
    assert.deepEqual(groups, [['acme', 'beta'], ['gamma']])
    const rules = await pages(RULES, ({ rules: list }: { rules: { id: string }[] }) =>
      list.map(({ id }) => id),
    )
    assert.deepEqual(rules, [
      ['a', 'b'],
      ['c', 'd'],
      ['e', '0'],
    ])
    const fields = await pages('history', (body: { field: string }[]) => body.map(({ field }) => field))
    assert.deepEqual(fields, [
      ['gamma', 'gamma.example'],
      ['beta', 'beta.example'],
      ['acme', 'acme.example'],
    ])
  })

  it('says how many there are, and on one page everything as before', async () => {
    const answer = await client.get<{ rules: unknown[] }>(RULES)
    assert.deepEqual([answer.body.rules.length, nextOf(answer)], [6, null])
    assert.equal(answer.headers.get('x-total-count'), '6')
    assert.equal((await client.get<unknown[]>('history?count=3')).body.length, 3)
  })

  it('goes on behind a place, also where what was there has gone', async () => {
    const first = await client.get<{ rules: { id: string }[] }>(`${RULES}?limit=3`)
    const c = await server.store.readOwner('acme.example')
    await server.store.writeRules('acme.example', [
      { id: 'c', expected: c.rules.get('c') ?? null, value: null },
    ])
    const second = await client.get<{ rules: { id: string }[] }>(`${RULES}${nextOf(first) ?? ''}`)
    assert.deepEqual(
      [first, second].map(({ body }) => body.rules.map(({ id }) => id)),
      [
        ['a', 'b', 'c'],
        ['d', 'e', '0'],
      ],
    )
    assert.notEqual(first.etag, second.etag)
  })

  it('ends before it gets too long to be sent', async () => {
    const long = JSON.stringify(Array.from({ length: 40_000 }, (_, n) => `bank${n}.example`))
    for (const name of ['long1', 'long2']) await server.store.writeGroup(name, null, long)
    const answer = await client.get<{ name: string }[]>('groups')
    assert.deepEqual(
      answer.body.map(({ name }) => name),
      ['acme', 'beta', 'gamma', 'long1'],
    )
    const rest = await client.get<{ name: string }[]>(`groups${nextOf(answer) ?? ''}`)
    assert.deepEqual([rest.body[0]?.name, nextOf(rest)], ['long2', null])
  })

  it('is refused where the place makes no sense', async () => {
    for (const path of [
      `${RULES}?cursor=nowhere`,
      'history?cursor=nowhere',
      'groups?limit=0',
      'domains?limit=1001',
    ]) {
      const { status, body } = await client.get<Failure>(path)
      assert.deepEqual([status, body.error.code], [422, 'invalid'], path)
    }
  })
})
