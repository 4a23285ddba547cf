/** The history by the API: filtered, and what became of each change. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { startConsole } from './console-server.js'

interface Entry {
  readonly id: string
  readonly by: string
  readonly field: string
  readonly standing: string
  readonly next: { readonly by: string } | null
}

const RULE = {
  name: 'Bank needs TLS',
  criteria: { to: { matchesAny: ['bank.example'] } },
  actions: { relayWithTls: { level: 'encrypt' } },
}

describe('the history', () => {
  it('is filtered by person, rule and period, and says what became of changes outside of the filter', async () => {
    await using server = await startConsole()
    const [admin, acme] = [await server.signedIn('admin'), await server.signedIn('acme')]
    await admin.put('domains/acme.example', { enabled: true })
    await admin.put('groups/banks', { patterns: ['bank.example'] })
    const { body: made } = await acme.post<{ id: string }>('owners/acme.example/rules', { rule: RULE })
    const list = async (query: string, client = admin) => (await client.get<Entry[]>(`history?${query}`)).body
    const [created] = await list('by=ACME')
    assert.deepEqual([created?.by, created?.field, created?.standing], ['acme', made.id, 'latest'])
    assert.equal((await admin.post(`history/${created?.id ?? ''}/undo`)).status, 200)
    const mine = await list('by=acme')
    assert.deepEqual(
      mine.map(({ standing, next }) => [standing, next?.by]),
      [['undone', 'admin']],
    )
    for (const [query, count] of [
      [`rule=${made.id}`, 2],
      ['rule=needs%20tls', 2],
      ['rule=banks', 0],
      ['by=nobody', 0],
      // Another person's name may have it in it.
      ['by=acm', 0],
      ['by=cme', 0],
      ['since=1d', 4],
      ['since=2020-01-01&until=2020-12-31', 0],
      ['by=admin&rule=bank', 1],
      // Pages keep the filter.
      ['by=admin&limit=1', 1],
    ] as const)
      assert.equal((await list(query)).length, count, query)
    assert.equal((await admin.get('history?since=soon')).status, 422)
    // What one may not see is not there under any filter.
    assert.deepEqual(
      (await list('by=admin', await server.signedIn('other'))).map(({ field }) => field),
      [],
    )
  })
})
