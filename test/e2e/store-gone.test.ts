/** A store that has lost its rules: mail waits until somebody restores them, or says that this is how it shall be. */
import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { CLINIC, startScene, type Scene } from '../support/guarded-scene.js'
import { installedPackage } from '../support/installed-package.js'
import { runToEnd } from '../support/watched-process.js'
import { startCluster } from '../support/redis-cluster.js'
import { startSentinels } from '../support/redis-sentinels.js'
import { startRedis, type RedisServer } from '../support/redis-server.js'
import { fileStoreConfig, writeRules } from '../support/rules.js'
import { scrape } from '../support/scrape.js'
import { until } from '../support/until.js'

const LOST = /has lost its rules: it is (?:empty|missing), and rules were seen there before/
const SAID =
  /ERROR.*rules are unknown, so mail waits unless its rules are in memory: redis .* has lost its rules/

const iniOf = (redis: RedisServer, more = '') => `[redis]\nport=${redis.port}\n${more}`
const writeRule = (redis: RedisServer, prefix?: string) => writeRules(redis, CLINIC, prefix)
/** Runs the command where no Haraka is known. */
const elsewhere = async (redis: RedisServer, ...words: readonly string[]) => {
  const { bin } = await installedPackage()
  return await runToEnd(process.execPath, [bin, ...words, '--redis', redis.url])
}
const seenIn = ({ haraka }: Scene) =>
  JSON.parse(readFileSync(join(haraka.folder, 'config', 'enforce-tls.seen-store.json'), 'utf8')) as {
    id: string | null
  }

describe('a Redis that was emptied', () => {
  for (const [name, empties] of [
    ['by FLUSHALL', (redis: RedisServer) => redis.cli('FLUSHALL')],
    ['by a restart without its data', (redis: RedisServer) => redis.restart()],
  ] as const)
    it(`${name} leaves known rules in force, makes all else wait, also after a restart of Haraka, and goes on when they are restored`, async () => {
      await using redis = await startRedis()
      await writeRule(redis)
      await using scene = await startScene(iniOf(redis))
      await scene.assertBounces()
      await scene.haraka.waitForLog(/changes of rules are heard of at once/)
      await empties(redis)
      await scene.haraka.waitForLog(SAID)
      await scene.assertBounces()
      await scene.assertWaits(LOST, 'bob@new.example')
      await scene.haraka.restart()
      await scene.assertWaits(LOST)
      await writeRule(redis)
      await scene.haraka.waitForLog(/the rules are known again/)
      await scene.haraka.until(() => scene.acme.messages.length === 3, 'the last bounce')
      // Nothing covers what Bob sends.
      await scene.haraka.waitForEmptyQueue()
      assert.equal(scene.lines(SAID), 2, 'one line for each run')
    })

  it('after the first change with the command is known by its id, and import brings that back', async () => {
    await using redis = await startRedis()
    await writeRule(redis)
    await using scene = await startScene(iniOf(redis))
    await scene.assertBounces()
    assert.equal(seenIn(scene).id, null, 'an upgrade from 0.1.0: nothing is marked yet')
    await scene.command('domain', 'enable', 'other.example')
    const { id } = JSON.parse(await redis.cli('GET', 'enforce-tls:store')) as { id: string }
    await scene.assertBounces()
    await scene.haraka.until(() => seenIn(scene).id === id, 'the id to be noted')
    const backup = join(scene.haraka.folder, 'backup.json')
    writeFileSync(backup, await scene.command('export'))
    await redis.cli('FLUSHALL')
    await scene.haraka.restart()
    await scene.assertWaits(new RegExp(`${LOST.source} \\(id ${id}\\)`))
    // What somebody writes by hand is not all that was there.
    await writeRule(redis)
    await scene.assertWaits(
      new RegExp(`may be another store, because its marker is gone; .*init --accept ${id}`),
    )
    await redis.cli('FLUSHALL')
    await scene.command('import', backup)
    await scene.assertGoesOn()
    await scene.assertBounces()
  })

  it('and that gets new rules is another store, until somebody accepts it', async () => {
    await using redis = await startRedis()
    await using scene = await startScene(iniOf(redis))
    const create = ['rule', 'create', 'acme.example', 'Clinic', '--to', 'clinic.example', '--enable']
    await scene.command('domain', 'enable', 'acme.example')
    await scene.command(...create)
    await scene.assertBounces()
    const { id } = seenIn(scene)
    await redis.cli('FLUSHALL')
    await scene.haraka.waitForLog(SAID)
    // What is written in Haraka's folder would look like all that there is.
    await assert.rejects(scene.command('domain', 'enable', 'new.example'), LOST)
    assert.equal(await redis.cli('EXISTS', 'enforce-tls:store', 'enforce-tls:domains'), '0')
    await elsewhere(redis, 'domain', 'enable', 'new.example')
    await scene.haraka.restart()
    const other =
      /is a different store \(id [\da-f]+\) from the one whose rules were seen there \(id ([\da-f]+)\)/
    await scene.assertWaits(other)
    assert.equal(other.exec(scene.haraka.log)?.[1], id)
    const notTaken = new RegExp(`Haraka takes no rules from this store: .*${other.source}`)
    await assert.rejects(scene.command('status'), other)
    await assert.rejects(scene.command('domain', 'enable', 'acme.example'), notTaken)
    assert.match(
      await scene.command('explain', '--from', 'ann@acme.example', '--to', 'lab@clinic.example'),
      new RegExp(`^${notTaken.source}\\.?.*\\nSo what happens is unknown here: `),
    )
    const asData = await scene.command('explain', '--from', 'a@acme.example', '--to', 'b@c.example', '--json')
    assert.equal((JSON.parse(asData) as { certain: unknown }).certain, false)
    const init = await scene.command('init')
    assert.match(init, notTaken)
    assert.doesNotMatch(init, /Nothing to change/)
    await assert.rejects(
      scene.command('init', '--accept', 'anything'),
      new RegExp(`has seen no store with that id, and nothing was written; did you mean ${String(id)}\\?`),
    )
    await elsewhere(redis, 'domain', 'enable', 'acme.example')
    await elsewhere(redis, ...create)
    await scene.command('init', '--accept', String(id))
    await scene.assertGoesOn()
    await scene.assertBounces()
  })

  it('and marked anew, without rules, takes a backup that has the id that was seen, and no other', async () => {
    await using redis = await startRedis()
    await using scene = await startScene(iniOf(redis))
    await scene.command('domain', 'enable', 'acme.example')
    await scene.command('rule', 'create', 'acme.example', 'Clinic', '--to', 'clinic.example', '--enable')
    await scene.assertBounces()
    const { id } = seenIn(scene)
    const backup = join(scene.haraka.folder, 'backup.json')
    const text = await scene.command('export')
    await redis.cli('FLUSHALL')
    await scene.haraka.waitForLog(SAID)
    await redis.cli('SET', 'enforce-tls:store', '{"id":"fresh","made":"2026-01-01T00:00:00.000Z"}')
    writeFileSync(backup, text.replace(String(id), 'another'))
    await assert.rejects(
      scene.command('import', backup),
      new RegExp(`Nothing was written; enforce-tls import of a document with the id ${String(id)}`),
    )
    assert.equal(await redis.cli('EXISTS', 'enforce-tls:domains'), '0')
    writeFileSync(backup, text)
    await scene.command('import', backup)
    assert.equal((JSON.parse(await redis.cli('GET', 'enforce-tls:store')) as { id: string }).id, id)
    await scene.haraka.restart()
    await scene.assertBounces()
    assert.match(await scene.command('status'), /problems +0/)
  })

  it('and that is meant to be empty gets mail on its way with init; status and metrics say what is', async () => {
    await using redis = await startRedis()
    await writeRule(redis)
    await using scene = await startScene(iniOf(redis), { config: { 'http.ini': 'listen=127.0.0.1:0\n' } })
    await scene.assertBounces()
    const ports = () =>
      [...scene.haraka.log.matchAll(/Listening on \S+:(\d+)/g)].map(([, port]) => Number(port))
    await scene.haraka.until(() => ports().length === 2, 'the HTTP server to listen')
    const http = ports().find((port) => port !== scene.haraka.port)
    const gone = async () =>
      (await scrape(`http://127.0.0.1:${http}/enforce-tls/metrics`)).get('enforce_tls_store_gone{}')
    assert.equal(await gone(), 0)
    await redis.cli('FLUSHALL')
    await scene.haraka.waitForLog(SAID)
    assert.equal(await gone(), 1)
    await assert.rejects(scene.command('status'), LOST)
    await scene.assertWaits(LOST, 'bob@new.example')
    assert.match(await scene.command('init'), /it holds no rules, and is meant to be empty/)
    await scene.haraka.waitForEmptyQueue()
    assert.equal(await gone(), 0)
    assert.match(await scene.command('status'), /problems +0\n +warnings +1/)
  })
})

describe('a Haraka that looks in the wrong place', () => {
  for (const [name, ini] of [
    ['prefix', 'prefix=enforce-tsl:\n'],
    ['db', 'db=1\n'],
  ] as const)
    it(`another ${name} without rules makes mail wait, and names both places`, async () => {
      await using redis = await startRedis()
      await writeRule(redis)
      await using scene = await startScene(iniOf(redis))
      await scene.assertBounces()
      await scene.reconfigure(iniOf(redis, ini))
      await scene.assertWaits(
        new RegExp(
          `redis \\S+ \\(prefix \\S+\\) is empty, and rules were seen in redis redis://127\\.0\\.0\\.1:${redis.port} \\(prefix enforce-tls:\\) before .*Check host, db, prefix and file .*init --accept unmarked-[\\da-f]+`,
        ),
      )
      await scene.reconfigure(iniOf(redis))
      await scene.assertGoesOn()
    })

  it('another prefix with the rules of others makes mail wait until it is accepted', async () => {
    await using redis = await startRedis()
    await using scene = await startScene(iniOf(redis))
    await scene.command('domain', 'enable', 'acme.example')
    await scene.command('rule', 'create', 'acme.example', 'Clinic', '--to', 'clinic.example', '--enable')
    await scene.assertBounces()
    const { id } = seenIn(scene)
    await scene.reconfigure(iniOf(redis, 'prefix=others:\n'))
    await elsewhere(redis, 'domain', 'enable', 'others.example', '--prefix', 'others:')
    await scene.assertWaits(
      /is a different store \(id [\da-f]+\) from the one whose rules were seen in redis \S+ \(prefix enforce-tls:\)/,
    )
    await scene.command('init', '--accept', String(id))
    // That is what was said: there are no rules for it here.
    await scene.haraka.waitForEmptyQueue()
  })

  it('the same store under another name is the same store', async () => {
    await using redis = await startRedis()
    await using scene = await startScene(iniOf(redis))
    await scene.command('domain', 'enable', 'acme.example')
    await scene.command('rule', 'create', 'acme.example', 'Clinic', '--to', 'clinic.example', '--enable')
    await scene.assertBounces()
    await scene.reconfigure(`[redis]\nurl=redis://localhost:${redis.port}\n`)
    await scene.assertBounces()
    assert.equal(scene.lines(/rules are unknown/), 0)
  })
})

describe('a rules file', () => {
  const config = fileStoreConfig({ 'acme.example': [{ to: ['clinic.example'] }] })
  const ini = '[store]\ntype=file\n'

  it('that is not there at the start makes mail wait, and goes on when it is there again', async () => {
    await using scene = await startScene(ini, { config })
    scene.haraka.writeConfig({ 'enforce-tls.ini': `[main]\ndefer_seconds=1\n${ini}` })
    await scene.haraka.restart()
    await scene.assertBounces()
    const file = join(scene.haraka.folder, 'config', 'enforce-tls.rules.json')
    const text = readFileSync(file, 'utf8')
    rmSync(file)
    await scene.haraka.restart()
    await scene.assertWaits(LOST)
    writeFileSync(file, '{}')
    await scene.assertWaits(LOST)
    writeFileSync(file, text)
    await scene.assertGoesOn()
  })

  it('that is removed while Haraka runs leaves known rules in force, and makes all else wait', async () => {
    await using scene = await startScene(ini, { config })
    scene.haraka.writeConfig({
      'enforce-tls.ini': `[main]\ndefer_seconds=1\non_store_failure=deliver\n${ini}`,
    })
    await scene.haraka.restart()
    await scene.assertBounces()
    rmSync(join(scene.haraka.folder, 'config', 'enforce-tls.rules.json'))
    await scene.assertBounces()
    await scene.assertWaits(/has disappeared; restore it or, .*enforce-tls init/, 'bob@new.example')
    assert.equal(scene.lines(/ERROR.*rules are unknown/), 1)
    await scene.command('init')
    await scene.haraka.waitForEmptyQueue()
  })
})

describe('a store that never had rules', () => {
  it('lets mail go as usual, with one warning, which init ends', async () => {
    await using redis = await startRedis()
    await using scene = await startScene(iniOf(redis))
    await scene.assertDelivers()
    await scene.assertDelivers('bob@new.example')
    const warning = /WARN.*is empty, and this Haraka has never seen rules, so mail is delivered as usual/
    assert.equal(scene.lines(warning), 1)
    assert.match(await scene.command('status'), /marker +none.*[^]*problems +0\n +warnings +2/)
    await scene.command('init')
    await scene.haraka.restart()
    await scene.assertDelivers()
    assert.equal(scene.lines(warning), 1)
    assert.match(await scene.command('status'), /warnings +1/)
  })

  it('makes mail wait with on_empty_store=defer, until it is marked', async () => {
    await using redis = await startRedis()
    await using scene = await startScene(`[main]\ndefer_seconds=1\non_empty_store=defer\n${iniOf(redis)}`)
    await scene.assertWaits(/is empty and has no marker \(on_empty_store=defer\); .*enforce-tls init/)
    await scene.command('init')
    await scene.haraka.waitForEmptyQueue()
  })
})

it('with on_empty_store=deliver a store that lost its rules has none', async () => {
  await using redis = await startRedis()
  await writeRule(redis)
  await using scene = await startScene(`[main]\ndefer_seconds=1\non_empty_store=deliver\n${iniOf(redis)}`)
  await scene.assertBounces()
  await redis.cli('FLUSHALL')
  await scene.haraka.restart()
  await scene.assertDelivers('ann@acme.example', 'lab@clinic.example')
  await scene.haraka.waitForLog(/WARN.*has lost its rules/)
  const log = 'enforce-tls:deliveries'
  await until(async () => (await redis.cli('XRANGE', log, '-', '+')).includes('rules-unknown'), {
    what: () => scene.haraka.log.slice(-2000),
  })
  // A report says so, also once the setting is another.
  await scene.reconfigure(iniOf(redis))
  assert.match(
    (await scene.command('report')).replaceAll(/\s+/g, ' '),
    /Not counted: up to 1 message that mta\.test\.example delivered as usual .* because their rules were unknown/,
  )
})

describe('on more than one machine', () => {
  it('a Cluster that was emptied makes mail wait', async () => {
    await using cluster = await startCluster()
    await writeRules(cluster, CLINIC)
    await using scene = await startScene(`[redis]\n${cluster.ini}`)
    await scene.command('domain', 'enable', 'other.example')
    await scene.assertBounces()
    for (const node of cluster.nodes) await node.cli('FLUSHALL')
    await scene.assertBounces()
    await scene.assertWaits(LOST, 'bob@new.example')
    await scene.haraka.restart()
    await scene.assertWaits(LOST)
  })

  it('a master that Sentinels name and that has no data makes mail wait', async () => {
    await using group = await startSentinels()
    const master = await group.master()
    await writeRules(master, CLINIC)
    await using scene = await startScene(`[redis]\n${group.ini}`)
    await scene.command('domain', 'enable', 'other.example')
    await scene.assertBounces()
    await master.cli('FLUSHALL')
    await scene.assertBounces()
    await group.failOver()
    await group.untilFailedOver(master)
    await scene.assertWaits(LOST, 'bob@new.example')
    await scene.haraka.restart()
    await scene.assertWaits(LOST)
  })
})
