/** Whether a Redis keeps rules over a restart: told where it does not, and nowhere where that is unknown. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { RedisStore } from '../../plugins/enforce-tls/store/redis/rule-store.js'
import { toSettings } from '../../plugins/enforce-tls/settings/schema.js'
import { startRedis, type RedisServer } from '../support/redis-server.js'

describe('a Redis', () => {
  let redis: RedisServer
  before(async () => {
    redis = await startRedis()
  })
  after(() => redis.close())

  async function risk(url = redis.url): Promise<string | null> {
    const store = new RedisStore({ ...toSettings({}).redis, url })
    try {
      return await store.restartRisk()
    } finally {
      await store.close()
    }
  }

  it('that writes nothing to disk is a risk, with the way out', async () => {
    assert.match(
      (await risk()) ?? '',
      /^redis .* writes nothing to disk .* a restart of Redis loses all rules; set appendonly yes in redis\.conf/,
    )
  })

  for (const [name, value, before_] of [
    ['save', '3600 1', ''],
    ['appendonly', 'yes', 'no'],
  ] as const)
    it(`with ${name} ${value} is none`, async () => {
      await redis.cli('CONFIG', 'SET', name, value)
      try {
        assert.equal(await risk(), null)
      } finally {
        await redis.cli('CONFIG', 'SET', name, before_)
      }
    })

  it('is not asked by a user of its own: it is refused nothing', async () => {
    await redis.cli('ACL', 'SETUSER', 'reader', 'on', '>secret', '~*', '+@all', '-config')
    assert.equal(await risk(`redis://reader:secret@127.0.0.1:${redis.port}`), null)
    assert.equal((await redis.cli('ACL', 'LOG')).trim(), '')
  })
})
