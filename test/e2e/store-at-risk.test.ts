/** A Redis that may lose rules by itself: it is said from the start, and what it has lost stays in force as last known. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { CLINIC, startScene } from '../support/guarded-scene.js'
import { startRedis, type RedisServer } from '../support/redis-server.js'
import { writeRules } from '../support/rules.js'
import { until } from '../support/until.js'

const RULES = 'enforce-tls:rules:acme.example'
const iniOf = (redis: RedisServer) => `[redis]\nport=${redis.port}\n[evidence]\nstream=false\n`
const writeRule = (redis: RedisServer) => writeRules(redis, CLINIC)
const vanished = (redis: RedisServer, key: string) =>
  until(
    async () => {
      if ((await redis.cli('EXISTS', key)) === '0') return true
      // Junk of others: which key goes for it is Redis's choice, out of a few at random.
      await redis.cli(
        'EVAL',
        "for n = 1, 20000 do redis.call('SET', 'junk' .. n, string.rep('x', 1000)) end",
        '0',
      )
      return false
    },
    { what: `${key} to vanish` },
  )

it('rules that Redis evicts stay in force as last known, and the policy is warned of until it is mended', async () => {
  await using redis = await startRedis()
  await writeRule(redis)
  await redis.cli('HSET', 'enforce-tls:domains', 'bob.example', '{"enabled":true}')
  await redis.cli('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru')
  await redis.cli('CONFIG', 'SET', 'maxmemory', '4mb')
  await using scene = await startScene(iniOf(redis))
  const risk =
    /WARN.*rules may vanish: redis .* removes any key, rules too, when its memory is full \(maxmemory-policy allkeys-lru\); set maxmemory-policy noeviction/
  await scene.haraka.waitForLog(risk)
  await scene.assertBounces()
  assert.match(await scene.command('status'), /problems +0\n +warnings +2/)
  await vanished(redis, RULES)
  await scene.assertBounces()
  await scene.assertBounces()
  assert.equal(scene.lines(risk), 1)

  await redis.cli('FLUSHALL')
  await redis.cli('CONFIG', 'SET', 'maxmemory-policy', 'noeviction')
  await writeRule(redis)
  await scene.haraka.waitForLog(/no longer removes keys/)
  await scene.assertBounces()
})

it('services that Redis evicts do not make rules inactive', async () => {
  await using redis = await startRedis()
  await writeRule(redis)
  // Something else that keeps the store from being empty.
  await redis.cli(
    'HSET',
    'enforce-tls:rules:*',
    'off',
    '{"name":"x","direction":"outgoing","enabled":false,"position":1,"criteria":{"to":{"matchesAny":["x.example"]}},"actions":{"relayWithTls":{"level":"encrypt"}}}',
  )
  await redis.cli('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru')
  await redis.cli('CONFIG', 'SET', 'maxmemory', '100mb')
  await using scene = await startScene(iniOf(redis))
  await scene.assertBounces()
  await redis.cli('DEL', 'enforce-tls:domains')
  await scene.assertBounces()
  await scene.haraka.restart()
  await scene.assertWaits(/the services of all domains, acme\.example too, disappeared at once/)
})

for (const [key, what] of [
  [RULES, 'the rules of an owner'],
  ['enforce-tls:domains', 'the services'],
] as const)
  it(`${what} that expire stay in force as last known, and the time to live is warned of`, async () => {
    await using redis = await startRedis()
    await writeRule(redis)
    await using scene = await startScene(iniOf(redis))
    await scene.assertBounces()
    await redis.cli('EXPIRE', key, '1000')
    await scene.haraka.waitForLog(/changes of rules are heard of at once/)
    await scene.assertBounces()
    await scene.haraka.waitForLog(
      new RegExp(`WARN.*rules may vanish: redis .*: key ${key.replaceAll('.', '\\.')} expires, .*PERSIST`),
    )
    assert.match(await scene.command('status'), /warnings +2/)
    await redis.cli('PEXPIRE', key, '1')
    await vanished(redis, key)
    await scene.assertBounces()
    await scene.assertBounces()
  })

it('a key that expires no more is said to be safe', async () => {
  await using redis = await startRedis()
  await writeRule(redis)
  await redis.cli('EXPIRE', RULES, '1000')
  await using scene = await startScene(iniOf(redis))
  await scene.assertBounces()
  await scene.haraka.waitForLog(/rules may vanish/)
  await redis.cli('PERSIST', RULES)
  await scene.assertBounces()
  await scene.haraka.waitForLog(/key \S+ no longer expires/)
})

it('a replica without its master leaves known rules in force, and makes all else wait, until the master is back', async () => {
  await using master = await startRedis({ persistent: true })
  await writeRule(master)
  await using replica = await startRedis({
    args: ['--replicaof', `127.0.0.1 ${master.port}`, '--repl-diskless-sync-delay', '0'],
  })
  const linked = async () => (await replica.cli('INFO', 'replication')).includes('master_link_status:up')
  await until(linked, { what: 'the replica to follow' })
  await using scene = await startScene(iniOf(replica))
  await scene.assertBounces()
  await master.kill9()
  await until(async () => !(await linked()), { what: 'the link to be down' })
  await scene.assertBounces()
  const down = /is a replica whose link to its master is down, so its data may be out of date/
  await scene.assertWaits(down, 'bob@new.example')
  assert.equal(scene.lines(new RegExp(`ERROR.*${down.source}`)), 1)
  await assert.rejects(scene.command('status'), down)
  await master.start()
  await until(linked, { what: 'the replica to follow again' })
  await scene.haraka.waitForEmptyQueue()
  await scene.haraka.waitForLog(/is connected to its master again/)
})

it('a replica that never had any data is not a store without rules', async () => {
  await using master = await startRedis()
  await writeRule(master)
  await master.stop()
  await using replica = await startRedis({ args: ['--replicaof', `127.0.0.1 ${master.port}`] })
  await using scene = await startScene(iniOf(replica))
  await scene.assertWaits(/link to its master is down/)
  await master.start()
  await writeRule(master)
  await scene.assertGoesOn()
})

it('a user of Redis who may not ask what endangers rules is told so, and mail goes on', async () => {
  await using redis = await startRedis()
  await writeRule(redis)
  const words = '+hget +hscan +hlen +client|id +client|tracking +subscribe +ping'.split(' ')
  await redis.cli(
    'ACL',
    'SETUSER',
    'old',
    'on',
    '>secret',
    'resetchannels',
    '&__redis__:invalidate',
    '~enforce-tls:*',
    ...words,
  )
  await using scene = await startScene(
    iniOf(redis).replace('[evidence]', 'username=old\npassword=secret\n[evidence]'),
  )
  await scene.assertBounces()
  await scene.assertDelivers()
  await scene.haraka.waitForLog(
    /WARN.*does not permit this user to ask for its memory policy and its master \(\+info\) and whether keys expire \(\+pttl\)/,
  )
  await scene.haraka.waitForLog(/WARN.*key enforce-tls:store may not be read: NOPERM .*\+get/)
})
