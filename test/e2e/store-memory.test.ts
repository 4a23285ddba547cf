/** What Haraka remembers of its store over restarts, wherever it may write it. */
import assert from 'node:assert/strict'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { startScene, writeClinicRule, type Scene } from '../support/guarded-scene.js'
import { startRedis, type RedisServer } from '../support/redis-server.js'

const NAME = 'enforce-tls.seen-store.json'
const LOST = /has lost its rules/
const iniOf = (redis: RedisServer) => `[redis]\nport=${redis.port}\n`
const writeRule = (redis: RedisServer) => writeClinicRule((...field) => redis.cli('HSET', ...field))
const inConfig = ({ haraka }: Scene) => join(haraka.folder, 'config', NAME)
const inQueue = ({ haraka }: Scene) => join(haraka.folder, 'queue', `.${NAME}`)

it('the file is written once, not for each message, and is shared by all workers', async () => {
  await using redis = await startRedis()
  await writeRule(redis)
  await using scene = await startScene(iniOf(redis), { nodes: 2 })
  for (let count = 0; count < 4; count++) await scene.bounces()
  const { ino, mtimeNs } = statSync(inConfig(scene), { bigint: true })
  for (let count = 0; count < 6; count++) await scene.bounces()
  const later = statSync(inConfig(scene), { bigint: true })
  assert.deepEqual([later.ino, later.mtimeNs], [ino, mtimeNs])
  await redis.cli('FLUSHALL')
  await scene.haraka.restart()
  await scene.waits(LOST)
  await scene.waits(LOST, 'bob@new.example')
})

it('where the config folder can not be written, the queue folder is, and Haraka starts with the file in it', async () => {
  await using redis = await startRedis()
  await using scene = await startScene(iniOf(redis))
  // Nobody can put a file in the place of a folder, root neither.
  mkdirSync(join(inConfig(scene), 'x'), { recursive: true })
  await writeRule(redis)
  await scene.bounces()
  await scene.haraka.until(() => existsSync(inQueue(scene)), 'the file in the queue folder')
  await redis.cli('FLUSHALL')
  await scene.haraka.restart()
  await scene.waits(LOST)
  assert.ok(existsSync(inQueue(scene)), 'Haraka leaves it alone')
  rmSync(inConfig(scene), { recursive: true })
  await writeRule(redis)
  await scene.goesOn()
})

it('a file that can not be read or written is told of once, and stops no mail', async () => {
  await using redis = await startRedis()
  await using scene = await startScene(iniOf(redis))
  await scene.haraka.stop()
  writeFileSync(inConfig(scene), '{ "place": ')
  await scene.haraka.start()
  await writeRule(redis)
  await scene.bounces()
  const broken =
    /WARN.*the store that was last seen can't be read: file \S+ holds something else; remove it, it is written anew/
  assert.equal(scene.lines(broken), 1)
  await scene.haraka.until(
    () => readFileSync(inConfig(scene), 'utf8').includes('"since"'),
    'the file to be written anew',
  )

  rmSync(inConfig(scene))
  for (const folder of [inConfig(scene), inQueue(scene)]) mkdirSync(join(folder, 'x'), { recursive: true })
  await scene.haraka.restart()
  await scene.bounces()
  await scene.bounces()
  assert.equal(
    scene.lines(
      /WARN.*the store that was last seen can't be written, so a loss of all rules while Haraka is stopped may go unnoticed: /,
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
    await scene.bounces()
    await scene.haraka.until(() => existsSync(inQueue(scene)), 'the file in the queue folder')
    assert.equal(statSync(inQueue(scene)).uid, NOBODY)
    await redis.cli('FLUSHALL')
    await scene.haraka.restart()
    await scene.waits(LOST)
    await assert.rejects(scene.command('status'), LOST, 'another user finds the file, too')
  },
)
