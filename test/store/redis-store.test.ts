/** RedisStore on a real redis-server: the contract of rule stores, and what becomes of it when Redis fails. */
import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { inspect } from 'node:util'
import { toSettings } from '../../plugins/enforce-tls/settings-schema.js'
import type { RedisSettings } from '../../plugins/enforce-tls/settings.js'
import { RedisStore } from '../../plugins/enforce-tls/store/redis-store.js'
import { startRedis, type RedisServer } from '../support/redis-server.js'
import { freePort } from '../support/free-port.js'
import { until } from '../support/until.js'
import { create, describeRuleStore, storeError } from './rule-store-contract.js'
import { createFromProcesses } from './rule-writer.js'

const OWNER = 'acme.example'
const RULE = JSON.stringify({ name: 'one' })
const COMMAND_TIMEOUT = 400
/** What a call may take over the command timeout on a busy machine, in milliseconds. */
const LENIENCE = 1500

let redis: RedisServer
let places = 0

before(async () => {
  redis = await startRedis()
})
after(() => redis.close())

function settings(changes: Partial<RedisSettings> = {}): RedisSettings {
  const { redis: defaults } = toSettings({})
  return { ...defaults, port: redis.port, ...changes }
}

/** A store that is closed at the end of its block, and what it told. */
function open(changes: Partial<RedisSettings> = {}): { store: RedisStore; told: string[] } & AsyncDisposable {
  const told: string[] = []
  const store = new RedisStore(settings(changes), {
    onStateChange: (state, detail) => told.push(`${state}: ${detail}`),
  })
  return { store, told, [Symbol.asyncDispose]: () => store.close() }
}

/** Looks that a call fails within the command timeout. */
async function failsInTime(call: () => Promise<unknown>, ...fits: readonly RegExp[]): Promise<void> {
  const start = performance.now()
  await assert.rejects(call(), storeError('STORE_UNAVAILABLE', ...fits))
  const took = performance.now() - start
  assert.ok(took < COMMAND_TIMEOUT + LENIENCE, `took ${took} ms`)
}

function untilReadable(store: RedisStore): Promise<unknown> {
  return until(
    () =>
      store.readOwner(OWNER).then(
        () => true,
        () => false,
      ),
    { what: 'the store to be readable again' },
  )
}

describeRuleStore('RedisStore', () => {
  const prefix = `place${places++}:`
  return Promise.resolve({
    open: () => new RedisStore(settings({ prefix })),
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
    await redis.cli('SET', 'wrong:domains', 'text')
    await using opened = open({ prefix: 'wrong:' })
    const { store, told } = opened
    const key = (name: string) => storeError('STORE_CORRUPT', new RegExp(`key wrong:${name} is not a hash`))
    await assert.rejects(store.readOwner(OWNER), key('rules:acme\\.example'))
    await assert.rejects(store.readOwner('other.example'), key('domains'))
    await assert.rejects(store.services(), key('domains'))
    await assert.rejects(store.writeRules(OWNER, [create('a', RULE)]), key('rules:acme\\.example'))
    await assert.rejects(store.writeService(OWNER, null, RULE), key('domains'))
    assert.equal(told.length, 1, 'a wrong key is no outage')
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
    const where = { store: { type: 'redis', file: '' }, redis: settings({ prefix: 'processes:' }) } as const
    await createFromProcesses(OWNER, where, ids)
    await using opened = open({ prefix: 'processes:' })
    assert.deepEqual([...(await opened.store.readOwner(OWNER)).rules.keys()].sort(), ids.flat().sort())
  })
})

describe('RedisStore while Redis is away', () => {
  it('fails in time with the way out, and works without a restart once Redis is there', async () => {
    const port = await freePort()
    await using opened = open({ port, commandTimeout: COMMAND_TIMEOUT })
    const { store, told } = opened
    for (const call of [
      () => store.readOwner(OWNER),
      () => store.owners(),
      () => store.services(),
      () => store.writeService(OWNER, null, RULE),
      () => store.writeRules(OWNER, [create('a', RULE)]),
    ])
      await failsInTime(
        call,
        new RegExp(`redis://127\\.0\\.0\\.1:${port} .*refuses connections; check that Redis runs`),
      )
    await using late = await startRedis({ port })
    await until(() => told.length === 2, { what: 'the store to be available' })
    await store.writeRules(OWNER, [create('a', RULE)])
    assert.equal(await late.cli('HGET', 'enforce-tls:rules:acme.example', 'a'), RULE)
    assert.match(told[0] ?? '', /^unavailable: redis redis:.*refuses connections/)
    assert.equal(told[1], `available: ${store.description}`)
  })

  it('tells once that Redis went away and once that it is back, however often it is asked', async () => {
    await using server = await startRedis({ persistent: true })
    await using opened = open({ port: server.port, commandTimeout: COMMAND_TIMEOUT })
    const { store, told } = opened
    await store.writeRules(OWNER, [create('a', RULE)])
    await server.kill9()
    await until(() => told.length === 2, { what: 'the loss to be told' })
    for (let n = 0; n < 5; n++) await failsInTime(() => store.readOwner(OWNER))
    await server.start()
    await until(() => told.length === 3, { what: 'the return to be told' })
    assert.equal((await store.readOwner(OWNER)).rules.get('a'), RULE)
    assert.deepEqual(
      told.map((line) => line.split(':')[0]),
      ['available', 'unavailable', 'available'],
    )
  })

  it('answers as if nothing had been when only its connection was cut', async () => {
    await using opened = open({ prefix: 'cut:' })
    const { store, told } = opened
    await store.writeRules(OWNER, [create('a', RULE)])
    for (let n = 0; n < 20; n++) {
      const cut = redis.cli('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
      while (await Promise.race([cut.then(() => false), store.readOwner(OWNER).then(() => true)]));
      assert.equal((await store.readOwner(OWNER)).rules.get('a'), RULE)
    }
    assert.equal(told.length, 1, told.join('\n'))
  })

  it('fails in time while Redis hangs, at once from then on, and recovers with it', async () => {
    await using server = await startRedis()
    await using opened = open({ port: server.port, commandTimeout: COMMAND_TIMEOUT })
    const { store, told } = opened
    await store.readOwner(OWNER)
    server.pause()
    const hanging = /did not answer within 400 ms \(command_timeout\)/
    await failsInTime(() => store.readOwner(OWNER), hanging)
    await failsInTime(() => store.readOwner(OWNER), hanging)
    assert.equal(told.length, 2)
    server.resume()
    await untilReadable(store)
    assert.equal(told.length, 3)
  })

  it('says that a change without an answer may have been made', async () => {
    await using server = await startRedis()
    await using opened = open({ port: server.port, commandTimeout: COMMAND_TIMEOUT })
    const { store } = opened
    await store.readOwner(OWNER)
    server.pause()
    await failsInTime(() => store.writeRules(OWNER, [create('a', RULE)]), /may have been made or not/)
    server.resume()
  })

  it('fails in time when Redis hangs from the start, and recovers with it', async () => {
    await using server = await startRedis()
    server.pause()
    await using opened = open({ port: server.port, commandTimeout: COMMAND_TIMEOUT })
    await failsInTime(() => opened.store.readOwner(OWNER), /within 400 ms|in time/)
    server.resume()
    await untilReadable(opened.store)
  })

  it('does not make a change later that it reported as failed', async () => {
    await using server = await startRedis()
    server.pause()
    await using opened = open({ port: server.port, commandTimeout: COMMAND_TIMEOUT })
    await failsInTime(() => opened.store.writeRules(OWNER, [create('a', RULE)]))
    server.resume()
    await untilReadable(opened.store)
    assert.equal((await opened.store.readOwner(OWNER)).rules.size, 0)
  })

  it('fails with words where something else listens', async () => {
    const other = createServer((socket) =>
      socket.on('error', () => undefined).end('220 smtp.example ESMTP\r\n'),
    )
    other.listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as { port: number }
    await using opened = open({ port, commandTimeout: COMMAND_TIMEOUT })
    await failsInTime(() => opened.store.readOwner(OWNER))
    await opened.store.close()
    other.close()
  })

  for (const [state, prepare] of [
    ['hangs', (server: RedisServer) => Promise.resolve(server.pause())],
    ['is dead', (server: RedisServer) => server.kill9()],
    ['is well', () => Promise.resolve()],
  ] as const)
    it(`closes quickly while Redis ${state}, and fails calls from then on`, async () => {
      await using server = await startRedis()
      await using opened = open({ port: server.port })
      const { store } = opened
      await store.readOwner(OWNER)
      await prepare(server)
      const start = performance.now()
      await store.close()
      await assert.rejects(store.readOwner(OWNER), storeError('STORE_UNAVAILABLE', /is closed/))
      assert.ok(performance.now() - start < 500)
    })
})

describe('RedisStore and its login', () => {
  const PASSWORD = 'S3cret/with:signs@and?more'
  const GUESS = 'Wr0ng/with:signs@and?more'
  let guarded: RedisServer

  before(async () => {
    guarded = await startRedis({
      files: {
        'users.acl': [
          `user default on >${PASSWORD} ~* &* +@all`,
          `user reader on >${PASSWORD} ~* &* +hgetall +hget +scan +info +select +client`,
        ].join('\n'),
      },
      args: ['--aclfile', 'users.acl'],
      credentials: { password: PASSWORD },
    })
  })
  after(() => guarded.close())

  for (const [name, login] of [
    ['its own key', () => ({ password: PASSWORD })],
    ['the URL', () => ({ url: guarded.url })],
    ['a user and its own key', () => ({ username: 'reader', password: PASSWORD })],
    [
      'a URL without it and its own key',
      () => ({ url: `redis://127.0.0.1:${guarded.port}`, password: PASSWORD }),
    ],
  ] as const)
    it(`logs in with the password of ${name}`, async () => {
      await using opened = open({ port: guarded.port, ...login() })
      await opened.store.readOwner(OWNER)
    })

  for (const [name, login, fits] of [
    ['a wrong password', () => ({ password: GUESS }), /refuses the login; check username and password/],
    [
      'a wrong password in the URL',
      () => ({ url: `redis://:${encodeURIComponent(GUESS)}@127.0.0.1:${guarded.port}` }),
      /refuses the login/,
    ],
    ['an unknown user', () => ({ username: 'nobody', password: GUESS }), /refuses the login/],
    ['no password', () => ({}), /wants a password and none was given/],
  ] as const)
    it(`says what to check after ${name}, and never the password`, async () => {
      await using opened = open({ port: guarded.port, ...login() })
      const { store, told } = opened
      await assert.rejects(store.readOwner(OWNER), (error) => {
        storeError('STORE_UNAVAILABLE', fits)(error)
        const everything = [
          inspect(error, { depth: 10, showHidden: true }),
          store.description,
          ...told,
        ].join()
        for (const secret of [GUESS, PASSWORD, encodeURIComponent(GUESS), encodeURIComponent(PASSWORD)])
          assert.ok(!everything.includes(secret), everything)
        return true
      })
    })

  it('says what a user may not do, and that nothing can have been changed', async () => {
    await using opened = open({ port: guarded.port, username: 'reader', password: PASSWORD })
    await assert.rejects(opened.store.writeRules(OWNER, [create('a', RULE)]), (error) => {
      storeError('STORE_UNAVAILABLE', /does not permit that to this user: NOPERM.*eval.*check the ACL/)(error)
      assert.doesNotMatch((error as Error).message, /may have been made/)
      return true
    })
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
      await failsInTime(() => opened.store.readOwner(OWNER), /has no database of this number; check db/)
    assert.equal(opened.told.length, 1)
  })

  it('speaks through a unix socket', async () => {
    await using server = await startRedis({ args: ['--unixsocket', 'redis.sock'] })
    const path = `${server.folder}/data/redis.sock`
    await using opened = open({ path })
    await opened.store.readOwner(OWNER)
    assert.equal(opened.store.description, `redis unix://${path} (prefix enforce-tls:)`)
  })

  it('says that a unix socket is not there', async () => {
    await using opened = open({ path: '/nonexistent/redis.sock', commandTimeout: COMMAND_TIMEOUT })
    await failsInTime(() => opened.store.readOwner(OWNER), /no such unix socket/)
  })
})
