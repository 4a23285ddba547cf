/** Finding rules of all owners, what names a partner, anything by a few letters; several rules changed and copied. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { toRecord } from '../../plugins/enforce-tls/observe/delivery-log/entry.js'
import { entry } from '../support/evidence-entries.js'
import { startConsole, type ConsoleServer } from './console-server.js'
import type { Answer, Client, Failure } from './client.js'

interface Listed {
  readonly owner: string
  readonly id: string
  readonly etag: string
  readonly rule: { readonly name: string; readonly enabled: boolean }
  readonly problem: string | null
  readonly sameAs: { readonly id: string; readonly name: string } | null
  readonly effect: { readonly summary: string } | null
  readonly names: readonly {
    readonly as: string
    readonly pattern: string
    readonly group: string | null
    readonly except: boolean
  }[]
}

let server: ConsoleServer
let admin: Client
let acme: Client
before(async () => {
  server = await startConsole()
  admin = await server.signedIn('admin')
  acme = await server.signedIn('acme')
  await admin.put('groups/banks', { patterns: ['bank.example', 'cfo@bank.example', 'other-bank.example'] })
  for (const domain of ['acme.example', 'other.example'])
    await admin.put(`domains/${domain}`, { enabled: true })
  const rule = (name: string, to: object | undefined, more: object = {}) => ({
    name,
    criteria: to ? { to } : { subject: { matchesAny: ['secret'] } },
    actions: { relayWithTls: { level: 'encrypt' } },
    ...more,
  })
  for (const [owner, of] of [
    ['acme.example', rule('By name', { matchesAny: ['bank.example'] }, { enabled: true })],
    ['acme.example', rule('By group', { matchesAny: ['group:banks'] }, { mode: 'report' })],
    ['acme.example', rule('Elsewhere', { matchesAny: ['notbank.example', 'bank.example.org'] })],
    ['acme.example', rule('Same mail', { matchesAny: ['bank.example'] })],
    ['bob@acme.example', rule('One address', { matchesAny: ['cfo@bank.example'] })],
    ['other.example', rule('By subject', undefined)],
    [
      'other.example',
      rule(
        'All but the bank',
        { matchesAny: ['*'], matchesNone: ['bank.example'] },
        {
          actions: { relayWithTls: { level: 'none' } },
        },
      ),
    ],
    ['*', rule('Subdomains', { matchesAny: ['.example'] })],
  ] as const) {
    const { status, body } = await admin.post(`owners/${owner}/rules`, { rule: of })
    assert.equal(status, 201, JSON.stringify(body))
  }
  const document = JSON.parse(readFileSync(server.rulesFile, 'utf8')) as { rules: Record<string, object> }
  document.rules['other.example'] = {
    ...document.rules['other.example'],
    broken: { name: 'Broken, of bank.example' },
  }
  writeFileSync(server.rulesFile, JSON.stringify(document))
})
after(() => server[Symbol.asyncDispose]())

const named = (rules: readonly Listed[]) => rules.map(({ owner, rule }) => `${owner} ${rule.name}`)

async function find(client: Client, query: string): Promise<readonly Listed[]> {
  const { status, body } = await client.get<readonly Listed[]>(`rules?${query}`)
  assert.equal(status, 200, JSON.stringify(body))
  return body
}

describe('rules of all owners', () => {
  it('are found by what is asked for, and only those that one may see', async () => {
    const all = [
      '* Subdomains',
      'acme.example By name',
      'acme.example By group',
      'acme.example Elsewhere',
      'acme.example Same mail',
      'bob@acme.example One address',
      'other.example By subject',
      'other.example All but the bank',
      'other.example Broken, of bank.example',
    ]
    assert.deepEqual(named(await find(admin, '')), all)
    assert.deepEqual(named(await find(acme, '')), all.slice(1, 6))
    for (const [query, expected] of [
      ['text=BANKS', ['acme.example By group']],
      ['text=notbank', ['acme.example Elsewhere']],
      ['text=bob@', ['bob@acme.example One address']],
      ['text=secret&state=off', ['other.example By subject']],
      ['text=matchesAny', []],
      ['state=on', ['acme.example By name']],
      ['state=invalid', ['other.example Broken, of bank.example']],
      ['mode=report', ['acme.example By group']],
      ['level=none', ['other.example All but the bank']],
      ['owner=other.example&text=bank', all.slice(7)],
    ] as const)
      assert.deepEqual(named(await find(admin, query)), expected, query)
    assert.equal((await acme.get('rules?owner=other.example')).status, 404)
    assert.equal((await admin.get('rules?cursor=what')).status, 422)
  })

  it('come in pages, from whatever place the last one ended at', async () => {
    for (const limit of [1, 2, 5]) {
      const found: string[] = []
      for (let next: string | null = `rules?limit=${limit}&text=bank`; next !== null;) {
        const { body, headers }: Answer<readonly Listed[]> = await admin.get(next)
        assert.ok(body.length <= limit)
        found.push(...named(body))
        const query: string | undefined = /<(\?[^>]*)>/.exec(headers.get('link') ?? '')?.[1]
        next = query === undefined ? null : `rules${query}`
      }
      assert.deepEqual(found, named(await find(admin, 'text=bank')))
      assert.equal(new Set(found).size, 7)
    }
  })

  it('name a partner by themselves, in groups, by a parent, or by everyone', async () => {
    const found = await find(admin, 'partner=Bank.example')
    assert.deepEqual(
      found.map(({ rule, names }) => [
        rule.name,
        ...names.map(({ as, pattern, group, except }) =>
          [except ? 'not' : '', as, group ?? '', pattern].filter(Boolean).join(' '),
        ),
      ]),
      [
        ['Subdomains', 'subdomains .example'],
        ['By name', 'domain bank.example'],
        ['By group', 'domain banks bank.example', 'address banks cfo@bank.example'],
        ['Same mail', 'domain bank.example'],
        ['One address', 'address cfo@bank.example'],
        ['By subject', 'everyone *'],
        ['All but the bank', 'everyone *', 'not domain bank.example'],
      ],
    )
    assert.equal((await admin.get('rules?partner=a@b')).status, 422)
  })

  it('say which has the very same criteria as one above it', async () => {
    const [, , , same] = await find(acme, '')
    assert.equal(same?.sameAs?.name, 'By name')
    const list = await acme.get<{ rules: readonly Listed[] }>('owners/acme.example/rules')
    assert.deepEqual(
      list.body.rules.map((each) => each.sameAs?.name ?? null),
      [null, null, null, 'By name'],
    )
  })
})

describe('a partner', () => {
  it('has its groups, and the certificate and policies that deliveries saw last', async () => {
    const at = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString()
    const session = { protocol: 'TLSv1.3', mx: 'mx.bank.example', issuer: 'CN=First CA' }
    const policy = JSON.stringify([{ type: 'tlsa', domain: 'mx.bank.example', strings: ['3 1 1 AA'] }])
    await server.deliveries.append(
      [
        entry({ at: at(90), kind: 'attempt', result: 'secured', ...session, fingerprint: 'OLD', policy }),
        entry({ at: at(60), kind: 'attempt', result: 'secured', ...session, fingerprint: 'NEW' }),
        entry({ at: at(30), from: 'other.example', ...session, fingerprint: 'OTHERS' }),
        entry({ at: at(20), domain: 'notbank.example', ...session, fingerprint: 'NOT' }),
        entry({ at: at(10), via: 'gateway', ...session, fingerprint: 'GATEWAY' }),
      ].map(toRecord),
      100,
    )
    const { body } = await acme.get<{
      readonly groups: readonly object[]
      readonly certificate: { readonly fingerprint: string; readonly host: string }
      readonly published: { readonly policies: readonly { readonly strings: readonly string[] }[] }
    }>('partners/BANK.example?owner=acme.example')
    assert.deepEqual(body.groups, [{ name: 'banks', patterns: ['bank.example', 'cfo@bank.example'] }])
    assert.equal(body.certificate.fingerprint, 'NEW')
    assert.equal(body.certificate.host, 'mx.bank.example')
    assert.deepEqual(body.published.policies[0]?.strings, ['3 1 1 AA'])
    const all = await admin.get<typeof body>('partners/bank.example')
    assert.equal(all.body.certificate.fingerprint, 'OTHERS')
    assert.equal((await acme.get('partners/bank.example')).status, 404)
    assert.equal((await admin.get('partners/not%20one')).status, 422)
  })
})

describe('a group', () => {
  it('says which rules use it, and of what one may not see only how many there are', async () => {
    type Used = { readonly usedBy: readonly { readonly name: string }[]; readonly usedByOthers: number }
    const other = await server.signedIn('other')
    for (const [client, names, others] of [
      [acme, ['By group'], 0],
      [other, [], 1],
    ] as const) {
      const { body } = await client.get<Used>('groups/banks')
      assert.deepEqual([body.usedBy.map(({ name }) => name), body.usedByOthers], [names, others])
    }
    assert.deepEqual((await admin.get<{ uses: object[] }>('group-uses')).body.uses, [
      { group: 'banks', owners: ['acme.example'], rules: 1 },
    ])
    assert.deepEqual((await other.get<{ uses: object[] }>('group-uses')).body.uses, [
      { group: 'banks', owners: [], rules: 1 },
    ])
  })
})

describe('a search', () => {
  const search = async (client: Client, q: string) => {
    const { status, body } = await client.get<{
      hits: readonly { kind: string; name: string; rule: { owner: string } | null }[]
      complete: boolean
    }>(`search?q=${encodeURIComponent(q)}`)
    assert.equal(status, 200)
    return { ...body, hits: body.hits.map(({ kind, name }) => `${kind} ${name}`) }
  }

  it('finds partners, domains, rules and groups', async () => {
    assert.deepEqual(await search(admin, 'BANKS'), {
      hits: ['rule By group', 'group banks'],
      complete: true,
      unread: [],
    })
    assert.deepEqual((await search(admin, 'notba')).hits, ['partner notbank.example', 'rule Elsewhere'])
    assert.deepEqual((await search(admin, 'other.ex')).hits.slice(0, 2), [
      'partner other.ex',
      'domain other.example',
    ])
    assert.deepEqual((await search(admin, 'nothing-like-it')).hits, [])
    assert.deepEqual((await search(admin, 'quite-new.example')).hits, ['partner quite-new.example'])
    assert.equal((await search(admin, 'bank')).complete, false)
  })

  it('does not tell of what one may not see', async () => {
    assert.deepEqual((await search(acme, 'other.example')).hits, ['partner other.example'])
    assert.deepEqual((await search(acme, 'Subdomains')).hits, [])
    assert.deepEqual((await search(acme, 'acme')).hits, ['domain acme.example', ...ACME])
  })

  const ACME = ['By name', 'By group', 'Elsewhere', 'Same mail', 'One address'].map((name) => `rule ${name}`)
})

describe('several rules', () => {
  it('are switched in one step, those that can be, and back again by one undo', async () => {
    const rules = await find(acme, 'owner=acme.example')
    const [first, second, third] = rules
    await acme.post(`owners/acme.example/rules/${third?.id}/enabled`, { enabled: true })
    const { status, body } = await acme.post<{
      results: readonly { id: string; done: boolean; problem: string | null }[]
      effects: readonly { name: string }[]
    }>('owners/acme.example/rules/changes', {
      action: 'enable',
      rules: [
        ...[first, second, third].map((each) => ({ id: each?.id, etag: each?.etag })),
        { id: 'x', etag: '"y"' },
      ],
    })
    assert.equal(status, 200)
    assert.deepEqual(
      body.results.map(({ done, problem }) => [done, problem]),
      [
        [true, null],
        [true, null],
        [false, 'Someone else changed it in the meantime.'],
        [false, 'Rule "x" of acme.example not found, or not visible to you.'],
      ],
    )
    assert.deepEqual(
      body.effects.map(({ name }) => name),
      ['By group'],
    )
    const deleted = await acme.post('owners/acme.example/rules/changes', {
      action: 'delete',
      rules: (await find(acme, 'owner=acme.example')).map(({ id, etag }) => ({ id, etag })),
    })
    assert.equal(deleted.status, 200)
    assert.deepEqual(await find(acme, 'owner=acme.example'), [])
    const [latest] = (await acme.get<readonly { id: string }[]>('history?limit=1')).body
    assert.equal((await acme.post(`history/${latest?.id}/undo`)).status, 200)
    assert.deepEqual(
      (await find(acme, 'owner=acme.example')).map(({ rule }) => rule.enabled),
      [true, true, true, false],
    )
  })

  it('of several owners, and more than a page shows, are one step and one undo', async () => {
    const stored = (n: number, level: string): string =>
      JSON.stringify({
        name: `Many ${n}`,
        direction: 'outgoing',
        enabled: true,
        position: 1000 + n,
        criteria: { to: { matchesAny: [`many${n}.example`] } },
        actions: { relayWithTls: { level } },
      })
    const of = { 'acme.example': 600, 'other.example': 20 }
    for (const [owner, count] of Object.entries(of))
      await server.store.writeRules(
        owner,
        Array.from({ length: count }, (_, n) => ({
          id: `many${n}`,
          expected: null,
          // An exemption above, and below a rule for the same mail: without the one, the other decides.
          value: stored(n, n === 0 ? 'none' : 'encrypt'),
        })),
        { by: 'x' },
      )
    const listed = async (): Promise<readonly Listed[]> => {
      const all = await find(admin, 'text=Many&limit=1000')
      return all.filter(({ id }) => id.startsWith('many'))
    }
    const areAll = async (enabled: boolean): Promise<boolean> => {
      for (const [owner, count] of Object.entries(of)) {
        const many = [...(await server.store.readOwner(owner)).rules].filter(([id]) => id.startsWith('many'))
        if (many.length !== count || !many.every(([, json]) => json.includes(`"enabled":${enabled}`)))
          return false
      }
      return true
    }
    const rules = (await listed()).map(({ owner, id, etag }) => ({ owner, id, etag }))
    assert.equal(rules.length, 620)
    const several = { action: 'disable', rules: rules.map(({ owner, id }) => ({ owner, id })) }
    const ask = async () => (await admin.post<{ asked: string }>('impact', { several })).body.asked
    const send = (asked: string) =>
      admin.post<Failure & { results: readonly { done: boolean }[] }>(
        'rules/changes',
        { action: 'disable', rules },
        { 'x-asked': asked },
      )
    // One of them is another by now: nothing is done to the others, of whatever owner.
    const was = await server.store.readOwner('other.example')
    const seen = was.rules.get('many1') ?? ''
    const changed = JSON.stringify({ ...(JSON.parse(seen) as object), comment: 'later' })
    const write = (expected: string, value: string) =>
      server.store.writeRules('other.example', [{ id: 'many1', expected, value }], { by: 'x' })
    await write(seen, changed)
    const refused = await send(await ask())
    assert.deepEqual([refused.status, refused.body.error.code], [412, 'changed-meanwhile'])
    assert.match(
      refused.body.error.message,
      /changed rule "many1" of other\.example .* nothing was done to any/,
    )
    assert.ok(await areAll(true))
    await write(changed, seen)
    const { status, body } = await send(await ask())
    assert.deepEqual([status, body.results.filter(({ done }) => done).length], [200, 620])
    assert.ok(await areAll(false))
    const [entry] = (await admin.get<readonly { id: string }[]>('history?limit=1')).body
    assert.equal((await admin.post(`history/${entry?.id}/undo`)).status, 200)
    assert.ok(await areAll(true))
    const { status: foreign } = await acme.post('rules/changes', { action: 'disable', rules })
    assert.equal(foreign, 404)
    for (const owner of Object.keys(of)) {
      const { rules: held } = await server.store.readOwner(owner)
      const added = [...held].filter(([id]) => id.startsWith('many'))
      await server.store.writeRules(
        owner,
        added.map(([id, expected]) => ({ id, expected, value: null })),
      )
    }
  })

  it('are not for who may not change them, nor without a version', async () => {
    const viewer = await server.signedIn('viewer')
    const body = { action: 'disable', rules: [{ id: 'a', etag: 'b' }] }
    assert.equal((await viewer.post('owners/acme.example/rules/changes', body)).status, 403)
    assert.equal((await acme.post('owners/other.example/rules/changes', body)).status, 404)
    assert.equal(
      (await acme.post('owners/acme.example/rules/changes', { ...body, rules: [{ id: 'a' }] })).status,
      422,
    )
  })
})

describe('a rule', () => {
  it('is copied to another owner, off, under a name that is free there', async () => {
    const [rule] = await find(admin, 'text=By name')
    const copy = (to: string, more = {}, client = admin) =>
      client.post<Listed & Failure>(`owners/acme.example/rules/${rule?.id}/copy`, { to, ...more })
    const copied = await copy('other.example')
    assert.equal(copied.status, 201)
    assert.equal(copied.body.rule.enabled, false)
    assert.equal(copied.body.owner, 'other.example')
    const again = await copy('other.example')
    assert.deepEqual([again.status, again.body.error.code], [409, 'name-taken'])
    assert.match(again.body.error.message, /^Rule \w+ of other\.example already has the name "By name"/)
    assert.equal((await copy('other.example', { name: 'By name, too' })).status, 201)
    assert.equal((await copy('other.example', { name: 'x' }, acme)).status, 404)
    assert.equal((await copy('nothing.example')).status, 409)
  })
})
