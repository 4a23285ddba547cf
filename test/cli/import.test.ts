import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { after, before, describe, it, type TestContext } from 'node:test'
import { startRedis, type RedisServer } from '../support/redis-server.js'
import { rulesDocument, storedRule } from '../support/rules.js'
import { enforceTls, inProcess, RulesFile } from './enforce-tls.js'

const DOCUMENT = {
  ...rulesDocument({
    '*': [{ id: 'all', name: 'All', to: ['bank.example'] }],
    'acme.example': [
      { id: 'one', name: 'One', to: ['a.example'] },
      { id: 'two', name: 'Two', to: ['b.example'] },
    ],
  }),
  groups: { banks: ['bank.example'] },
}
const OTHER = {
  domains: { 'acme.example': { enabled: false } },
  groups: {},
  rules: {
    'acme.example': {
      two: { ...storedRule({ name: 'Two', to: ['b.example', 'c.example'], position: 2 }) },
      three: storedRule({ name: 'Three', to: ['*'], position: 3 }),
    },
  },
}

async function filled(t: TestContext): Promise<RulesFile> {
  const rulesFile = await RulesFile.create(t)
  await writeFile(rulesFile.file, JSON.stringify(DOCUMENT))
  return rulesFile
}

async function documentFile(rulesFile: RulesFile, document: unknown): Promise<string> {
  const file = `${rulesFile.file}.import`
  await writeFile(file, typeof document === 'string' ? document : JSON.stringify(document))
  return file
}

async function documentIn(rulesFile: RulesFile): Promise<typeof DOCUMENT> {
  const { domains, groups, rules } = JSON.parse(await rulesFile.done('export')) as typeof OTHER &
    typeof DOCUMENT
  return { domains, groups, rules }
}

describe('import of a backup with a rule whose group was missing', { concurrency: 8 }, () => {
  const rules = { '*': { r1: storedRule({ name: 'Banks', to: ['group:banks'] }) } }
  const WHOLE = { domains: {}, groups: { banks: ['bank.example'] }, rules }
  const BACKUP = { domains: {}, groups: {}, rules }

  for (const [how, options, says] of [
    [
      'with --replace',
      ['--replace', '--yes'],
      /add group banks to "groups" of the document, or take the rule/,
    ],
    [
      'into what is there',
      [],
      /"groups" of the document, run: enforce-tls group set banks <pattern\.\.\.>, or take/,
    ],
  ] as const)
    it(`${how} says what to do, and each of that works`, async (t) => {
      const rulesFile = await RulesFile.create(t)
      await writeFile(rulesFile.file, JSON.stringify(BACKUP))
      const file = await documentFile(rulesFile, (await rulesFile.run('export')).stdout)
      await writeFile(rulesFile.file, '{}')
      const { code, stderr } = await rulesFile.run('import', file, ...options)
      assert.equal(code, 1)
      assert.match(stderr, says)
      assert.match(stderr, /nothing was written/)
      if (options.length === 0) await rulesFile.done('group', 'set', 'banks', 'bank.example')
      else await writeFile(file, JSON.stringify(WHOLE))
      await rulesFile.done('import', file, ...options)
      assert.deepEqual(await documentIn(rulesFile), WHOLE)
    })
})

describe('export', { concurrency: 8 }, () => {
  it('prints the document of the store, which import takes without a change', async (t) => {
    const rulesFile = await filled(t)
    const text = await rulesFile.done('export')
    assert.deepEqual(JSON.parse(text), DOCUMENT)
    const file = await documentFile(rulesFile, text)
    assert.match(
      await rulesFile.done('import', file, '--replace'),
      /Nothing to change: the store has all of that already/,
    )
  })

  it('of one owner has its rules and its service, and nothing of others', async (t) => {
    const rulesFile = await filled(t)
    assert.deepEqual(JSON.parse(await rulesFile.done('export', 'ACME.example')), {
      domains: DOCUMENT['domains' as keyof typeof DOCUMENT],
      groups: {},
      rules: {
        'acme.example': (await documentIn(rulesFile))['rules' as keyof typeof DOCUMENT][
          'acme.example' as never
        ],
      },
    })
  })

  it('of a store without anything is an empty document', async (t) => {
    const rulesFile = await RulesFile.create(t)
    assert.deepEqual(JSON.parse(await rulesFile.done('export')), { domains: {}, groups: {}, rules: {} })
  })
})

const USUAL = 'No other rule requires TLS for its mail, which is delivered as usual.'

describe('import', { concurrency: 8 }, () => {
  it('adds and changes, and removes nothing', async (t) => {
    const rulesFile = await filled(t)
    const said = await rulesFile.done('import', await documentFile(rulesFile, OTHER))
    assert.equal(
      said,
      `domains:
  ~ service of acme.example
      enabled: true → false
acme.example:
  ~ rule two (Two)
      to.matchesAny: added c.example
  + rule three (Three)
Imported: 1 added, 2 changed, 0 removed.
${[
  ['two of acme.example (Two)', USUAL],
  [
    'three of acme.example (Three)',
    'Level encrypt is still required for bank.example, by rule all of * (All).',
  ],
  ['one of acme.example (One)', USUAL],
]
  .map(
    ([
      rule,
      then,
    ]) => `Rule ${rule} is on, but inactive: message rules are switched off for acme.example; switch them on with: enforce-tls domain enable acme.example --file ${rulesFile.file}
${then}
`,
  )
  .join('')}`,
    )
    const rules = await rulesFile.rules('acme.example')
    assert.deepEqual(
      rules.map(({ id }) => id),
      ['one', 'two', 'three'],
    )
    assert.equal((await rulesFile.rules('*')).length, 1)
  })

  it('--replace removes what the document does not have', async (t) => {
    const rulesFile = await filled(t)
    const file = await documentFile(rulesFile, OTHER)
    const said = await rulesFile.done('import', file, '--replace', '--yes')
    assert.match(said, /^ {2}- rule one \(One\)$/m)
    assert.match(said, /^ {2}- group banks$/m)
    assert.match(said, /1 added, 2 changed, 3 removed/)
    assert.deepEqual(await documentIn(rulesFile), { ...OTHER })
  })

  it('--replace --owner leaves all others alone', async (t) => {
    const rulesFile = await filled(t)
    const file = await documentFile(rulesFile, OTHER)
    await rulesFile.done('import', file, '--replace', '--owner', 'acme.example', '--yes')
    assert.equal((await rulesFile.rules('*')).length, 1)
    assert.deepEqual((await documentIn(rulesFile)).groups, DOCUMENT.groups)
    assert.equal((await rulesFile.rules('acme.example')).length, 2)
  })

  it('--replace that removes asks, and without a terminal wants --yes', async (t) => {
    const rulesFile = await filled(t)
    const file = await documentFile(rulesFile, OTHER)
    const content = await rulesFile.content()
    const args = ['import', file, '--replace', '--file', rulesFile.file]
    const silent = await inProcess(args)
    assert.equal(silent.code, 1)
    assert.match(silent.stderr, /nothing was written: --replace removes what .* 3 removed.*--yes does it/)
    const no = await inProcess(args, { answer: 'n\n' })
    assert.equal(no.code, 1)
    assert.match(
      no.stderr,
      /Write that \(1 added, 2 changed, 3 removed\)\? \[y\/N\] enforce-tls: nothing was written/,
    )
    assert.equal(await rulesFile.content(), content)
    assert.equal((await inProcess(args, { answer: 'y\n' })).code, 0)
    assert.notEqual(await rulesFile.content(), content)
  })

  it('--dry-run shows the same and writes nothing', async (t) => {
    const rulesFile = await filled(t)
    const content = await rulesFile.content()
    const said = await rulesFile.done(
      'import',
      await documentFile(rulesFile, OTHER),
      '--dry-run',
      '--replace',
    )
    assert.match(said, /Nothing was written; it would be: 1 added, 2 changed, 3 removed\.\n$/)
    assert.equal(await rulesFile.content(), content)
  })

  it('--json gives the changes as data', async (t) => {
    const rulesFile = await filled(t)
    const { written, changes } = await rulesFile.data<{
      written: boolean
      changes: { action: string; to: unknown }[]
    }>('import', await documentFile(rulesFile, OTHER))
    assert.equal(written, true)
    assert.deepEqual(
      changes.map(({ action }) => action),
      ['change', 'change', 'add'],
    )
    assert.deepEqual(changes[0]?.to, { enabled: false })
  })

  it('reads standard input', async (t) => {
    const rulesFile = await filled(t)
    const { code } = await inProcess(['import', '-', '--file', rulesFile.file], {
      answer: JSON.stringify(OTHER),
    })
    assert.equal(code, 0)
    assert.equal((await rulesFile.rules('acme.example')).length, 3)
  })

  const rule = (change: object) => ({ rules: { '*': { a: { ...storedRule({ to: ['*'] }), ...change } } } })
  const REFUSED: readonly (readonly [string, unknown, RegExp])[] = [
    ['an empty file', '', /the document is empty/],
    [
      'no JSON',
      '{"rules": {',
      /line 1, column 12: the document has its end where a key in double quotes is expected/,
    ],
    ['a key twice', '{"rules": {}, "rules": {}}', /has the key "rules" a second time/],
    ['an unknown key', { rule: {} }, /unknown key "rule"; allowed keys: domains, groups, rules/],
    [
      'an owner that is none',
      { rules: { 'a..b': {} } },
      /rules\["a\.\.b"\]: owner "a\.\.b" has an empty label/,
    ],
    [
      'an owner in capitals',
      { rules: { 'Acme.example': {} } },
      /in lower case and as A-labels: "acme\.example"/,
    ],
    [
      'a service that is none',
      { domains: { 'a.example': true } },
      /domains\["a\.example"\]: is not an object; expected/,
    ],
    [
      'a rule of another type',
      { rules: { '*': { a: [] } } },
      /rules\["\*"\]\["a"\]: \[\] is not of type object/,
    ],
    ['an unknown field', rule({ odd: 1 }), /rules\["\*"\]\["a"\]: field odd: is unknown; known here: name, /],
    [
      'a huge name',
      rule({ name: 'x'.repeat(1_000_000) }),
      /field name: "x{77}\.\.\." is longer than 200 characters/,
    ],
    ['a position of 0', rule({ position: 0 }), /field position: 0 must be >= 1/],
    ['an enabled that is a text', rule({ enabled: 'yes' }), /field enabled: "yes" is not of type boolean/],
    [
      'a display name',
      rule({ criteria: { to: { matchesAny: ['Bank <cfo@bank.example>'] } } }),
      /field criteria\.to\.matchesAny\[0\]: "Bank <cfo@bank\.example>" is a display name/,
    ],
    [
      'a rule id with a space',
      { rules: { '*': { 'a b': storedRule({ to: ['*'] }) } } },
      /\["a b"\]: is not a rule id/,
    ],
    [
      'two rules of one position',
      {
        rules: {
          '*': { a: storedRule({ to: ['*'], position: 7 }), b: storedRule({ to: ['*'], position: 7 }) },
        },
      },
      /\["a"\]: field position: 7 is also that of rule "b"; expected: a position of its own/,
    ],
    [
      'the position of a rule that is there',
      { rules: { '*': { a: storedRule({ to: ['*'], position: 1 }) } } },
      /\["a"\]: field position: 1 is also that of rule "all"/,
    ],
  ]
  for (const [what, document, says] of REFUSED) {
    it(`refuses ${what} with its place, and writes nothing`, async (t) => {
      const rulesFile = await filled(t)
      const file = await documentFile(rulesFile, document)
      const ran = await inProcess(['import', file, '--file', rulesFile.file])
      assert.equal(ran.code, 1)
      assert.match(ran.stderr, says)
      assert.match(ran.stderr, /nothing was written/)
      assert.ok(ran.stderr.length < 2000)
      assert.deepEqual(await documentIn(rulesFile), DOCUMENT)
    })
  }

  it('tells every problem, not only the first', async (t) => {
    const rulesFile = await filled(t)
    const document = {
      domains: { 'a.example': {} },
      rules: { '*': { a: {}, b: {}, c: storedRule({ to: [] }) } },
    }
    const ran = await inProcess(['import', await documentFile(rulesFile, document), '--file', rulesFile.file])
    assert.equal(ran.stderr.trimEnd().split('\n').length, 5)
  })

  it('of a file that is not there says so', async () => {
    const ran = await inProcess(['import', '/nonexistent/rules.json', '--file', '/nonexistent/x.json'])
    assert.equal(ran.code, 1)
    assert.match(ran.stderr, /\/nonexistent\/rules\.json is in a folder that does not exist/)
  })
})

describe('export and import on a Redis', () => {
  let redis: RedisServer
  before(async () => {
    redis = await startRedis()
  })
  after(() => redis.close())

  it('move rules from a file into Redis and back', async (t) => {
    const rulesFile = await filled(t)
    assert.equal((await enforceTls(['import', rulesFile.file, '--redis', redis.url])).code, 0)
    const { stdout } = await enforceTls(['export', '--redis', redis.url])
    const { store, ...entries } = JSON.parse(stdout) as { store: { id: string } }
    assert.equal(`${JSON.stringify(entries, null, 2)}\n`, await rulesFile.done('export'))
    const back = await RulesFile.create(t)
    await writeFile(`${back.file}.import`, stdout)
    await back.done('import', `${back.file}.import`)
    assert.equal(await back.done('export'), stdout, 'with the marker of the store')
    assert.match(store.id, /^[\da-f]{16}$/)
    const owned = JSON.parse(await redis.cli('HGET', 'enforce-tls:rules:*', 'all')) as { name: string }
    assert.equal(owned.name, 'All')
    await readFile(rulesFile.file)
  })

  it('export tells what is not valid, and leaves out what no document can hold', async () => {
    await redis.cli('HSET', 'enforce-tls:rules:*', 'text', 'no json')
    await redis.cli('HSET', 'enforce-tls:rules:*', 'odd', '{"name":1}')
    await redis.cli('HSET', 'enforce-tls:rules:UPPER.example', 'a', '{}')
    const { code, stdout, stderr } = await enforceTls(['export', '*', '--redis', redis.url])
    assert.equal(code, 1)
    assert.deepEqual(Object.keys((JSON.parse(stdout) as typeof OTHER).rules['*' as never]), ['all', 'odd'])
    assert.match(stderr, /field text: is left out, it has "n" where a value is expected/)
    assert.match(stderr, /field odd: field direction: is missing/)
    const all = await enforceTls(['export', '--redis', redis.url])
    assert.match(
      all.stderr,
      /owner "UPPER\.example" is never looked up; expected: upper\.example; its rules are left out/,
    )
  })
})
