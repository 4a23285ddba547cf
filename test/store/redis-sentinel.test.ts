/** RedisStore behind real Sentinels: it finds the master, follows a failover, and says what is wrong. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startSentinels, type RedisSentinels } from '../support/redis-sentinels.js'
import { startRedis } from '../support/redis-server.js'
import { until } from '../support/until.js'
import { COMMAND_TIMEOUT, assertFailsInTime, openRedisStore, OWNER, RULE } from './opened-redis-store.js'
import { create, storeError } from './rule-store-contract.js'

const by = { by: 'ann' }

describe('RedisStore behind Sentinels', () => {
  let group: RedisSentinels
  before(async () => {
    group = await startSentinels({ sentinelPassword: 'watch' })
  })
  after(() => group.close())
  const settings = () => ({ ...group.settings, sentinelPassword: 'watch' })

  it('finds the master, by settings and by URL, and names the Sentinels in its description', async () => {
    await using opened = openRedisStore(settings())
    await opened.store.writeRules(OWNER, [create('a', RULE)], by)
    const master = await group.master()
    assert.equal(await master.cli('HGET', 'enforce-tls:rules:acme.example', 'a'), RULE)
    assert.equal(opened.store.description, `redis ${group.url} (prefix enforce-tls:)`)
    await using url = openRedisStore({ url: group.url, sentinelPassword: 'watch' })
    assert.deepEqual(await url.store.owners(), [OWNER])
  })

  it('is asked of the next Sentinel when the first one is gone, or hangs', async () => {
    const [first, second] = group.sentinels
    await first?.kill9()
    {
      await using opened = openRedisStore(settings())
      assert.deepEqual(await opened.store.owners(), [OWNER])
    }
    await first?.start()
    second?.pause()
    try {
      const { sentinels } = group.settings
      await using opened = openRedisStore({ ...settings(), sentinels: sentinels.toReversed() })
      assert.deepEqual(await opened.store.owners(), [OWNER])
    } finally {
      second?.resume()
    }
  })

  for (const [how, stop] of [
    ['hangs', (group: RedisSentinels) => group.master().then((master) => (master.pause(), master))],
    [
      'is demoted',
      async (group: RedisSentinels) => {
        const master = await group.master()
        await group.failOver()
        return master
      },
    ],
    [
      'is killed',
      async (group: RedisSentinels) => {
        const master = await group.master()
        await master.kill9()
        return master
      },
    ],
  ] as const)
    it(`goes on with the new master when the old one ${how}`, async (t) => {
      await using opened = openRedisStore({ ...settings(), commandTimeout: COMMAND_TIMEOUT })
      const { store } = opened
      await store.readOwner(OWNER)
      const old = await stop(group)
      t.after(() => group.restore(old))
      const master = await group.untilFailedOver(old)
      await master.cli('HSET', 'enforce-tls:rules:acme.example', 'b', how)
      const seen = () =>
        store.readOwner(OWNER).then(
          ({ rules }) => rules.get('b') === how,
          () => false,
        )
      await until(seen, { what: 'the store to read from the new master', timeout: 15_000 })
      const { rules } = await store.readOwner(OWNER)
      await store.writeRules(OWNER, [
        { id: 'a', expected: rules.get('a') ?? null, value: JSON.stringify({ how }) },
      ])
      assert.equal(await master.cli('HGET', 'enforce-tls:rules:acme.example', 'a'), JSON.stringify({ how }))
      assert.deepEqual(
        await store.history({ limit: 1 }).then((entries) => entries.map((entry) => entry.by)),
        ['ann'],
      )
    })
})

describe('RedisStore and Sentinels that are of no use', () => {
  it('says that none answers', async () => {
    await using gone = await startRedis()
    await gone.stop()
    await using opened = openRedisStore({ sentinels: [`127.0.0.1:${gone.port}`], name: 'rules' })
    await assert.rejects(
      opened.store.readOwner(OWNER),
      storeError(
        'STORE_UNAVAILABLE',
        /redis\+sentinel:\/\/127\.0\.0\.1:\d+\/rules .*has no Sentinel that answers \(the last one tried is 127\.0\.0\.1:\d+\); check that they run/,
      ),
    )
    assert.equal(opened.told.length, 1)
  })

  it('says that a plain Redis is no Sentinel', async () => {
    await using redis = await startRedis()
    await using opened = openRedisStore({ sentinels: [`127.0.0.1:${redis.port}`], name: 'rules' })
    await assertFailsInTime(
      () => opened.store.readOwner(OWNER),
      /has no Sentinel at 127\.0\.0\.1:\d+; check sentinels\[\]/,
    )
  })

  describe('of another name, or with a password', () => {
    let group: RedisSentinels
    before(async () => {
      group = await startSentinels({ replicas: 0, sentinels: 1, sentinelPassword: 'watch' })
    })
    after(() => group.close())

    it('says that the name is not known', async () => {
      await using opened = openRedisStore({ ...group.settings, name: 'mymaster', sentinelPassword: 'watch' })
      await assertFailsInTime(() => opened.store.readOwner(OWNER), /know no master of this name; check name/)
    })

    for (const [what, login] of [
      ['no', {}],
      ['a wrong', { sentinelPassword: 'guess' }],
    ] as const)
      it(`says that the Sentinels refuse ${what} password`, async () => {
        await using opened = openRedisStore({ ...group.settings, ...login })
        await assertFailsInTime(
          () => opened.store.readOwner(OWNER),
          /has Sentinels that reject the login .*check sentinel_username and sentinel_password/,
        )
      })
  })
})
