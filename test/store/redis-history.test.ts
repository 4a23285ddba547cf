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

  it('names each write, however many are made in one millisecond', async () => {
    await using opened = openRedisStore({ port: redis.port, prefix: 'steps:' })
    await Promise.all(
      ['a', 'b', 'c', 'd'].map((id) =>
        opened.store.writeRules(OWNER, [create(id, RULE), create(`${id}2`, RULE)], by),
      ),
    )
    const history = await opened.store.history({ limit: 10 })
    const names = history.map(({ step }) => `${step?.id ?? ''} of ${step?.entries ?? 0}`)
    assert.equal(new Set(names).size, 4)
    // Those of one write lie together.
    for (let n = 0; n < names.length; n += 2) assert.equal(names[n], names[n + 1])
    assert.ok(names.every((name) => name.endsWith(' of 2')))
  })

  it('keeps about 64 MB, and forgets the oldest first', async () => {
    await using opened = openRedisStore({ port: redis.port, prefix: 'bytes:', commandTimeout: 30_000 })
    const { store } = opened
    const text = (n: number) => JSON.stringify([String(n), 'x'.repeat(1_900_000)])
    await store.writeGroup('banks', null, text(0), by)
    for (let n = 1; n <= 40; n++) await store.writeGroup('banks', text(n - 1), text(n), by)
    const size = Number(await redis.cli('MEMORY', 'USAGE', 'bytes:history', 'SAMPLES', '0'))
    assert.ok(size < 75 * 2 ** 20, String(size))
    const history = await store.history({ limit: 100 })
    assert.ok(history.length >= 15 && history.length <= 18, String(history.length))
    assert.equal(history[0]?.to, text(40))
  })

  it('bounds what version 0.1.0 has left there at the next change', async () => {
    await using opened = openRedisStore({ port: redis.port, prefix: 'old:', commandTimeout: 30_000 })
    const { store } = opened
    const text = JSON.stringify(['x'.repeat(90_000)])
    const old = ['by', 'ann', 'key', 'groups', 'owner', '*', 'field', 'banks', 'from', text, 'to']
    const script = `for n = 1, 600 do redis.call('XADD', KEYS[1], '*', unpack(ARGV)) end`
    await redis.cli('EVAL', script, '1', 'old:history', ...old, text)
    const before = Number(await redis.cli('MEMORY', 'USAGE', 'old:history', 'SAMPLES', '0'))
    assert.ok(before > 100 * 2 ** 20, String(before))
    await store.writeRules(OWNER, [create('a', RULE)], by)
    const after = Number(await redis.cli('MEMORY', 'USAGE', 'old:history', 'SAMPLES', '0'))
    assert.ok(after < 75 * 2 ** 20 && after > 50 * 2 ** 20, String(after))
    const [latest, before1] = await store.history({ limit: 2 })
    assert.deepEqual([latest?.field, before1?.field, before1?.step], ['a', 'banks', null])
    await store.writeRules(OWNER, [create('b', RULE)], by)
    const again = Number(await redis.cli('MEMORY', 'USAGE', 'old:history', 'SAMPLES', '0'))
    assert.ok(again < 75 * 2 ** 20 && again > 50 * 2 ** 20, String(again))
  })

  it('says what differed in place of texts that are too long for it', async () => {
    await using opened = openRedisStore({ port: redis.port, prefix: 'leftout:' })
    const { store } = opened
    const long = (name: string) => JSON.stringify([name, 'x'.repeat(2_200_000)])
    await store.writeGroup('banks', null, long('a'))
    await store.writeGroup('banks', long('a'), long('b'), by)
    const [entry] = await store.history({ limit: 10 })
    assert.deepEqual([entry?.from, entry?.to, entry?.leftOut], [null, null, ['added b; removed a']])
    assert.equal((await store.groups()).get('banks'), long('b'))
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
