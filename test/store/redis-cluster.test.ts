/** RedisStore on a real Cluster: the contract, keys on all nodes, a node that is lost, slots that move. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { RedisConnection } from '../../plugins/enforce-tls/store/redis/connection.js'
import { readHash } from '../../plugins/enforce-tls/store/redis/hash.js'
import { startCluster, type RedisCluster } from '../support/redis-cluster.js'
import { startRedis, type RedisServer } from '../support/redis-server.js'
import { until } from '../support/until.js'
import {
  COMMAND_TIMEOUT,
  assertFailsInTime,
  openRedisStore,
  OWNER,
  redisSettings,
  RULE,
  untilReadable,
} from './opened-redis-store.js'
import { create, describeRuleStore, storeError } from './rule-store-contract.js'

let cluster: RedisCluster
let places = 0
before(async () => {
  cluster = await startCluster({ replicas: 1 })
})
after(() => cluster.close())

describeRuleStore('RedisStore on a Cluster', () => {
  const prefix = `place${places++}:`
  return Promise.resolve({
    open: () => openRedisStore({ ...cluster.settings, prefix }).store,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  })
})

/** Redis says done before a replica has it: a master that stops right then takes the change with it. */
async function untilReplicated(master: RedisServer): Promise<void> {
  await until(
    async () => {
      const info = await master.cli('INFO', 'replication')
      const [, own] = /^master_repl_offset:(\d+)/m.exec(info) ?? []
      const [, taken] = /^slave0:.*offset=(\d+)/m.exec(info) ?? []
      return own !== undefined && own === taken
    },
    { what: 'the replica to have what its master has' },
  )
}

describe('RedisStore on a Cluster', () => {
  const owners = Array.from({ length: 60 }, (_, n) => `d${n}.example`)

  it('needs one node that answers to find all others, by settings and by URL', async () => {
    const [first] = cluster.settings.cluster
    await using gone = await startRedis()
    await gone.stop()
    await using opened = openRedisStore({
      cluster: [`127.0.0.1:${gone.port}`, String(first)],
      prefix: 'one:',
    })
    for (const owner of owners) await opened.store.writeRules(owner, [create('a', RULE)])
    await using url = openRedisStore({ url: cluster.url, prefix: 'one:' })
    assert.deepEqual(await url.store.owners(), owners.toSorted())
    assert.equal(url.store.description, `redis ${cluster.url} (prefix one:)`)
    const holders = await Promise.all(cluster.nodes.map((node) => node.cli('DBSIZE')))
    assert.ok(holders.filter((size) => size !== '0').length >= 3, holders.join())
  })

  it('reads and writes a key while its slot moves, and after', async () => {
    await using opened = openRedisStore({ ...cluster.settings, prefix: 'move:' })
    const { store } = opened
    await store.writeRules(OWNER, [create('a', RULE)])
    const slot = { moves: true }
    const moved = cluster.migrate(`move:rules:${OWNER}`).finally(() => (slot.moves = false))
    for (let n = 0; slot.moves || n < 3; n++) {
      const { rules } = await store.readOwner(OWNER)
      const value = JSON.stringify({ n })
      await store.writeRules(OWNER, [{ id: 'a', expected: rules.get('a') ?? null, value }])
      assert.deepEqual(await store.owners(), [OWNER])
    }
    const node = await moved
    assert.match(await node.cli('HGET', `move:rules:${OWNER}`, 'a'), /^\{"n":\d+\}$/)
  })

  it('finds every field of a long hash whose slot moves between two pages', async () => {
    const key = 'long:groups'
    const script = 'for n = 1, 5000 do redis.call("HSET", KEYS[1], "g" .. n, "[]") end'
    await cluster.cli('EVAL', script, '1', key)
    const connection = new RedisConnection(redisSettings({ ...cluster.settings, prefix: 'long:' }))
    let questions = 0
    const ask: RedisConnection['ask'] = async (call) => {
      if (++questions === 4) await cluster.migrate(key)
      return await connection.ask(call)
    }
    try {
      assert.equal((await readHash({ ask }, key)).size, 5000)
      assert.ok(questions > 10, 'it was read again')
    } finally {
      await connection.close()
    }
  })

  for (const [how, stop] of [
    ['killed', (node: { kill9: () => Promise<void> }) => node.kill9()],
    ['stopped still', (node: { pause: () => void }) => Promise.resolve(node.pause())],
  ] as const)
    it(`reads what a replica took over from a master that was ${how}, and what the others have all the time`, async (t) => {
      const keyOf = (owner: string) => `kill:rules:${owner}`
      await using opened = openRedisStore({
        ...cluster.settings,
        prefix: 'kill:',
        commandTimeout: COMMAND_TIMEOUT,
      })
      const { store } = opened
      for (const owner of owners) await cluster.cli('HSET', keyOf(owner), 'a', RULE)
      // `domains` is read with each owner.
      const busy = await cluster.masterOf('kill:domains')
      const masters = await Promise.all(owners.map((owner) => cluster.masterOf(keyOf(owner))))
      const victim = masters.find((node) => node !== busy)
      assert.ok(victim)
      const lost = owners.find((_, n) => masters[n] === victim) ?? ''
      const kept = owners.find((_, n) => masters[n] === busy) ?? ''
      let lastError: unknown
      const noted = (error: unknown) => void (lastError = error)
      await store.readOwner(lost)
      await untilReplicated(victim)
      await stop(victim)
      // One that stays stopped would hang all that comes behind.
      t.after(() => cluster.restore(victim))
      await store.readOwner(kept)
      await assertFailsInTime(() => store.readOwner(lost))
      await store.readOwner(kept)
      const successor = await cluster.untilFailedOver(keyOf(lost), victim)
      await until(async () => (await store.readOwner(lost).catch(noted))?.rules.get('a') === RULE, {
        what: () => `the rules on the node that took over: ${String(lastError)}`,
        timeout: 30_000,
      })
      await store.writeRules(lost, [{ id: 'a', expected: RULE, value: '{"changed":1}' }])
      assert.equal(await successor.cli('HGET', keyOf(lost), 'a'), '{"changed":1}')
      await until(async () => (await store.owners().catch(noted))?.length === owners.length, {
        what: () => `all owners: ${String(lastError)}`,
      })
    })

  it('says that a Redis that is no Cluster is none, and that a node of a Cluster wants to be told', async () => {
    await using redis = await startRedis()
    await using none = openRedisStore({
      cluster: [`127.0.0.1:${redis.port}`],
      commandTimeout: COMMAND_TIMEOUT,
    })
    await assertFailsInTime(() => none.store.readOwner(OWNER), /is not a Redis Cluster; use host and port/)
    await using node = openRedisStore({ port: cluster.nodes[0]?.port ?? 0, prefix: 'node:' })
    await assert.rejects(async () => {
      for (const owner of owners) await node.store.readOwner(owner)
    }, /is a node of a Redis Cluster \(MOVED\); use cluster\[\], or redis\+cluster/)
  })

  it('says that its login is refused', async () => {
    const reset = ['ACL', 'SETUSER', 'reader', 'reset', 'on', '>right', '~*', '+@all']
    for (const node of cluster.nodes) await node.cli(...reset)
    const login = { ...cluster.settings, username: 'reader', prefix: 'login:' }
    await using wrong = openRedisStore({ ...login, password: 'wrong' })
    await assertFailsInTime(
      () => wrong.store.readOwner(OWNER),
      /rejects the login; check username and password/,
    )
    await using right = openRedisStore({ ...login, password: 'right' })
    assert.equal((await right.store.readOwner(OWNER)).rules.size, 0)
  })

  it('says that one node refuses connections and another does not answer', async (t) => {
    await using silent = await startRedis()
    silent.pause()
    t.after(() => silent.resume())
    const problem = `refuses connections; check that Redis runs there, and its host and port; its node 127.0.0.1:${silent.port} does not answer in time; check that it is not stopped or overloaded`
    const nodes = [`127.0.0.1:${silent.port}`, '127.0.0.1:1']
    // The client asks them in an order of its own.
    for (let round = 0; round < 4; round++) {
      await using opened = openRedisStore({ cluster: nodes })
      await assert.rejects(opened.store.readOwner(OWNER), (error: Error) => error.message.endsWith(problem))
    }
  })

  // The client's own time-out for a node is 500 ms where the command timeout is longer.
  for (const commandTimeout of [COMMAND_TIMEOUT, 1500])
    it(`says once that all nodes hang, and comes back with them, with a command_timeout of ${commandTimeout} ms`, async (t) => {
      await using opened = openRedisStore({ ...cluster.settings, commandTimeout })
      const { store, told } = opened
      const rules = await store.readOwner(OWNER)
      t.after(() => cluster.nodes.forEach((node) => node.resume()))
      for (const node of cluster.nodes) node.pause()
      await assert.rejects(store.readOwner(OWNER), storeError('STORE_UNAVAILABLE', /answer/))
      // Also where nobody asks any more.
      await until(() => told.length === 2, { what: 'the loss to be told' })
      assert.match(
        told[1] ?? '',
        /^unavailable: redis redis\+cluster:.*(did not answer|no node that answers)/,
      )
      const start = performance.now()
      await assert.rejects(store.readOwner(OWNER), storeError('STORE_UNAVAILABLE'))
      assert.ok(performance.now() - start < 300, 'fails at once from then on')
      for (const node of cluster.nodes) node.resume()
      await cluster.untilWhole()
      await untilReadable(store)
      assert.deepEqual(await store.readOwner(OWNER), rules)
      assert.equal(told.length, 3, told.join('\n'))
      assert.match(told[2] ?? '', /^available: /)
    })
})
