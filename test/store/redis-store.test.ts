/** RedisStore on a real redis-server: the contract of rule stores, its keys, its database. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { RedisSettings } from '../../plugins/enforce-tls/settings/redis.js'
import { startRedis, type RedisServer } from '../support/redis-server.js'
import { TemporaryFolder } from '../support/temporary-folder.js'
import {
  COMMAND_TIMEOUT,
  assertFailsInTime,
  openRedisStore,
  OWNER,
  redisSettings,
  RULE,
  type Opened,
} from './opened-redis-store.js'
import { create, describeRuleStore, storeError } from './rule-store-contract.js'
import { createFromProcesses } from './rule-writer.js'

let places = 0
let redis: RedisServer
const open = (changes: Partial<RedisSettings> = {}): Opened =>
  openRedisStore({ port: redis.port, ...changes })

before(async () => {
  redis = await startRedis()
})
after(() => redis.close())

describeRuleStore('RedisStore', () => {
  const prefix = `place${places++}:`
  return Promise.resolve({
    open: () => open({ prefix }).store,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  })
})

describe('RedisStore and the keys', () => {
  it('uses the keys of the contract, which redis-cli may read and write', async () => {
    await using opened = open({ prefix: 'keys:' })
    const { store } = opened
    await store.writeRules(OWNER, [create('a', RULE)])
    await store.writeService(OWNER, null, '{"enabled":true}')
    assert.equal(await redis.cli('HGET', 'keys:rules:acme.example', 'a'), RULE)
    assert.equal(await redis.cli('HGET', 'keys:domains', 'acme.example'), '{"enabled":true}')
    await redis.cli('HSET', 'keys:rules:acme.example', 'b', '{ "odd": 1 }')
    assert.equal((await store.readOwner(OWNER)).rules.get('b'), '{ "odd": 1 }')
    await store.writeRules(OWNER, [{ id: 'b', expected: '{ "odd": 1 }', value: null }])
  })

  it('lists the owners of its own prefix only, also when the prefix looks like a pattern', async () => {
    const prefixes = ['p[ab]*?\\:', 'pa:', 'p[ab]*?\\:x:', 'P[AB]*?\\:']
    for (const prefix of prefixes) {
      await using opened = open({ prefix })
      await opened.store.writeRules(OWNER, [create('a', RULE)])
    }
    for (const prefix of prefixes) {
      await using opened = open({ prefix })
      assert.deepEqual(await opened.store.owners(), [OWNER], prefix)
    }
  })

  it('lists more owners than one SCAN brings', async () => {
    const names = Array.from({ length: 2500 }, (_, n) => `d${n}.example`)
    const script = 'for i = 0, 2499 do redis.call("HSET", "many:rules:d" .. i .. ".example", "a", "{}") end'
    await redis.cli('EVAL', script, '0')
    await using opened = open({ prefix: 'many:' })
    assert.deepEqual(await opened.store.owners(), names.sort())
  })

  it('names a key that is not a hash, for reading and for writing', async () => {
    await redis.cli('SET', 'wrong:rules:acme.example', 'text')
    await redis.cli('SET', 'odd:domains', 'text')
    await using rules = open({ prefix: 'wrong:' })
    await using domains = open({ prefix: 'odd:' })
    const wrong = storeError('STORE_CORRUPT', /key wrong:rules:acme\.example is not a hash/)
    await assert.rejects(rules.store.readOwner(OWNER), wrong)
    await assert.rejects(rules.store.writeRules(OWNER, [create('a', RULE)]), wrong)
    const odd = storeError('STORE_CORRUPT', /key odd:domains is not a hash/)
    await assert.rejects(domains.store.readOwner(OWNER), odd)
    await assert.rejects(domains.store.services(), odd)
    await assert.rejects(domains.store.writeService(OWNER, null, RULE), odd)
    assert.equal(rules.told.length, 1, 'a wrong key is no outage')
  })

  it('says key and field of a place', async () => {
    await using opened = open()
    const { store } = opened
    assert.equal(store.description, `redis redis://127.0.0.1:${redis.port} (prefix enforce-tls:)`)
    for (const [place, words] of [
      [{ key: 'rules', owner: OWNER, field: '7f3a' }, 'key enforce-tls:rules:acme.example, field 7f3a'],
      [{ key: 'domains', owner: OWNER, field: OWNER }, 'key enforce-tls:domains, field acme.example'],
      [{ key: 'rules', owner: '*', field: 'a\nb' }, 'key enforce-tls:rules:*, field "a\\nb"'],
    ] as const)
      assert.equal(store.placeOf(place), words)
  })

  it('keeps every rule of fifty that five processes create at the same time', async () => {
    const ids = Array.from({ length: 5 }, (_, p) => Array.from({ length: 10 }, (_, n) => `p${p}r${n}`))
    const where = {
      store: { type: 'redis', file: '' },
      redis: redisSettings({ port: redis.port, prefix: 'processes:' }),
    } as const
    await createFromProcesses(OWNER, where, ids)
    await using opened = open({ prefix: 'processes:' })
    assert.deepEqual([...(await opened.store.readOwner(OWNER)).rules.keys()].sort(), ids.flat().sort())
  })
})

describe('RedisStore and the database', () => {
  it('keeps to the database that is set, by key and by URL', async () => {
    await using three = open({ prefix: 'db:', db: 3 })
    await using url = open({ prefix: 'db:', url: `redis://127.0.0.1:${redis.port}/3` })
    await using zero = open({ prefix: 'db:' })
    await three.store.writeRules(OWNER, [create('a', RULE)])
    assert.equal((await url.store.readOwner(OWNER)).rules.size, 1)
    assert.equal((await zero.store.readOwner(OWNER)).rules.size, 0)
    assert.match(three.store.description, /\/3 \(prefix db:\)$/)
    assert.equal(three.store.description, url.store.description)
  })

  it('does not take the rules of database 0 for those of a database that does not exist', async () => {
    await using opened = open({ db: 99, commandTimeout: COMMAND_TIMEOUT })
    for (let n = 0; n < 3; n++)
      await assertFailsInTime(() => opened.store.readOwner(OWNER), /has no database of this number; check db/)
    assert.equal(opened.told.length, 1)
  })

  it('speaks through a unix socket', async () => {
    await using folder = new TemporaryFolder('socket')
    const path = `${folder.path}/redis.sock`
    await using server = await startRedis({ args: ['--unixsocket', path] })
    await using opened = open({ path })
    await opened.store.writeRules(OWNER, [create('a', RULE)])
    const keys = (await server.cli('KEYS', '*')).split('\n').sort()
    assert.deepEqual(keys, ['enforce-tls:rules:acme.example', 'enforce-tls:store'])
    assert.equal(opened.store.description, `redis unix://${path} (prefix enforce-tls:)`)
  })

  it('says that a unix socket is not there', async () => {
    await using opened = open({ path: '/nonexistent/redis.sock', commandTimeout: COMMAND_TIMEOUT })
    await assertFailsInTime(() => opened.store.readOwner(OWNER), /no such unix socket/)
  })
})
