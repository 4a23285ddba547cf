import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, it } from 'node:test'
import { startRedis } from '../support/redis-server.js'
import { TemporaryFolder } from '../support/temporary-folder.js'
import { inProcess, RulesFile } from './enforce-tls.js'

interface Data {
  readonly id: string
  readonly init?: true
  readonly held?: true
  readonly accepts?: string[]
  readonly marked: boolean
  readonly accepted: boolean
}

describe('init', { concurrency: 8 }, () => {
  it('marks a store that is empty, says so, and changes nothing the second time', async (t) => {
    const rulesFile = await RulesFile.create(t)
    const said = await rulesFile.done('init', '--as', 'ann')
    assert.match(
      said,
      /^Marked rules file \S+ \(id [\da-f]{16}\): it holds no rules, and is meant to be empty\.$/m,
    )
    const content = await readFile(rulesFile.file, 'utf8')
    const { store } = JSON.parse(content) as { store: { id: string; by: string; init: boolean } }
    assert.equal(store.by, 'ann')
    assert.equal(store.init, true)
    assert.match(
      await rulesFile.done('init'),
      new RegExp(`\\(id ${store.id}\\) has been marked since .*\\nNothing to change`),
    )
    assert.equal(await readFile(rulesFile.file, 'utf8'), content)
  })

  it('marks a store that has rules as one that has', async (t) => {
    const rulesFile = await RulesFile.create(t)
    await writeFile(rulesFile.file, '{"domains":{"acme.example":{"enabled":true}}}')
    assert.match(await rulesFile.done('init'), /: the rules in it are those that count\.$/m)
    const { held, marked } = await rulesFile.data<Data>('init')
    assert.equal(held, true)
    assert.equal(marked, false)
  })

  it('--accept names a store that this one replaces, marked before or not', async (t) => {
    const rulesFile = await RulesFile.create(t)
    const first = await rulesFile.data<Data>('init', '--accept', 'old-1')
    assert.deepEqual([first.accepts, first.marked, first.accepted], [['old-1'], true, true])
    assert.match(
      await rulesFile.done('init', '--accept', 'old-2'),
      /Haraka that knew store old-2 takes its rules from here now/,
    )
    assert.match(await rulesFile.done('init', '--accept', 'old-2'), /It already replaces store old-2/)
    const { accepts, id, accepted } = await rulesFile.data<Data>('init', '--accept', first.id)
    assert.match(
      await rulesFile.done('init', '--accept', 'old-3'),
      /Whether old-3 is what Haraka has seen could not be compared: no Haraka folder was given \(--config\)/,
    )
    assert.deepEqual([accepts, id, accepted], [['old-1', 'old-2'], first.id, false])
  })

  it('--accept of another store than this Haraka has seen writes nothing, and names the one that it has seen', async (t) => {
    const made = new TemporaryFolder('cli-haraka')
    t.after(() => made.close())
    const config = path.join(made.path, 'config')
    await mkdir(config)
    await writeFile(path.join(config, 'enforce-tls.ini'), '[store]\ntype=file\n')
    const seen = { place: 'elsewhere', id: '5f0c1a2b3c4d5e6f', since: '2026-01-31T12:00:00.000Z' }
    await writeFile(path.join(config, 'enforce-tls.seen-store.json'), JSON.stringify(seen))
    const accept = (id: string) => inProcess(['init', '--accept', id, '--config', made.path])
    const { code, stderr } = await accept('5f0c1a2b3c4d5e60')
    assert.equal(code, 1)
    assert.match(stderr, /nothing was written; did you mean 5f0c1a2b3c4d5e6f\?/)
    await assert.rejects(readFile(path.join(config, 'enforce-tls.rules.json')), /ENOENT/)
    assert.equal((await accept(seen.id)).code, 0)
  })

  it('and an import are the ways out of a store that lost its rules, in status as in a change', async (t) => {
    const made = new TemporaryFolder('cli-haraka')
    t.after(() => made.close())
    const config = path.join(made.path, 'config')
    await mkdir(config)
    const file = path.join(config, 'enforce-tls.rules.json')
    await writeFile(path.join(config, 'enforce-tls.ini'), '[store]\ntype=file\n')
    await writeFile(file, '{}')
    const seen = { place: `rules file ${file}`, id: '5f0c1a2b3c4d5e6f', since: '2026-01-31T12:00:00.000Z' }
    await writeFile(path.join(config, 'enforce-tls.seen-store.json'), JSON.stringify(seen))
    const run = (...words: string[]) => inProcess([...words, '--config', made.path])
    const refused = await run('domain', 'enable', 'acme.example')
    const [, wayOut = ''] = /Nothing was written; (.*)\n/.exec(refused.stderr) ?? []
    assert.match(
      wayOut,
      /^enforce-tls import of a document with the id 5f0c1a2b3c4d5e6f brings all rules back; /,
    )
    const { code, stdout, stderr } = await run('status')
    assert.equal(code, 1)
    assert.ok(stderr.includes(wayOut), stderr)
    assert.match(stdout, /^ *marker +none$/m)
  })

  it('--accept of what is no id is wrong use', async (t) => {
    const rulesFile = await RulesFile.create(t)
    const { code, stderr } = await rulesFile.runAlone('init', '--accept', 'a b')
    assert.equal(code, 2)
    assert.match(stderr, /--accept "a b" is not the id of a store; Haraka's log names it/)
  })

  it('replaces what is no marker, and says what it can not read', async () => {
    await using redis = await startRedis()
    const init = () => inProcess(['init', '--redis', redis.url])
    await redis.cli('SET', 'enforce-tls:store', 'text')
    assert.match((await init()).stdout, /^Marked redis /)
    await redis.cli('DEL', 'enforce-tls:store')
    await redis.cli('HSET', 'enforce-tls:store', 'a', 'b')
    const { code, stderr } = await init()
    assert.equal(code, 1)
    assert.match(stderr, /key enforce-tls:store is not a text; look at it with TYPE/)
  })
})
