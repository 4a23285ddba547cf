/** The users of Redis that the documents recommend: they may do all that is needed, and nothing else. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { RedisSettings } from '../../plugins/enforce-tls/settings/redis.js'
import { RedisAccountStore } from '../../plugins/enforce-tls/console/auth/redis-account-store.js'
import type { AccountKind } from '../../plugins/enforce-tls/console/auth/account-store.js'
import { RedisSharedHashes } from '../../plugins/enforce-tls/store/redis/shared-hashes.js'
import { RedisDeliveryLog } from '../../plugins/enforce-tls/store/redis/delivery-log.js'
import { whyNotSubscribed } from '../../plugins/enforce-tls/store/redis/feed.js'
import { RedisSentReports } from '../../plugins/enforce-tls/store/redis/sent-reports.js'
import type { ReportKind } from '../../plugins/enforce-tls/store/sent-reports.js'
import { RedisPartnerFacts } from '../../plugins/enforce-tls/store/redis/partner-facts.js'
import { RedisAlertState } from '../../plugins/enforce-tls/store/redis/alert-state.js'
import type { RedisStore } from '../../plugins/enforce-tls/store/redis/rule-store.js'
import { RedisStsPolicies } from '../../plugins/enforce-tls/store/redis/sts-policies.js'
import { newMarker } from '../../plugins/enforce-tls/store/marker.js'
import { inRedis6, readmeUser, type AclUser, type Purpose } from '../support/readme-acl.js'
import { startCluster } from '../support/redis-cluster.js'
import { startSentinels } from '../support/redis-sentinels.js'
import { startRedis, type RedisServer } from '../support/redis-server.js'
import { until } from '../support/until.js'
import { openRedisStore, OWNER, redisSettings, RULE } from './opened-redis-store.js'
import { create, storeError } from './rule-store-contract.js'

const NOT_PERMITTED = storeError('STORE_UNAVAILABLE', /does not permit that to this user: NOPERM/)

/** All that Haraka asks. */
async function asHaraka(settings: Partial<RedisSettings>): Promise<void> {
  await using opened = openRedisStore(settings)
  const { store } = opened
  await store.readOwner(OWNER)
  await assertReadable(store)
  await store.expiryOf(OWNER)
  assert.equal(await whyNotSubscribed(redisSettings(settings)), '')
}

/** All that the command does. */
async function asAdministrator(settings: Partial<RedisSettings>): Promise<void> {
  await using opened = openRedisStore(settings)
  const { store } = opened
  const by = { by: 'ann' }
  const { marker } = await store.identity()
  await store.writeMarker(marker, JSON.stringify(newMarker()))
  await store.writeService(OWNER, null, '{"enabled":true}', by)
  await store.writeRules(OWNER, [create('a', RULE)], by)
  await store.writeGroup('banks', null, '[]', by)
  assert.deepEqual(await store.owners(), [OWNER])
  assert.equal((await store.services()).size, 1)
  assert.equal((await store.history({ limit: 10 })).length, 3)
  await store.writeGroup('banks', '[]', null, by)
  await store.writeRules(OWNER, [{ id: 'a', expected: RULE, value: null }], by)
  await store.writeService(OWNER, '{"enabled":true}', null, by)
  await assertReadable(store)
  await readDeliveries(settings)
  const log = new RedisDeliveryLog(redisSettings(settings))
  try {
    await log.readKey()
  } finally {
    await log.close()
  }
}

/** The commands that change rules, and those of the group `queue`. */
async function asRulesAdministrator(settings: Partial<RedisSettings>): Promise<void> {
  await asAdministrator(settings)
  await orderForWaiting(settings)
}

async function orderForWaiting(settings: Partial<RedisSettings>): Promise<void> {
  const hashes = new RedisSharedHashes(redisSettings(settings))
  try {
    await hashes.write('nodes', new Map([['a', '1']]))
    assert.equal((await hashes.add('nodes', new Map([['b', '2']]))).size, 1)
    assert.ok(await hashes.take('nodes', 'b'))
  } finally {
    await hashes.close()
  }
}

async function assertReadable(store: RedisStore): Promise<void> {
  await store.groups()
  assert.equal((await store.identity()).markerProblem, null)
  assert.equal((await store.health()).unknown, null)
  assert.match((await store.facts())['version'] ?? '', /^Redis \d/)
}

/** What the report asks. */
async function readDeliveries(settings: Partial<RedisSettings>): Promise<void> {
  const log = new RedisDeliveryLog(redisSettings(settings))
  try {
    for await (const record of log.read(new Date(0))) assert.ok(record)
    await log.begins()
  } finally {
    await log.close()
  }
}

/** What who sends reports does. */
async function sendReports(settings: Partial<RedisSettings>, kind: ReportKind): Promise<void> {
  await readDeliveries(settings)
  const state = new RedisSentReports(redisSettings(settings), kind)
  try {
    assert.ok(await state.takeLease('one', 1000))
    assert.ok(await state.takeLease('one', 1000))
    assert.equal(await state.takeLease('two', 1000), false)
    await state.write('2026-11-20', 'bank.example', '{}')
    assert.equal((await state.readPeriod('2026-11-20')).size, 1)
    await state.endLease('two')
    assert.equal(await state.takeLease('two', 1000), false)
    await state.endLease('one')
    assert.ok(await state.takeLease('two', 1000))
  } finally {
    await state.close()
  }
}

/** What `user` and `token` do. */
async function changeAccounts(settings: Partial<RedisSettings>, kind: AccountKind = 'users'): Promise<void> {
  const accounts = new RedisAccountStore(redisSettings(settings))
  try {
    await accounts.write(kind, 'ann', null, '{}')
    assert.equal(await accounts.read(kind, 'ann'), '{}')
    assert.equal((await accounts.all(kind)).size, 1)
    await accounts.write(kind, 'ann', '{}', null)
    await accounts.record({ key: kind, owner: '*', field: 'ann', expected: null, value: '{}' }, 'bob')
    for await (const { by } of accounts.recorded()) assert.equal(by, 'bob')
    await accounts.noteTokenUse('ann', '2026-11-01T00:00:00Z')
    assert.equal((await accounts.tokenUses()).size, 1)
    await accounts.noteTokenUse('ann', null)
  } finally {
    await accounts.close()
  }
}

/** `user` and `token`. */
async function asAccountAdministrator(settings: Partial<RedisSettings>): Promise<void> {
  await changeAccounts(settings)
  await changeAccounts(settings, 'tokens')
}

/** All that Haraka does besides, by what it is for. */
const BESIDES: Readonly<
  Record<Exclude<Purpose, 'cluster'>, (settings: Partial<RedisSettings>) => Promise<void>>
> = {
  deliveries: async (settings) => {
    const log = new RedisDeliveryLog(redisSettings(settings))
    try {
      await log.append([{ id: 'a' }], 1000, 1000)
      await log.makeKey('a')
    } finally {
      await log.close()
    }
  },
  waiting: orderForWaiting,
  release: async (settings) => {
    await using opened = openRedisStore(settings)
    await opened.store.recordRelease({ owner: '*', field: 'a', value: '{}' }, 'ann')
  },
  policies: async (settings) => {
    const policies = new RedisStsPolicies(redisSettings(settings))
    try {
      await policies.put('bank.example', '{}')
      assert.equal(await policies.get('bank.example'), '{}')
      await policies.put('bank.example', null)
      assert.equal(await policies.get('bank.example'), null)
    } finally {
      await policies.close()
    }
  },
  alerts: async (settings) => {
    const book = new RedisAlertState(redisSettings(settings))
    try {
      await book.replace('a', null, '1')
      assert.equal(await book.read('a'), '1')
      assert.equal((await book.readAll()).size, 1)
      await book.replace('a', '1', null)
      assert.ok(await book.takeLease('one', 1000))
      await book.endLeaseAfter('one', 0)
    } finally {
      await book.close()
    }
  },
  suggestions: async (settings) => {
    const facts = new RedisPartnerFacts(redisSettings(settings))
    try {
      await facts.replace(new Map([['a b', { expected: null, value: '1' }]]))
      assert.equal((await facts.read(['a b'])).size, 1)
      assert.equal((await facts.readAll()).size, await facts.size())
      await facts.replace(new Map([['a b', { expected: '1', value: null }]]))
    } finally {
      await facts.close()
    }
  },
  tlsReports: (settings) => sendReports(settings, 'tls-rpt'),
  mailedReports: async (settings) => {
    await sendReports(settings, 'report')
    // What was released, for the report.
    await using opened = openRedisStore(settings)
    await opened.store.history({ limit: 1 })
  },
  metrics: async (settings) => {
    await using opened = openRedisStore(settings)
    await opened.store.owners()
  },
  console: async (settings) => {
    await asAdministrator(settings)
    await asAccountAdministrator(settings)
    const accounts = new RedisAccountStore(redisSettings(settings))
    try {
      const later = Date.now() + 60_000
      await accounts.createSession({
        user: 'ann',
        key: 's',
        value: 'ann',
        createdAt: later - 1,
        expiresAt: later,
        endsAt: later,
      })
      await accounts.renewSession('s', 'bob', later)
      assert.equal(await accounts.readSession('s'), 'bob')
      await accounts.dropSession('ann', 's')
      const limiter = accounts.limiter({ name: 'password', points: 3, duration: 60 })
      await limiter.consume('ann')
      await limiter.delete('ann')
    } finally {
      await accounts.close()
    }
  },
}

const login = ({ name, password }: AclUser) => ({ username: name, password })

describe('the users of Redis in the documents', () => {
  let redis: RedisServer
  before(async () => {
    redis = await startRedis()
    await writeLongHash()
  })
  after(() => redis.close())

  // More fields than one page of HSCAN has, in a key that is read by both.
  const writeLongHash = () =>
    redis.cli(
      ...['EVAL', 'for n = 1, 3000 do redis.call("HSET", KEYS[1], "g" .. n, "[]") end', '1'],
      'enforce-tls:groups',
    )

  /** Does the work as this user; rejects also where Redis refused something that the work does without. */
  async function workAs(user: AclUser, work: typeof asHaraka): Promise<void> {
    await redis.cli('FLUSHALL')
    await redis.cli('ACL', 'LOG', 'RESET')
    await writeLongHash()
    await redis.cli('ACL', 'SETUSER', user.name, 'reset', ...user.words)
    await work({ port: redis.port, ...login(user) })
    assert.equal(await redis.cli('ACL', 'LOG'), '')
  }

  const isPermission = (word: string) => /^(?:[+&~]|%)/.test(word)

  for (const [name, work] of [
    ['haraka', asHaraka],
    ['rules-admin', asRulesAdministrator],
    ['accounts-admin', asAccountAdministrator],
  ] as const) {
    const user = readmeUser(name)

    it(`${name} may do its work`, () => assert.doesNotReject(workAs(user, work)))

    it(`${name} may do its work, in the words for Redis 6`, () =>
      assert.doesNotReject(workAs(inRedis6(user), work)))

    for (const word of user.words.filter(isPermission))
      it(`${name} needs ${word}`, async () => {
        const words = user.words.filter((other) => other !== word)
        await assert.rejects(workAs({ ...user, words }, work))
      })
  }

  for (const [purpose, work] of Object.entries(BESIDES) as [keyof typeof BESIDES, typeof asHaraka][]) {
    const plain = readmeUser('haraka')
    const user = readmeUser('haraka', [purpose])
    const added = user.words.slice(plain.words.length)

    it(`haraka may do what is for ${purpose} with a line more`, () =>
      assert.doesNotReject(workAs(user, work)))

    it(`haraka may do what is for ${purpose}, in the words for Redis 6`, () =>
      assert.doesNotReject(workAs(inRedis6(user), work)))

    for (const word of added)
      it(`haraka needs ${word} for ${purpose}`, async () => {
        const words = [...plain.words, ...added.filter((other) => other !== word)]
        await assert.rejects(workAs({ ...user, words }, work))
      })
  }

  for (const [name, purposes] of [
    ['haraka', ['deliveries', 'policies', 'alerts', 'metrics']],
    ['rules-admin', []],
  ] as const)
    it(`${name} reads no accounts, sessions and tries`, async () => {
      const user = readmeUser(name, purposes)
      await redis.cli('ACL', 'SETUSER', name, 'reset', ...user.words)
      const accounts = new RedisAccountStore(redisSettings({ port: redis.port, ...login(user) }))
      try {
        for (const kind of ['users', 'tokens'] as const)
          await assert.rejects(accounts.read(kind, 'ann'), NOT_PERMITTED)
        await assert.rejects(accounts.readSession('s'), NOT_PERMITTED)
      } finally {
        await accounts.close()
      }
    })

  it('accounts-admin reads no rules', async () => {
    const user = readmeUser('accounts-admin')
    await redis.cli('ACL', 'SETUSER', user.name, 'reset', ...user.words)
    await using opened = openRedisStore({ port: redis.port, ...login(user) })
    await assert.rejects(opened.store.readService(OWNER), NOT_PERMITTED)
  })

  it('haraka may still change no rule, with what is for the delivery log, policies and alerts', async () => {
    const user = readmeUser('haraka', ['deliveries', 'policies', 'alerts'])
    await redis.cli('ACL', 'SETUSER', 'haraka', 'reset', ...user.words)
    await using opened = openRedisStore({ port: redis.port, ...login(user) })
    await assert.rejects(opened.store.writeRules(OWNER, [create('a', RULE)]), NOT_PERMITTED)
  })

  it('may use another database with +select', async () => {
    const user = readmeUser('haraka')
    await redis.cli('ACL', 'SETUSER', user.name, 'reset', ...user.words)
    await assert.rejects(asHaraka({ port: redis.port, db: 1, ...login(user) }), NOT_PERMITTED)
    await redis.cli('ACL', 'SETUSER', user.name, '+select')
    await asHaraka({ port: redis.port, db: 1, ...login(user) })
  })

  it('haraka may change nothing, and nobody sees other keys', async () => {
    const haraka = readmeUser('haraka')
    const admin = readmeUser('rules-admin')
    for (const { name, words } of [haraka, admin]) await redis.cli('ACL', 'SETUSER', name, 'reset', ...words)
    await using reader = openRedisStore({ port: redis.port, ...login(haraka) })
    await assert.rejects(reader.store.writeRules(OWNER, [create('a', RULE)]), NOT_PERMITTED)
    await assert.rejects(reader.store.owners(), NOT_PERMITTED)
    for (const user of [haraka, admin]) {
      await using other = openRedisStore({ port: redis.port, prefix: 'other:', ...login(user) })
      await assert.rejects(other.store.readOwner(OWNER), NOT_PERMITTED)
    }
    await reader.store.readOwner(OWNER)
  })
})

describe('the users of Redis in the documents, on more than one machine', () => {
  it('work in a Cluster, also while keys move', async () => {
    await using cluster = await startCluster()
    const haraka = readmeUser('haraka', ['cluster'])
    const admin = readmeUser('rules-admin', ['cluster'])
    const accounts = readmeUser('accounts-admin', ['cluster'])
    for (const node of cluster.nodes)
      for (const { name, words } of [haraka, admin, accounts])
        await node.cli('ACL', 'SETUSER', name, ...words)
    await asAccountAdministrator({ ...cluster.settings, ...login(accounts) })
    await using reader = openRedisStore({ ...cluster.settings, ...login(haraka) })
    await using writer = openRedisStore({ ...cluster.settings, ...login(admin) })
    await asAdministrator({ ...cluster.settings, ...login(admin) })
    await asHaraka({ ...cluster.settings, ...login(haraka) })
    await writer.store.writeRules(OWNER, [create('a', RULE)])
    await cluster.migrate(`enforce-tls:rules:${OWNER}`, async () => {
      assert.equal((await reader.store.readOwner(OWNER)).rules.get('a'), RULE)
      await writer.store.writeRules(OWNER, [{ id: 'a', expected: RULE, value: '{"moved":1}' }])
      assert.deepEqual(await writer.store.owners(), [OWNER])
    })
    assert.equal((await reader.store.readOwner(OWNER)).rules.get('a'), '{"moved":1}')
    await asHaraka({ ...cluster.settings, ...login(haraka) })
    for (const node of cluster.nodes) assert.equal(await node.cli('ACL', 'LOG'), '')
  })

  it('work behind Sentinels that have users too, and hear of a new master', async () => {
    const watcher = readmeUser('sentinel-reader')
    await using group = await startSentinels()
    for (const sentinel of group.sentinels)
      await sentinel.cli('ACL', 'SETUSER', watcher.name, ...watcher.words)
    const sentinelLogin = { sentinelUsername: watcher.name, sentinelPassword: watcher.password }
    await using opened = openRedisStore({ ...group.settings, ...sentinelLogin })
    await opened.store.readOwner(OWNER)
    const old = await group.master()
    await group.failOver()
    const master = await group.untilFailedOver(old)
    await master.cli('HSET', `enforce-tls:rules:${OWNER}`, 'a', RULE)
    const seen = async () => (await opened.store.readOwner(OWNER).catch(() => undefined))?.rules.has('a')
    await until(seen, { what: 'the rules of the new master', timeout: 3000 })
    for (const sentinel of group.sentinels) assert.equal(await sentinel.cli('ACL', 'LOG'), '')
    for (const permission of watcher.words.filter((word) => word.startsWith('+sentinel'))) {
      const words = watcher.words.filter((word) => word !== permission)
      for (const sentinel of group.sentinels)
        await sentinel.cli('ACL', 'SETUSER', watcher.name, 'reset', ...words)
      await using refused = openRedisStore({ ...group.settings, ...sentinelLogin })
      await assert.rejects(
        refused.store.readOwner(OWNER),
        storeError('STORE_UNAVAILABLE', /has Sentinels that reject the login \(NOPERM\)/),
      )
    }
  })
})
