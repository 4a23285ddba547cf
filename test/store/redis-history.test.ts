/** The history in Redis, and changes of several keys on a Cluster, whose nodes can't change in one step. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startRedis, type RedisServer } from '../support/redis-server.js'
import { openRedisStore, OWNER, RULE } from './opened-redis-store.js'
import { create, storeError } from './rule-store-contract.js'

const by = { by: 'ann' }

describe('the history in Redis', () => {
  let redis: RedisServer
  before(async () => {
    redis = await startRedis()
  })
  after(() => redis.close())

  it('is a stream of the contract, which redis-cli can read', async () => {
    await using opened = openRedisStore({ port: redis.port, prefix: 'read:' })
    await opened.store.writeRules(OWNER, [create('a', RULE)], by)
    const [id, ...words] = (await redis.cli('XRANGE', 'read:history', '-', '+')).split('\n')
    assert.match(id ?? '', /^\d+-\d+$/)
    assert.deepEqual(words, ['by', 'ann', 'key', 'rules', 'owner', OWNER, 'field', 'a', 'to', RULE])
  })

  it('passes over what others put there', async () => {
    await using opened = openRedisStore({ port: redis.port, prefix: 'odd:' })
    await redis.cli('XADD', 'odd:history', '*', 'a', 'b')
    await redis.cli('XADD', 'odd:history', '*', 'by', 'x', 'key', 'other', 'owner', 'o', 'field', 'f')
    await opened.store.writeRules(OWNER, [create('a', RULE)], by)
    assert.equal((await opened.store.history({ limit: 10 })).length, 1)
  })

  it('is followed through more entries than one answer brings', async () => {
    await using opened = openRedisStore({ port: redis.port, prefix: 'long:' })
    await opened.store.writeRules('*', [create('first', RULE)], by)
    const changes = Array.from({ length: 1200 }, (_, n) => create(`r${n}`, RULE))
    await opened.store.writeRules(OWNER, changes, by)
    const entries = await opened.store.history({ owner: '*', limit: 10 })
    assert.deepEqual(
      entries.map(({ field }) => field),
      ['first'],
    )
  })

  it('that is no stream keeps the change from being made', async () => {
    await using opened = openRedisStore({ port: redis.port, prefix: 'text:' })
    await redis.cli('SET', 'text:history', 'text')
    await assert.rejects(
      opened.store.writeRules(OWNER, [create('a', RULE)], by),
      storeError('STORE_CORRUPT', /key text:history is not a stream, so nothing was written/),
    )
    assert.deepEqual(await opened.store.owners(), [])
  })
})

describe('a node of a Redis Cluster', () => {
  let redis: RedisServer
  before(async () => {
    redis = await startRedis({ args: ['--cluster-enabled', 'yes'] })
    await redis.cli('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
    for (;;) if ((await redis.cli('CLUSTER', 'INFO')).includes('cluster_state:ok')) break
  })
  after(() => redis.close())

  const service = (expected: string | null) =>
    ({ key: 'domains', owner: OWNER, field: OWNER, expected, value: '{"enabled":true}' }) as const
  const rule = (expected: string | null) =>
    ({ key: 'rules', owner: OWNER, field: 'a', expected, value: RULE }) as const

  it('changes key by key, and records it', async () => {
    await using opened = openRedisStore({ port: redis.port, prefix: 'one:' })
    await opened.store.writeAll([service(null), rule(null)], by)
    assert.equal((await opened.store.readOwner(OWNER)).rules.get('a'), RULE)
    const history = await opened.store.history({ limit: 10 })
    assert.deepEqual(
      history.map(({ field }) => field),
      ['a', OWNER],
    )
  })

  it('says what is written when it fails between two keys, and records that', async () => {
    await using opened = openRedisStore({ port: redis.port, prefix: 'two:' })
    await assert.rejects(
      opened.store.writeAll([service(null), rule('{"other":1}')], by),
      storeError(
        'STORE_HALFWAY',
        /after 1 of 2 changes; written are: "key two:domains, field acme\.example"; then: .*field a was changed by somebody else.*it was not written/,
      ),
    )
    assert.deepEqual([...(await opened.store.services()).keys()], [OWNER])
    assert.equal((await opened.store.history({ limit: 10 })).length, 1)
  })

  it('that refuses the first change has written nothing', async () => {
    await using opened = openRedisStore({ port: redis.port, prefix: 'three:' })
    await assert.rejects(
      opened.store.writeAll([rule('{"other":1}'), service(null)], by),
      storeError('STORE_CONFLICT', /field a was changed by somebody else/),
    )
    assert.deepEqual([...(await opened.store.services()).keys()], [])
  })
})
