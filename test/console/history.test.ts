/** The history by the API: filtered, and what became of each change. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import type { Failure } from './client.js'
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

  interface Made {
    readonly id: string
    readonly etag: string
    readonly rule: { readonly name: string; readonly position: number }
  }
  const RULES = 'owners/acme.example/rules'

  it('brings a deleted rule back to its place, before the one that has its position by now', async () => {
    await using server = await startConsole()
    const admin = await server.signedIn('admin')
    await admin.put('domains/acme.example', { enabled: true })
    const make = async (name: string, position: number, level = 'encrypt'): Promise<Made> => {
      const actions = { relayWithTls: { level } }
      const answer = await admin.post<Made>(RULES, { rule: { ...RULE, name, position, actions } })
      assert.equal(answer.status, 201, JSON.stringify(answer.body))
      return answer.body
    }
    const listed = async () =>
      (await admin.get<{ rules: readonly Made[] }>(RULES)).body.rules.map(
        ({ rule: { name, position } }) => `${position} ${name}`,
      )
    await make('First', 1)
    const gone = await make('Gone', 2)
    await make('Third', 3)
    await make('Far', 7)
    assert.equal((await admin.delete(`${RULES}/${gone.id}`, gone.etag)).status, 204)
    const [deletion] = (await admin.get<Entry[]>('history?limit=1')).body
    const taken = await make('Taken', 2, 'none')
    const path = `history/${deletion?.id ?? ''}/undo`
    const { status, body } = await admin.post<{ places: readonly string[] }>(path)
    assert.equal(status, 200, JSON.stringify(body))
    assert.deepEqual(await listed(), ['1 First', '2 Gone', '3 Taken', '4 Third', '7 Far'])
    assert.deepEqual(body.places, [
      `Rule ${gone.id} of acme.example (Gone) is number 2 of 5, before rule ${taken.id} (Taken), which has had its position since.`,
    ])
    // One step: taken back, all is as it was.
    const [undone] = (await admin.get<Entry[]>('history?limit=1')).body
    assert.equal((await admin.post(`history/${undone?.id ?? ''}/undo`)).status, 200)
    assert.deepEqual(await listed(), ['1 First', '2 Taken', '3 Third', '7 Far'])
    // Past an entry that is not valid no rule is moved: nobody knows what it would do there.
    const document = JSON.parse(readFileSync(server.rulesFile, 'utf8')) as { rules: Record<string, object> }
    const rules = { ...document.rules['acme.example'], broken: { name: 'Broken', position: 3 } }
    writeFileSync(server.rulesFile, JSON.stringify({ ...document, rules: { 'acme.example': rules } }))
    const refused = await admin.post<Failure>(path)
    assert.deepEqual([refused.status, refused.body.error.code], [409, 'no-position'])
    assert.match(refused.body.error.message, /cannot be moved past an entry that is not valid/)
  })

  it('brings the rules of a removed domain back although the domain is there again', async () => {
    await using server = await startConsole()
    const admin = await server.signedIn('admin')
    await admin.put('domains/acme.example', { enabled: true })
    const { body: made } = await admin.post<Made>(RULES, { rule: RULE })
    const remove = async () =>
      admin.delete('domains/acme.example', (await admin.get('domains/acme.example')).etag)
    assert.equal((await remove()).status, 200)
    assert.equal((await admin.put('domains/acme.example', { enabled: true })).status, 200)
    const list = async () => (await admin.get<Entry[]>('history?limit=3')).body
    const [, ...removal] = await list()
    const standings = removal.map(({ field, standing }) => [field, standing]).sort()
    assert.deepEqual(
      standings,
      [
        ['acme.example', 'changed'],
        [made.id, 'latest'],
      ].sort(),
    )
    const undo = async () => admin.post<Failure>(`history/${removal[0]?.id ?? ''}/undo`)
    const done = await undo()
    assert.equal(done.status, 200, JSON.stringify(done.body))
    assert.equal((await admin.get<{ rules: readonly Made[] }>(RULES)).body.rules.length, 1)
    const again = await undo()
    assert.deepEqual([again.status, again.body.error.code], [409, 'changed-since'])
    // Where it is there in another way, that is named.
    const seen = (await admin.get('domains/acme.example')).etag
    await admin.put('domains/acme.example', { enabled: false }, seen)
    const off = await undo()
    assert.match(off.body.error.message, /^The switch of acme\.example was changed again since then;/)
  })
})
