/** RedisFeed on real servers, Sentinels and Clusters: no change goes unheard, or it is told that it may. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { RedisSettings } from '../../plugins/enforce-tls/settings/redis.js'
import { RedisFeed } from '../../plugins/enforce-tls/store/redis/feed.js'
import { readmeUser } from '../support/readme-acl.js'
import { startCluster, type RedisCluster } from '../support/redis-cluster.js'
import { startSentinels } from '../support/redis-sentinels.js'
import { startRedis, type RedisServer } from '../support/redis-server.js'
import { until } from '../support/until.js'
import { COMMAND_TIMEOUT, redisSettings } from './opened-redis-store.js'

const KEY = 'enforce-tls:rules:acme.example'

/** What a feed told, in order: a key, `all`, `hears` or `deaf: why`. */
class Heard implements AsyncDisposable {
  readonly events: string[] = []
  readonly #feed: RedisFeed

  constructor(settings: Partial<RedisSettings>) {
    this.#feed = new RedisFeed(redisSettings({ commandTimeout: COMMAND_TIMEOUT, ...settings }), {
      onChange: (keys) => this.events.push(...(keys ?? ['all'])),
      onSubscription: (hears, why) => this.events.push(hears ? 'hears' : `deaf: ${why}`),
    })
  }

  /** Waits for the next event that begins so, and forgets all up to it. */
  async next(beginning: string, timeout = 15_000): Promise<string> {
    const at = await until(
      () => {
        const found = this.events.findIndex((event) => event.startsWith(beginning))
        return found >= 0 && found + 1
      },
      { what: () => `${beginning} among ${this.events.join(', ')}`, timeout },
    )
    const event = this.events[at - 1] ?? ''
    this.events.splice(0, at)
    return event
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#feed.close()
    return Promise.resolve()
  }
}

/** How many connections a server has accepted so far. */
async function connections(redis: RedisServer): Promise<number> {
  const stats = await redis.cli('INFO', 'stats')
  return Number(/total_connections_received:(\d+)/.exec(stats)?.[1])
}

describe('the feed of a single Redis', () => {
  it('tells keys that hold rules, services and groups, and a flush as all', async () => {
    await using redis = await startRedis()
    await using heard = new Heard({ port: redis.port })
    await heard.next('hears')
    await redis.cli('SET', 'other', '1')
    for (const other of ['deliveries', 'partners', 'users', 'history'])
      await redis.cli('HSET', `enforce-tls:${other}`, 'a', '1')
    for (const key of [KEY, 'enforce-tls:domains', 'enforce-tls:groups']) {
      await redis.cli('HSET', key, 'a', '1')
      assert.equal(await heard.next(''), key)
    }
    await redis.cli('FLUSHALL')
    assert.equal(await heard.next(''), 'all')
  })

  for (const [how, lose] of [
    ['cut', (redis: RedisServer) => redis.cli('CLIENT', 'KILL', 'TYPE', 'pubsub')],
    ['lost with the server', (redis: RedisServer) => redis.restart()],
  ] as const)
    it(`says so when its connection was ${how}, that anything may have changed, and hears again`, async () => {
      await using redis = await startRedis()
      await using heard = new Heard({ port: redis.port })
      await heard.next('hears')
      await lose(redis)
      assert.match(await heard.next(''), /^deaf: the connection is lost/)
      assert.equal(await heard.next(''), 'all')
      assert.equal(await heard.next(''), 'hears')
      await redis.cli('HSET', KEY, 'a', '1')
      assert.equal(await heard.next(''), KEY)
    })

  it('finds out that a server stands still', async () => {
    await using redis = await startRedis()
    await using heard = new Heard({ port: redis.port })
    await heard.next('hears')
    redis.pause()
    assert.match(await heard.next(''), /^deaf: ./)
    redis.resume()
    assert.equal(await heard.next('all'), 'all')
    assert.equal(await heard.next(''), 'hears')
  })

  it('says once what the server refuses, and hears as soon as it does not', async () => {
    await using redis = await startRedis()
    const { name, password, words } = readmeUser('haraka')
    const setUser = (...permissions: string[]) => redis.cli('ACL', 'SETUSER', name, 'reset', ...permissions)
    for (const permission of ['+client|id', '+client|tracking', '+subscribe', '&__redis__:invalidate']) {
      assert.ok(words.includes(permission), `${permission} in config/README.md`)
      await setUser(...words.filter((word) => word !== permission))
      await using heard = new Heard({ port: redis.port, username: name, password })
      assert.match(await heard.next(''), /^deaf: does not permit that to this user: NOPERM/)
      const refused = await connections(redis)
      await setUser(...words)
      assert.equal(await heard.next(''), 'all')
      assert.ok((await connections(redis)) - refused < 6, 'a server that refuses is left in peace')
      assert.equal(await heard.next(''), 'hears')
    }
  })

  it('tells nothing once it is closed', async () => {
    await using redis = await startRedis()
    const heard = new Heard({ port: redis.port })
    await heard.next('hears')
    await heard[Symbol.asyncDispose]()
    await redis.cli('HSET', KEY, 'a', '1')
    await redis.stop()
    assert.deepEqual(heard.events, [])
  })
})

describe('the feed behind Sentinels', () => {
  for (const how of ['is demoted', 'is killed'] as const)
    it(`goes over to the new master when the old one ${how}`, async () => {
      await using group = await startSentinels()
      await using heard = new Heard(group.settings)
      await heard.next('hears')
      const old = await group.master()
      await (how === 'is killed' ? old.kill9() : group.failOver())
      const master = await group.untilFailedOver(old)
      assert.match(await heard.next(''), /^deaf: ./)
      assert.equal(await heard.next('all', 40_000), 'all')
      assert.equal(await heard.next('hears'), 'hears')
      await until(
        async () => {
          await master.cli('HSET', KEY, 'a', how)
          return heard.events.includes(KEY)
        },
        { what: 'a change on the new master to be heard of', timeout: 5000 },
      )
    })
})

describe('the feed of a Cluster', () => {
  let cluster: RedisCluster
  before(async () => {
    cluster = await startCluster({ replicas: 1 })
  })
  after(() => cluster.close())
  const keys = Array.from({ length: 30 }, (_, n) => `enforce-tls:rules:d${n}.example`)

  it('hears of keys on every master', async () => {
    await using heard = new Heard(cluster.settings)
    await heard.next('hears')
    for (const key of keys) {
      await cluster.cli('HSET', key, 'a', '1')
      assert.equal(await heard.next(''), key)
    }
  })

  it('hears of a key after its slot has moved', async () => {
    await using heard = new Heard(cluster.settings)
    await heard.next('hears')
    await cluster.cli('HSET', KEY, 'a', '1')
    await heard.next(KEY)
    await cluster.migrate(KEY)
    assert.equal(await heard.next(KEY), KEY)
    heard.events.length = 0
    await cluster.cli('HSET', KEY, 'a', '2')
    assert.equal(await heard.next(KEY), KEY)
  })

  for (const how of ['killed', 'stopped still'] as const)
    it(`says that it does not hear all when a master is ${how}, and hears again when a replica has taken over`, async (t) => {
      await using heard = new Heard(cluster.settings)
      await heard.next('hears')
      const victim = await cluster.masterOf(KEY)
      t.after(() => cluster.restore(victim))
      if (how === 'killed') await victim.kill9()
      else victim.pause()
      assert.match(
        await heard.next('deaf'),
        /^deaf: 127\.0\.0\.1:\d+: (?:the connection is lost|is a new master)/,
      )
      await cluster.untilFailedOver(KEY, victim)
      await heard.next('all')
      await heard.next('hears')
      await cluster.cli('HSET', KEY, 'a', how)
      await heard.next(KEY)
    })
})
