import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { FileStore } from '../../plugins/enforce-tls/store/file/rule-store.js'
import { storedRule } from '../support/rules.js'
import type { Client, Failure } from './client.js'
import { startConsole, type ConsoleServer } from './console-server.js'

interface OwnedRule {
  readonly id: string
  readonly etag: string
  readonly rule: Record<string, unknown>
  readonly problem: string | null
}

interface RuleList {
  readonly active: boolean
  readonly rules: readonly OwnedRule[]
}

interface Change {
  readonly id: string
  readonly by: string
  readonly owner: string
  readonly field: string
  readonly change: string
  readonly from: unknown
  readonly to: unknown
  readonly leftOut: boolean
  readonly differences: readonly string[]
}

const RULES = 'owners/acme.example/rules'
const DRAFT = {
  name: 'Bank',
  criteria: { to: { matchesAny: ['BANK.example'] } },
  actions: { relayWithTls: { level: 'encrypt' } },
}

async function withDomain(server: ConsoleServer): Promise<Client> {
  await server.store.writeService('acme.example', null, '{"enabled":true}')
  return await server.signedIn('acme')
}

async function create(client: Client, name: string): Promise<OwnedRule> {
  const { status, body } = await client.post<OwnedRule>(RULES, { rule: { ...DRAFT, name } })
  assert.equal(status, 201)
  return body
}

async function names(client: Client): Promise<unknown[]> {
  return (await client.get<RuleList>(RULES)).body.rules.map(({ rule }) => rule['name'])
}

describe('a rule', () => {
  it('goes its whole way, and the history names who it was', async () => {
    await using server = await startConsole()
    const client = await withDomain(server)
    const { id, etag, rule } = await create(client, 'Bank')
    const full = { ...DRAFT, direction: 'outgoing', enabled: false, position: 1 }
    assert.deepEqual(rule, { ...full, criteria: { to: { matchesAny: ['bank.example'] } } })

    const found = await client.get<OwnedRule>(`${RULES}/${id}`)
    assert.deepEqual([found.etag, found.body.etag, found.body.rule], [etag, etag, rule])
    const changed = await client.put<OwnedRule>(`${RULES}/${id}`, { rule: { ...DRAFT, name: 'New' } }, etag)
    assert.deepEqual([changed.status, changed.body.rule['name']], [200, 'New'])
    const on = await client.post<OwnedRule>(`${RULES}/${id}/enabled`, { enabled: true })
    assert.deepEqual([on.status, on.body.rule['enabled']], [200, true])
    const kept = (await server.store.readOwner('acme.example')).rules.get(id)
    assert.deepEqual(JSON.parse(kept ?? ''), on.body.rule)
    assert.equal((await client.delete(`${RULES}/${id}`, on.etag)).status, 204)
    assert.equal((await client.get(`${RULES}/${id}`)).status, 404)

    const { body: history } = await client.get<Change[]>('history')
    assert.deepEqual(
      history.map(({ by, differences }) => [by, differences]),
      [
        ['acme', ['deleted']],
        ['acme', ['enabled: false → true']],
        ['acme', ['name: "Bank" → "New"']],
        ['acme', ['created']],
      ],
    )
  })

  it('is not made where the service of the domain is off, or the rule not valid', async () => {
    await using server = await startConsole()
    const client = await server.signedIn('acme')
    const off = await client.post<Failure>(RULES, { rule: DRAFT })
    assert.deepEqual([off.status, off.body.error.code], [409, 'service-off'])
    await server.store.writeService('acme.example', null, '{"enabled":true}')
    for (const [change, field] of [
      [{ name: '' }, 'rule.name'],
      [{ criteria: {} }, 'rule.criteria.to'],
      [{ criteria: { to: { matchesAny: ['group:nonesuch'] } } }, 'rule.criteria.to.matchesAny[0]'],
      [{ actions: { relayWithTls: { level: 'strong' } } }, 'rule.actions.relayWithTls.level'],
      [{ startsAt: 'tomorrow' }, 'rule.startsAt'],
      [{ colour: 'red' }, 'rule.colour'],
    ] as const) {
      const { status, body } = await client.post<Failure>(RULES, { rule: { ...DRAFT, ...change } })
      assert.deepEqual([status, body.error.field], [422, field])
    }
    assert.equal((await server.store.readOwner('acme.example')).rules.size, 0)
  })

  it('does not get the position of another one', async () => {
    await using server = await startConsole()
    const client = await withDomain(server)
    const [first, second] = [await create(client, 'First'), await create(client, 'Second')]
    const held = `field position: 2 is the position of rule "${second.id}" (Second); expected: a position of its own, or use rule move, which renumbers the list`
    const rule = { ...DRAFT, position: 2 }
    for (const { status, body } of [
      await client.post<Failure>(RULES, { rule }),
      await client.put<Failure>(`${RULES}/${first.id}`, { rule }, first.etag),
    ])
      assert.deepEqual([status, body.error.field, body.error.message], [422, 'rule.position', held])
    const own = await client.put(`${RULES}/${second.id}`, { rule: { ...rule, name: 'Still' } }, second.etag)
    assert.equal(own.status, 200)
    assert.deepEqual(await names(client), ['First', 'Still'])
  })

  it('that somebody else changed meanwhile is not overwritten', async () => {
    await using server = await startConsole()
    const [ann, bob] = [await withDomain(server), await server.signedIn('admin')]
    const { id, etag } = await create(ann, 'Bank')
    const path = `${RULES}/${id}`
    const put = (client: Client, name: string, ifMatch?: string) =>
      client.put<Failure>(path, { rule: { ...DRAFT, name } }, ifMatch)
    assert.equal((await put(bob, 'of Bob', etag)).status, 200)
    const stale = await put(ann, 'of Ann', etag)
    assert.deepEqual([stale.status, stale.body.error.code], [412, 'changed-meanwhile'])
    assert.equal((await put(ann, 'of Ann')).status, 428)
    assert.equal((await ann.delete(path, etag)).status, 412)
    assert.equal((await ann.delete(path)).status, 428)
    assert.deepEqual(await names(ann), ['of Bob'])
  })

  it('that several change at the same time has one change', async () => {
    await using server = await startConsole()
    const client = await withDomain(server)
    const { id, etag } = await create(client, 'Bank')
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        client.put(`${RULES}/${id}`, { rule: { ...DRAFT, name: `number ${index}` } }, etag),
      ),
    )
    const statuses = answers.map(({ status }) => status).sort()
    assert.deepEqual(statuses, [200, ...Array<number>(7).fill(412)])
  })

  it('that is not valid as it stands is shown with what is wrong, and can be put right or deleted', async () => {
    await using server = await startConsole()
    const client = await withDomain(server)
    const broken = { ...storedRule({ to: ['bank.example'] }), name: 7 }
    const change = { expected: null, value: JSON.stringify(broken) }
    // As by hand: what our own writes is valid.
    await new FileStore(server.rulesFile).writeRules('acme.example', [
      { id: 'a', ...change },
      { id: 'b', ...change },
    ])
    const { body } = await client.get<RuleList>(RULES)
    assert.deepEqual(
      body.rules.map(({ problem }) => problem),
      Array(2).fill('field name: 7 is not of type string'),
    )
    const [a, b] = body.rules
    assert.equal((await client.post(`${RULES}/a/enabled`, { enabled: false })).status, 409)
    assert.equal((await client.put(`${RULES}/a`, { rule: DRAFT }, a?.etag)).status, 200)
    assert.equal((await client.delete(`${RULES}/b`, b?.etag)).status, 204)
    assert.deepEqual(await names(client), ['Bank'])
  })

  it('that is changed beside broken ones is in force, and the answer says what is broken', async () => {
    await using server = await startConsole()
    const client = await withDomain(server)
    const { id, etag } = await create(client, 'first')
    const bad = JSON.stringify({ ...storedRule({ to: ['bank.example'] }), name: 7 })
    await new FileStore(server.rulesFile).writeRules('acme.example', [
      { id: 'bad', expected: null, value: bad },
    ])
    const says =
      /^Entries of acme\.example are not valid; .* mail waits: rule bad of acme\.example: field name: 7 is not of type string$/
    const created = await client.post<OwnedRule>(RULES, { rule: { ...DRAFT, enabled: true } })
    assert.equal(created.status, 201)
    assert.match(created.body.problem ?? '', says)
    const set = await client.put<OwnedRule>(`${RULES}/${id}`, { rule: { ...DRAFT, name: 'other' } }, etag)
    assert.equal(set.status, 200)
    assert.match(set.body.problem ?? '', says)
    for (const enabled of [true, false]) {
      const switched = await client.post<OwnedRule>(`${RULES}/${id}/enabled`, { enabled })
      assert.match(switched.body.problem ?? '', says)
    }
    const { body } = await client.get<RuleList>(RULES)
    assert.deepEqual(
      body.rules.filter(({ problem }) => problem !== null).map((each) => each.id),
      ['bad'],
      'a list says of each rule what is wrong with that one',
    )
    const asked = await client.post<{ waits: boolean; owners: { problems: { field: string }[] }[] }>(
      'explain',
      {
        from: 'ann@acme.example',
        to: 'cfo@bank.example',
      },
    )
    assert.equal(asked.status, 200)
    assert.equal(asked.body.waits, true)
    assert.deepEqual(
      asked.body.owners.flatMap(({ problems }) => problems.map(({ field }) => field)),
      ['bad'],
    )
  })

  it('moves to another place, with the list or the rule as it was seen', async () => {
    await using server = await startConsole()
    const client = await withDomain(server)
    const [a, b, c] = [await create(client, 'a'), await create(client, 'b'), await create(client, 'c')]
    const list = await client.get<RuleList>(RULES)
    const move = (id: string, to: object, ifMatch?: string) =>
      client.post<RuleList>(`${RULES}/${id}/move`, to, ifMatch === undefined ? {} : { 'if-match': ifMatch })
    const first = await move(c.id, { before: a.id }, list.etag)
    assert.deepEqual(
      first.body.rules.map(({ rule }) => [rule['name'], rule['position']]),
      [
        ['c', 1],
        ['a', 2],
        ['b', 3],
      ],
    )
    assert.equal((await move(a.id, { to: 'top' }, list.etag)).status, 412)
    assert.equal((await move(a.id, { to: 'bottom' }, first.etag)).status, 200)
    assert.deepEqual(await names(client), ['c', 'b', 'a'])
    const current = (await client.get<OwnedRule>(`${RULES}/${b.id}`)).etag
    assert.equal((await move(b.id, { after: a.id }, current)).status, 200)
    assert.deepEqual(await names(client), ['c', 'a', 'b'])
    const { etag } = await client.get(RULES)
    assert.equal((await move(a.id, { before: 'nonesuch' }, etag)).status, 409)
    assert.equal((await move(a.id, { before: a.id }, etag)).status, 422)
    assert.equal((await move(a.id, { to: 'top', before: b.id }, etag)).status, 422)
    assert.equal((await move(a.id, {}, etag)).status, 422)
  })
})

describe('an undo', () => {
  it('takes back a change, a deletion, and a move as a whole', async () => {
    await using server = await startConsole()
    const client = await withDomain(server)
    await create(client, 'a')
    await create(client, 'b')
    const c = await create(client, 'c')
    const undo = async () => {
      const [latest] = (await client.get<Change[]>('history?count=1')).body
      return (await client.post<Failure>(`history/${latest?.id ?? ''}/undo`)).status
    }
    const { etag } = await client.get(RULES)
    await client.post(`${RULES}/${c.id}/move`, { to: 'top' }, { 'if-match': etag })
    assert.deepEqual(await names(client), ['c', 'a', 'b'])
    assert.equal(await undo(), 200)
    assert.deepEqual(await names(client), ['a', 'b', 'c'])
    await client.delete(`${RULES}/${c.id}`, (await client.get(`${RULES}/${c.id}`)).etag)
    assert.deepEqual(await names(client), ['a', 'b'])
    assert.equal(await undo(), 200)
    assert.deepEqual(await names(client), ['a', 'b', 'c'])
    assert.equal(await undo(), 200)
    assert.deepEqual(await names(client), ['a', 'b'])
  })

  it('is refused where it was changed again since, or would leave what is not valid', async () => {
    await using server = await startConsole()
    const admin = await server.signedIn('admin')
    await withDomain(server)
    await admin.put('groups/banks', { patterns: ['bank.example'] })
    const rule = { ...DRAFT, criteria: { to: { matchesAny: ['group:banks'] } } }
    const made = await admin.post<OwnedRule>(RULES, { rule })
    const { body: history } = await admin.get<Change[]>('history')
    const [created, group] = history
    await admin.post(`${RULES}/${made.body.id}/enabled`, { enabled: true })
    const undo = async (change: Change | undefined) =>
      (await admin.post<Failure>(`history/${change?.id ?? ''}/undo`)).body.error.code
    assert.equal(await undo(created), 'changed-since')
    assert.equal(await undo(group), 'in-use')
    assert.equal(await undo(undefined), 'not-found')
  })

  it('takes back its own step only, also where two were made in the same millisecond', async () => {
    await using server = await startConsole()
    const admin = await server.signedIn('admin')
    await withDomain(server)
    const rule = JSON.stringify(storedRule({ to: ['bank.example'] }))
    const history = `${server.rulesFile}.history.jsonl`
    for (const field of ['first', 'second'])
      await server.store.writeRules('acme.example', [{ id: field, expected: null, value: rule }], {
        by: 'ann',
      })
    // As a clock that has not moved on would have them.
    const lines = readFileSync(history, 'utf8').replaceAll(/"at":"[^"]+"/g, '"at":"2026-01-01T00:00:00.000Z"')
    writeFileSync(history, lines)
    const [second, first] = (await admin.get<Change[]>('history')).body
    assert.deepEqual([second?.field, first?.field], ['second', 'first'])
    assert.notEqual(second?.change, first?.change)
    const undone = await admin.post<{ undone: Change[] }>(`history/${first?.id ?? ''}/undo`)
    assert.deepEqual([undone.status, undone.body.undone.map(({ field }) => field)], [200, ['first']])
    assert.deepEqual([...(await server.store.readOwner('acme.example')).rules.keys()], ['second'])
  })

  it('of a step that is not kept as a whole is refused with words', async () => {
    await using server = await startConsole()
    const admin = await server.signedIn('admin')
    await withDomain(server)
    const long = (name: string) =>
      JSON.stringify(Array.from({ length: 70_000 }, (_, n) => `a-long-name-of-${name}-${n}.example`))
    await server.store.writeGroup('banks', null, long('a'))
    await server.store.writeGroup('banks', long('a'), long('b'), { by: 'ann' })
    const [change] = (await admin.get<Change[]>('history')).body
    assert.deepEqual([change?.from, change?.to, change?.leftOut], [null, null, true])
    assert.match(
      change?.differences.join() ?? '',
      /^added a-long-name-of-b-0\.example.*,the texts before and after are not kept/,
    )
    const answer = await admin.post<Failure>(`history/${change?.id ?? ''}/undo`)
    assert.deepEqual([answer.status, answer.body.error.code], [409, 'not-kept'])
    // A part of a step that has grown out of the history.
    const rule = JSON.stringify(storedRule({ to: ['bank.example'] }))
    const changes = ['a', 'b'].map((id) => ({ id, expected: null, value: rule }))
    await server.store.writeRules('acme.example', changes, { by: 'ann' })
    const file = `${server.rulesFile}.history.jsonl`
    writeFileSync(file, `${readFileSync(file, 'utf8').trim().split('\n').at(-1) ?? ''}\n`)
    const [left] = (await admin.get<Change[]>('history')).body
    assert.equal((await admin.post<Failure>(`history/${left?.id ?? ''}/undo`)).body.error.code, 'not-kept')
  })

  it("is for one's own domains only, and never for a step in which others' rules were changed", async () => {
    await using server = await startConsole()
    const client = await withDomain(server)
    const rule = JSON.stringify(storedRule({ to: ['bank.example'] }))
    const change = { key: 'rules', field: 'r', expected: null, value: rule } as const
    await server.store.writeAll(
      [
        { ...change, owner: 'acme.example' },
        { ...change, owner: 'other.example' },
      ],
      { by: 'import' },
    )
    const seen = (await client.get<Change[]>('history')).body
    assert.deepEqual(
      seen.map(({ owner }) => owner),
      ['acme.example'],
    )
    assert.equal((await client.post(`history/${seen[0]?.id ?? ''}/undo`)).status, 403)
    const all = (await (await server.signedIn('admin')).get<Change[]>('history')).body
    const others = all.find(({ owner }) => owner === 'other.example')
    assert.equal((await client.post(`history/${others?.id ?? ''}/undo`)).status, 404)
    const viewer = (await (await server.signedIn('acme-viewer')).get<Change[]>('history')).body
    assert.equal(viewer.length, 1)
  })

  it('is not written into a store that Haraka takes no rules from', async () => {
    await using server = await startConsole()
    await withDomain(server)
    const admin = await server.signedIn('admin')
    const acme = await server.signedIn('acme')
    server.seen = {
      place: server.store.description,
      id: '5f0c1a2b3c4d5e6f',
      since: new Date(0).toISOString(),
    }
    const path = 'owners/acme.example/rules'
    const refused = await admin.post<Failure>(path, { rule: DRAFT })
    assert.deepEqual([refused.status, refused.body.error.code], [503, 'store-gone'])
    assert.match(
      refused.body.error.message,
      /^Haraka takes no rules from this store: .* is a different store .*\. Nothing was written; .*enforce-tls init --accept 5f0c1a2b3c4d5e6f\.$/,
    )
    const { body } = await acme.post<Failure>(path, { rule: DRAFT })
    assert.equal(body.error.message, 'Rules cannot be changed now; ask an administrator.')
  })
})
