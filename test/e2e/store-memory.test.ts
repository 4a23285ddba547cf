/** What Haraka remembers of its store over restarts, wherever it may write it. */
import assert from 'node:assert/strict'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { CLINIC, startScene, type Scene } from '../support/guarded-scene.js'
import { scrape } from '../support/scrape.js'
import { until } from '../support/until.js'
import { startRedis, type RedisServer } from '../support/redis-server.js'
import { writeRules } from '../support/rules.js'

const NAME = 'enforce-tls.seen-store.json'
const LOST = /has lost its rules/
const iniOf = (redis: RedisServer) => `[redis]\nport=${redis.port}\n`
const writeRule = (redis: RedisServer) => writeRules(redis, CLINIC)
const inConfig = ({ haraka }: Scene) => join(haraka.folder, 'config', NAME)
const inQueue = ({ haraka }: Scene) => join(haraka.folder, 'queue', `.${NAME}`)

it('the file is written once, not for each message, and is shared by all workers', async () => {
  await using redis = await startRedis()
  await writeRule(redis)
  await using scene = await startScene(iniOf(redis), { nodes: 2 })
  for (let count = 0; count < 4; count++) await scene.assertBounces()
  const { ino, mtimeNs } = statSync(inConfig(scene), { bigint: true })
  for (let count = 0; count < 6; count++) await scene.assertBounces()
  const later = statSync(inConfig(scene), { bigint: true })
  assert.deepEqual([later.ino, later.mtimeNs], [ino, mtimeNs])
  await redis.cli('FLUSHALL')
  await scene.haraka.restart()
  await scene.assertWaits(LOST)
  await scene.assertWaits(LOST, 'bob@new.example')
})

it('where the config folder can not be written, the queue folder is, and Haraka starts with the file in it', async () => {
  await using redis = await startRedis()
  await using scene = await startScene(iniOf(redis))
  // Nobody can put a file in the place of a folder, root neither.
  mkdirSync(join(inConfig(scene), 'x'), { recursive: true })
  await writeRule(redis)
  await scene.assertBounces()
  await scene.haraka.until(() => existsSync(inQueue(scene)), 'the file in the queue folder')
  await redis.cli('FLUSHALL')
  await scene.haraka.restart()
  await scene.assertWaits(LOST)
  assert.ok(existsSync(inQueue(scene)), 'Haraka leaves it alone')
  rmSync(inConfig(scene), { recursive: true })
  await writeRule(redis)
  await scene.assertGoesOn()
})

it('a file that can not be read or written is told of once, and stops no mail', async () => {
  await using redis = await startRedis()
  await using scene = await startScene(iniOf(redis))
  await scene.haraka.stop()
  writeFileSync(inConfig(scene), '{ "place": ')
  await scene.haraka.start()
  await writeRule(redis)
  await scene.assertBounces()
  const broken =
    /WARN.*the record of the store that was last seen cannot be read: file \S+ contains something else; remove it, and it will be written again/
  assert.equal(scene.lines(broken), 1)
  await scene.haraka.until(
    () => readFileSync(inConfig(scene), 'utf8').includes('"since"'),
    'the file to be written anew',
  )

  rmSync(inConfig(scene))
  for (const folder of [inConfig(scene), inQueue(scene)]) mkdirSync(join(folder, 'x'), { recursive: true })
  await scene.haraka.restart()
  await scene.assertBounces()
  await scene.assertBounces()
  assert.equal(
    scene.lines(
      /WARN.*the record of the store that was last seen cannot be written, so a loss of all rules while Haraka is stopped may go unnoticed: /,
    ),
    1,
  )
})

const NOBODY = 65_534
const noRoot = process.getuid?.() !== 0 && 'only root can start Haraka as another user'

it(
  'a Haraka that is not root, and may not write its config folder, remembers in its queue folder',
  { skip: noRoot },
  async () => {
    await using redis = await startRedis()
    await writeRule(redis)
    await using scene = await startScene(iniOf(redis))
    const { folder } = scene.haraka
    await scene.haraka.stop()
    chmodSync(folder, 0o755)
    chownSync(join(folder, 'queue'), NOBODY, NOBODY)
    rmSync(inConfig(scene), { force: true })
    const smtp = `[main]\nlisten=127.0.0.1:0\nnodes=0\nforce_shutdown_timeout=5\nuser=${NOBODY}\ngroup=${NOBODY}\n`
    scene.haraka.writeConfig({ 'smtp.ini': smtp })
    await scene.haraka.start()
    await scene.assertBounces()
    await scene.haraka.until(() => existsSync(inQueue(scene)), 'the file in the queue folder')
    assert.equal(statSync(inQueue(scene)).uid, NOBODY)
    await redis.cli('FLUSHALL')
    await scene.haraka.restart()
    await scene.assertWaits(LOST)
    await assert.rejects(scene.command('status'), LOST, 'another user finds the file, too')
  },
)

it(
  'a memory that could not be written is written as soon as it can be, without a restart or a change of rules',
  { skip: noRoot, timeout: 180_000 },
  async () => {
    await using redis = await startRedis()
    await writeRule(redis)
    await using scene = await startScene(iniOf(redis), { config: { 'http.ini': 'listen=127.0.0.1:0\n' } })
    const { haraka } = scene
    await haraka.stop()
    chmodSync(haraka.folder, 0o755)
    chownSync(join(haraka.folder, 'queue'), NOBODY, NOBODY)
    rmSync(inConfig(scene), { force: true })
    mkdirSync(join(inQueue(scene), 'x'), { recursive: true })
    haraka.writeConfig({
      'smtp.ini': `[main]\nlisten=127.0.0.1:0\nnodes=0\nforce_shutdown_timeout=5\nuser=${NOBODY}\ngroup=${NOBODY}\n`,
    })
    const after = haraka.mark()
    await haraka.start()
    const folder = join(haraka.folder, 'config')
    await haraka.waitForLog(new RegExp(`WARN.*cannot be written, .*; run: chown nobody ${folder}`), { after })
    await scene.assertBounces()
    const ports = () =>
      [...haraka.log.slice(after).matchAll(/Listening on \S+:(\d+)/g)].map(([, port]) => Number(port))
    await haraka.until(() => ports().length === 2, 'the HTTP server to listen')
    const http = ports().find((port) => port !== haraka.port)
    const unremembered = async () =>
      (await scrape(`http://127.0.0.1:${http}/enforce-tls/metrics`)).get('enforce_tls_store_unremembered{}')
    assert.equal(await unremembered(), 1)
    await assert.rejects(
      scene.command('status'),
      /this Haraka has no memory of its store \(\S+seen-store\.json\): if the rules were lost, mail would be delivered without them/,
    )
    chownSync(folder, NOBODY, NOBODY)
    await until(() => existsSync(inConfig(scene)), { what: () => haraka.log.slice(-2000), timeout: 60_000 })
    await haraka.waitForLog(/NOTICE.*the record of the store that was last seen is written again: file /, {
      after,
    })
    assert.equal(await unremembered(), 0)
    assert.match(await scene.command('status'), /problems +0/)
    await redis.cli('FLUSHALL')
    await haraka.restart()
    await scene.assertWaits(LOST)
  },
)

const create = ['rule', 'create', 'acme.example', 'Clinic', '--to', 'clinic.example', '--enable']

async function startAfresh(scene: Scene, losing: () => Promise<unknown>): Promise<void> {
  await scene.haraka.stop()
  await losing()
  rmSync(inConfig(scene), { force: true })
  await scene.haraka.start()
}

it('without a memory, a history or deliveries in an empty Redis say that it had rules', async () => {
  await using redis = await startRedis()
  await using scene = await startScene(iniOf(redis))
  await scene.command('domain', 'enable', 'acme.example')
  await scene.command(...create)
  await scene.assertBounces()
  const keys = ['store', 'domains', 'rules:acme.example'].map((key) => `enforce-tls:${key}`)
  await startAfresh(scene, () => redis.cli('DEL', ...keys))
  const had = /is empty, and had rules before: key enforce-tls:history .*still there/
  await scene.assertWaits(had)
  await assert.rejects(scene.command('status'), had)
  await assert.rejects(scene.command('domain', 'enable', 'new.example'), had)
  await writeRule(redis)
  await scene.assertGoesOn()
})

it('without a memory, a history beside a missing rules file says that it had rules, also while Haraka runs', async () => {
  await using scene = await startScene('[store]\ntype=file\n')
  await scene.command('domain', 'enable', 'acme.example')
  await scene.command(...create)
  await scene.assertBounces()
  await scene.haraka.until(() => existsSync(inConfig(scene)), 'the memory')
  const file = join(scene.haraka.folder, 'config', 'enforce-tls.rules.json')
  renameSync(file, `${file}.away`)
  rmSync(inConfig(scene))
  const had = /is missing, and had rules before: file \S+\.history\.jsonl .*still there/
  await assert.rejects(scene.command('status'), had)
  await scene.haraka.restart()
  await scene.assertWaits(had)
  renameSync(`${file}.away`, file)
  await scene.assertGoesOn()
})
