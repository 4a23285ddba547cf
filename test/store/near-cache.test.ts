/** PolicyCache over a real Redis: what is cached costs no command, and whatever changes is in force. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, it } from 'node:test'
import { FileStore } from '../../plugins/enforce-tls/store/file/rule-store.js'
import type { RuleStore } from '../../plugins/enforce-tls/store/rule-store.js'
import { TemporaryFolder } from '../support/temporary-folder.js'
import { parseAddress } from '../../plugins/enforce-tls/rules/address.js'
import { InvalidEntry } from '../../plugins/enforce-tls/rules/rule-list.js'
import { PolicyCache, type PolicyCacheOptions } from '../../plugins/enforce-tls/policy/cache.js'
import type { PolicyCacheListener } from '../../plugins/enforce-tls/policy/cache-entries.js'
import { RedisStore } from '../../plugins/enforce-tls/store/redis/rule-store.js'
import type { RedisSettings } from '../../plugins/enforce-tls/settings/redis.js'
import { startRedis, type RedisServer } from '../support/redis-server.js'
import { storedRule } from '../support/rules.js'
import { slowWayTo } from '../support/slow-redis.js'
import { until } from '../support/until.js'
import { atOnce } from '../../plugins/enforce-tls/work/pieces.js'
import { redisSettings } from './opened-redis-store.js'

const RULES = 'enforce-tls:rules:acme.example'

/** A cache on a Redis, and what it reported. */
class Near implements AsyncDisposable {
  readonly reads: string[] = []
  readonly subscriptions: string[] = []
  readonly cache: PolicyCache
  readonly #store: RuleStore

  constructor(where: Partial<RedisSettings> | FileStore, options: Partial<PolicyCacheOptions> = {}) {
    this.#store =
      where instanceof FileStore ? where : new RedisStore(redisSettings({ commandTimeout: 2000, ...where }))
    const listener: PolicyCacheListener = {
      onRead: (owner, _list, lastError) =>
        this.reads.push(lastError ? `${owner}: ${lastError.message}` : owner),
      onSubscription: (isSubscribed, why) => this.subscriptions.push(isSubscribed ? 'subscribed' : why),
    }
    this.cache = new PolicyCache(this.#store, { maxOwners: 1000, timeout: 1000, ...options }, listener)
  }

  /** What the rules of an owner require of mail to cfo@bank.example. */
  async level(owner = 'acme.example'): Promise<string> {
    const [list] = await this.cache.get([owner])
    assert.ok(list)
    const [sender, recipient] = ['ann@acme.example', 'cfo@bank.example'].map((text) => {
      const parsed = parseAddress(text)
      assert.ok('address' in parsed)
      return parsed.address
    })
    assert.ok(sender && recipient)
    const message = { direction: 'outgoing', sender, recipient, now: Date.now() } as const
    const { requirement } = atOnce(list.rulingOn(message))
    return requirement?.level ?? 'none'
  }

  async untilLevel(level: string, timeout = 10_000): Promise<void> {
    await until(async () => (await this.level()) === level, { what: () => `level ${level}`, timeout })
  }

  async untilSubscribed(): Promise<void> {
    await until(() => this.subscriptions.at(-1) === 'subscribed', {
      what: () => 'subscribed',
      timeout: 10_000,
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cache.close()
    await this.#store.close()
  }
}

async function startRules(): Promise<RedisServer> {
  const redis = await startRedis()
  await redis.cli('HSET', 'enforce-tls:domains', 'acme.example', '{"enabled":true}')
  await setRule(redis, 'encrypt')
  return redis
}

async function setRule(redis: RedisServer, level: string, to = 'bank.example'): Promise<void> {
  await redis.cli('HSET', RULES, 'r1', JSON.stringify(storedRule({ to: [to], action: { level } })))
}

/** How often Redis ran any of these commands. */
async function commands(redis: RedisServer, ...names: readonly string[]): Promise<number> {
  const stats = await redis.cli('INFO', 'commandstats')
  return names.reduce(
    (sum, name) => sum + Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0),
    0,
  )
}

describe('what is cached', () => {
  it('is looked up without a command, also where there are no rules', async () => {
    await using redis = await startRules()
    await using near = new Near({ port: redis.port })
    await near.untilSubscribed()
    assert.equal(await near.level(), 'encrypt')
    assert.equal(await near.level('ann@acme.example'), 'none')
    const before = await commands(redis, 'hscan', 'hget', 'hgetall')
    for (let times = 0; times < 1000; times++) {
      await near.cache.get(['acme.example'])
      await near.cache.get(['ann@acme.example'])
    }
    assert.equal(await commands(redis, 'hscan', 'hget', 'hgetall'), before)
    assert.equal(near.cache.counts.hits, 2000)
  })

  it('is read once, however many ask at the same time', async () => {
    await using redis = await startRules()
    await using near = new Near({ port: redis.port })
    await near.untilSubscribed()
    await Promise.all(Array.from({ length: 50 }, () => near.level()))
    assert.deepEqual(near.reads, ['acme.example'])
  })

  it('is bounded by max_owners, and the owner that was not used for longest goes first', async () => {
    await using redis = await startRules()
    await using near = new Near({ port: redis.port }, { maxOwners: 2 })
    await near.untilSubscribed()
    for (const owner of ['a.example', 'b.example', 'a.example', 'c.example']) await near.level(owner)
    assert.equal(near.cache.counts.owners, 2)
    near.reads.length = 0
    for (const owner of ['a.example', 'c.example', 'b.example']) await near.level(owner)
    assert.deepEqual(near.reads, ['b.example'])
  })
})

describe('a change by any client', () => {
  it('of a rule, of a service and of a group is in force', async () => {
    await using redis = await startRules()
    await using near = new Near({ port: redis.port })
    await near.untilSubscribed()
    await near.untilLevel('encrypt')
    await setRule(redis, 'verify')
    await near.untilLevel('verify')
    await redis.cli('HSET', 'enforce-tls:domains', 'acme.example', '{"enabled":false}')
    await near.untilLevel('none')
    await redis.cli('HSET', 'enforce-tls:domains', 'acme.example', '{"enabled":true}')
    await near.untilLevel('verify')
    await redis.cli('HSET', 'enforce-tls:groups', 'banks', '["bank.example"]')
    await setRule(redis, 'encrypt', 'group:banks')
    await near.untilLevel('encrypt')
    await redis.cli('HSET', 'enforce-tls:groups', 'banks', '["other.example"]')
    await near.untilLevel('none')
    await redis.cli('FLUSHALL')
    await setRule(redis, 'encrypt')
    await redis.cli('HSET', 'enforce-tls:domains', 'acme.example', '{"enabled":true}')
    await near.untilLevel('encrypt')
    assert.equal(await near.level(), 'encrypt')
  })

  it("of another domain's service does not make rules be read again", async () => {
    await using redis = await startRules()
    await using near = new Near({ port: redis.port })
    await near.untilSubscribed()
    await near.level()
    const before = await commands(redis, 'hscan')
    await redis.cli('HSET', 'enforce-tls:domains', 'other.example', '{"enabled":true}')
    const { misses } = near.cache.counts
    const isInvalidated = async () => (await near.level()) === 'encrypt' && near.cache.counts.misses > misses
    await until(isInvalidated, { what: () => 'the invalidation', timeout: 5000 })
    assert.equal(await commands(redis, 'hscan'), before)
  })

  it('while the feed is cut is in force once it is back', async () => {
    await using redis = await startRules()
    await using near = new Near({ port: redis.port })
    await near.untilSubscribed()
    await near.untilLevel('encrypt')
    const rule = JSON.stringify(storedRule({ to: ['bank.example'], action: { level: 'verify' } }))
    // In one step, so that the change comes after the connection is gone and before it can be back.
    const script = "redis.call('HSET', KEYS[1], 'r1', ARGV[1]) return 1"
    await redis.cli('CLIENT', 'KILL', 'TYPE', 'pubsub')
    await redis.cli('EVAL', script, '1', RULES, rule)
    await near.untilLevel('verify')
    assert.equal(await near.level(), 'verify')
  })

  it('that is made while an owner is being read is not overlooked', async () => {
    await using redis = await startRules()
    await using way = await slowWayTo(redis.port)
    await using near = new Near({ port: way.port, commandTimeout: 10_000 }, { timeout: 10_000 })
    await near.untilSubscribed()
    way.hold()
    const [early] = [near.level()]
    await until(async () => (await commands(redis, 'hscan')) > 0, { what: () => 'the read', timeout: 5000 })
    await setRule(redis, 'verify')
    const changed = performance.now()
    await until(() => performance.now() - changed > 60, { what: () => 'an older read', timeout: 5000 })
    const late = near.level()
    way.release()
    assert.equal(await late, 'verify')
    await early
  })
})

describe('where Redis can not tell of changes', () => {
  it('a change is in force after a while, and it is reported once', async () => {
    await using redis = await startRules()
    await redis.cli('ACL', 'SETUSER', 'default', '-client|tracking')
    await using near = new Near(
      { port: redis.port },
      { rereadAfter: { subscribed: 25_000, unsubscribed: 200 }, staleAfter: 500 },
    )
    await near.untilLevel('encrypt')
    await setRule(redis, 'verify')
    await near.untilLevel('verify')
    assert.equal(near.subscriptions.length, 1)
    assert.match(near.subscriptions.join(), /NOPERM|tracking/)
  })
})

describe('while Redis is away or broken', () => {
  it('what was last known stays in force, and what was never read is unknown', async () => {
    await using redis = await startRules()
    await using near = new Near(
      { port: redis.port },
      { staleAfter: 0, rereadAfter: { subscribed: 0, unsubscribed: 0 } },
    )
    await near.untilSubscribed()
    await near.untilLevel('encrypt')
    await redis.stop()
    await until(() => near.subscriptions.at(-1) !== 'subscribed', { what: () => 'the loss', timeout: 5000 })
    assert.equal(await near.level(), 'encrypt')
    await assert.rejects(near.level('ann@acme.example'), { code: 'STORE_UNAVAILABLE' })
    await redis.start()
    await redis.cli('HSET', 'enforce-tls:domains', 'acme.example', '{"enabled":true}')
    await setRule(redis, 'verify')
    await near.untilLevel('verify')
  })

  it('nobody waits longer than the timeout', async () => {
    await using redis = await startRules()
    await using way = await slowWayTo(redis.port)
    await using near = new Near({ port: way.port, commandTimeout: 60_000 }, { timeout: 100 })
    await near.untilSubscribed()
    await near.level()
    way.hold()
    await assert.rejects(
      near.level('ann@acme.example'),
      /has not given the rules of ann@acme\.example within 100 ms/,
    )
    assert.equal(await near.level(), 'encrypt')
    way.release()
  })

  it('a broken rule leaves its last valid version in force, and costs one read', async () => {
    await using redis = await startRules()
    await using near = new Near({ port: redis.port })
    await near.untilSubscribed()
    await near.untilLevel('encrypt')
    await redis.cli('HSET', RULES, 'r1', '{"name":')
    await until(
      async () => {
        await near.level()
        return near.reads.length > 1
      },
      { what: () => 'the second read', timeout: 5000 },
    )
    for (let times = 0; times < 10; times++) assert.equal(await near.level(), 'encrypt')
    assert.equal(near.reads.length, 2)
    await redis.cli('HSET', 'enforce-tls:rules:*', 'r1', '{"name":')
    await assert.rejects(near.level('*'), InvalidEntry)
    await assert.rejects(near.level('*'), InvalidEntry)
    assert.equal(near.reads.length, 3)
  })

  it('a new rule is in force at once beside a broken one, and so is the broken one when it is mended', async () => {
    await using redis = await startRules()
    await using near = new Near({ port: redis.port })
    await near.untilSubscribed()
    await redis.cli('HSET', RULES, 'off', `${JSON.stringify(storedRule({ to: ['*'], enabled: false }))},`)
    await near.untilLevel('encrypt')
    await setRule(redis, 'verify')
    await near.untilLevel('verify')
    await redis.cli('HSET', RULES, 'r1', '{')
    const better = storedRule({ to: ['bank.example'], action: { level: 'secure' } })
    await redis.cli('HSET', RULES, 'r0', JSON.stringify(better))
    await near.untilLevel('secure')
    await redis.cli('HDEL', RULES, 'r0')
    await near.untilLevel('verify')
    await setRule(redis, 'encrypt')
    await near.untilLevel('encrypt')
    await redis.cli('HSET', RULES, 'r1', '{')
    await redis.cli('HDEL', RULES, 'r1')
    await near.untilLevel('none')
    assert.equal(await near.level(), 'none')
  })

  for (const key of ['enforce-tls:rules:acme.example', 'enforce-tls:domains', 'enforce-tls:groups'])
    it(`of ${key} as something else than a hash the rest is in force, and all of it when that is mended`, async () => {
      await using redis = await startRules()
      await redis.cli('HSET', 'enforce-tls:groups', 'banks', '["bank.example"]')
      await setRule(redis, 'verify', 'group:banks')
      await using near = new Near({ port: redis.port })
      await near.untilSubscribed()
      await near.untilLevel('verify')
      await redis.cli('RENAME', key, 'aside')
      await redis.cli('SET', key, 'no hash')
      if (key !== RULES) {
        await redis.cli(
          'HSET',
          RULES,
          'r0',
          JSON.stringify(storedRule({ to: ['*'], action: { level: 'secure' } })),
        )
        await near.untilLevel('secure')
        await redis.cli('HDEL', RULES, 'r0')
      }
      await near.untilLevel('verify')
      await using fresh = new Near({ port: redis.port })
      await fresh.untilSubscribed()
      await assert.rejects(fresh.level(), InvalidEntry)
      await redis.cli('DEL', key)
      await redis.cli('RENAME', 'aside', key)
      await fresh.untilLevel('verify')
      await setRule(redis, 'encrypt', 'group:banks')
      await near.untilLevel('encrypt')
    })
})

describe('of a rules file', () => {
  it('every valid rule is in force beside broken ones, and what was known where it is no document', async () => {
    await using folder = new TemporaryFolder('broken')
    const file = path.join(folder.path, 'rules.json')
    const write = (rules: object, more: object = {}) =>
      writeFile(
        file,
        JSON.stringify({
          domains: { 'acme.example': { enabled: true } },
          rules: { 'acme.example': rules },
          ...more,
        }),
      )
    const bank = (level: string) => storedRule({ to: ['bank.example'], action: { level } })
    await write({ r1: bank('verify') })
    await using near = new Near(new FileStore(file))
    assert.equal(await near.level(), 'verify')
    await write({
      r1: { name: 'what is left' },
      r2: { ...bank('secure'), position: 2 },
      off: { enabled: false },
    })
    assert.equal(await near.level(), 'verify')
    await write({ r2: { ...bank('secure'), position: 2 }, off: { enabled: false } })
    assert.equal(await near.level(), 'secure')
    await writeFile(file, '{')
    assert.equal(await near.level(), 'secure')
    await write({ r1: bank('encrypt') })
    assert.equal(await near.level(), 'encrypt')
    await write({ r1: bank('encrypt'), r2: {} })
    await assert.rejects(near.level(), InvalidEntry)
  })
})
