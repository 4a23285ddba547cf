/** The marker of a store: the first change puts it there, whatever the store is, and it stays. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { FileStore } from '../../plugins/enforce-tls/store/file/rule-store.js'
import { RedisStore } from '../../plugins/enforce-tls/store/redis/rule-store.js'
import type { RuleStore } from '../../plugins/enforce-tls/store/rule-store.js'
import { newMarker, parseMarker, type StoreMarker } from '../../plugins/enforce-tls/store/marker.js'
import { readmeUser } from '../support/readme-acl.js'
import { startCluster } from '../support/redis-cluster.js'
import { startSentinels } from '../support/redis-sentinels.js'
import { startRedis } from '../support/redis-server.js'
import { TemporaryFolder } from '../support/temporary-folder.js'
import { OWNER, RULE, openRedisStore, redisSettings } from './opened-redis-store.js'
import { create, storeError } from './rule-store-contract.js'

const ON = '{"enabled":true}'

async function markerOf(store: RuleStore): Promise<StoreMarker> {
  const { marker, markerProblem } = await store.identity()
  assert.equal(markerProblem, null)
  const parsed = parseMarker(marker ?? assert.fail('no marker'))
  return 'problem' in parsed ? assert.fail(parsed.problem) : parsed
}

interface Opened extends AsyncDisposable {
  readonly store: RuleStore
  /** What the store holds, as somebody else sees it. */
  look(): Promise<string>
}

const KINDS: readonly { readonly name: string; readonly open: () => Promise<Opened> }[] = [
  {
    name: 'a rules file',
    open() {
      const folder = new TemporaryFolder('marker')
      const file = join(folder.path, 'rules.json')
      return Promise.resolve({
        store: new FileStore(file),
        look: () => Promise.resolve(readFileSync(file, 'utf8')),
        [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
      })
    },
  },
  {
    name: 'a Redis',
    async open() {
      const redis = await startRedis()
      const store = new RedisStore(redisSettings({ port: redis.port }))
      return {
        store,
        look: () => redis.cli('GET', 'enforce-tls:store'),
        [Symbol.asyncDispose]: async () => {
          await store.close()
          await redis.close()
        },
      }
    },
  },
  {
    name: 'a Redis behind Sentinels',
    async open() {
      const group = await startSentinels()
      const store = new RedisStore(redisSettings(group.settings))
      return {
        store,
        look: async () => (await group.master()).cli('GET', 'enforce-tls:store'),
        [Symbol.asyncDispose]: async () => {
          await store.close()
          await group.close()
        },
      }
    },
  },
  {
    name: 'a Redis Cluster',
    async open() {
      const cluster = await startCluster()
      const store = new RedisStore(redisSettings(cluster.settings))
      return {
        store,
        look: () => cluster.cli('GET', 'enforce-tls:store'),
        [Symbol.asyncDispose]: async () => {
          await store.close()
          await cluster.close()
        },
      }
    },
  },
]

for (const { name, open } of KINDS)
  describe(`the marker of ${name}`, () => {
    it('comes with the first change of any kind, tells whether rules were there before, and stays', async () => {
      await using opened = await open()
      const { store } = opened
      assert.equal((await store.identity()).marker, null)
      await store.writeGroup('banks', null, '[]', { by: 'ann' })
      const marker = await markerOf(store)
      assert.deepEqual(
        { by: marker.by, held: marker.held, init: marker.init },
        { by: 'ann', held: undefined, init: undefined },
      )
      assert.match(await opened.look(), new RegExp(marker.id))
      await store.writeService(OWNER, null, ON)
      await store.writeAll([
        { key: 'rules', owner: OWNER, field: 'a', expected: null, value: RULE },
        { key: 'groups', owner: '*', field: 'banks', expected: '[]', value: null },
      ])
      assert.deepEqual(await markerOf(store), marker)
    })

    it('is set only where it is as expected', async () => {
      await using opened = await open()
      const { store } = opened
      const [first, second] = [newMarker(), newMarker()].map((marker) => JSON.stringify(marker)) as [
        string,
        string,
      ]
      await store.writeMarker(null, first)
      await assert.rejects(store.writeMarker(null, second), storeError('STORE_CONFLICT'))
      await store.writeMarker(first, second)
      assert.equal((await store.identity()).marker, second)
      assert.deepEqual((await store.readOwner(OWNER)).rules, new Map())
    })

    it('is the one that a document brings, where there is none', async () => {
      await using opened = await open()
      const { store } = opened
      const own = JSON.stringify(newMarker({ by: 'bob' }))
      await store.writeAll([{ key: 'domains', owner: OWNER, field: OWNER, expected: null, value: ON }], {
        marker: own,
      })
      assert.equal((await store.identity()).marker, own)
      await store.writeAll(
        [{ key: 'domains', owner: OWNER, field: OWNER, expected: ON, value: '{"enabled":false}' }],
        {
          marker: JSON.stringify(newMarker()),
        },
      )
      assert.equal((await store.identity()).marker, own)
    })
  })

describe('the marker of rules that were there before it', () => {
  it('says so, in Redis', async () => {
    await using redis = await startRedis()
    await using opened = openRedisStore({ port: redis.port })
    for (const [key, field, value] of [
      ['enforce-tls:domains', OWNER, ON],
      ['enforce-tls:rules:*', 'a', RULE],
    ] as const) {
      await redis.cli('FLUSHALL')
      await redis.cli('HSET', key, field, value)
      await opened.store.writeGroup('banks', null, '[]')
      assert.equal((await markerOf(opened.store)).held, true)
    }
  })

  it('says so, in a Cluster', async () => {
    await using cluster = await startCluster()
    await using opened = openRedisStore(cluster.settings)
    await cluster.cli('HSET', 'enforce-tls:domains', OWNER, ON)
    await opened.store.writeRules(OWNER, [create('a', RULE)], { by: 'ann' })
    assert.equal((await markerOf(opened.store)).held, true)
  })
})

it('an administrator of Redis made for version 0.1.0 changes rules as before, without a marker', async () => {
  await using redis = await startRedis()
  const { name, password, words } = readmeUser('rules-admin')
  const fewer = words.filter((word) => !['+get', '+set', '+pttl'].includes(word))
  await redis.cli('ACL', 'SETUSER', name, ...fewer)
  await using opened = openRedisStore({ port: redis.port, username: name, password })
  await opened.store.writeRules(OWNER, [create('a', RULE)], { by: 'ann' })
  assert.equal((await opened.store.readOwner(OWNER)).rules.get('a'), RULE)
  assert.equal(await redis.cli('EXISTS', 'enforce-tls:store'), '0')
  const { marker, markerProblem } = await opened.store.identity()
  assert.equal(marker, null)
  assert.match(markerProblem ?? '', /key enforce-tls:store may not be read: NOPERM .*allow it with \+get/)
})
