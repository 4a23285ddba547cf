/** The history in Redis. */
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
    assert.deepEqual(words.slice(0, 10), [
      'by',
      'ann',
      'key',
      'rules',
      'owner',
      OWNER,
      'field',
      'a',
      'to',
      RULE,
    ])
    assert.deepEqual([words[10], words[12], words[13], words[14]], ['step', 'entries', '1', 'total'])
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
