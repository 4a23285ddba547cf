/** RedisStore while Redis is away, hangs, or cuts connections: it fails in time, with words, and recovers. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { describe, it } from 'node:test'
import { freePort } from '../support/free-port.js'
import { startRedis, type RedisServer } from '../support/redis-server.js'
import { until } from '../support/until.js'
import {
  COMMAND_TIMEOUT,
  assertFailsInTime,
  openRedisStore,
  OWNER,
  RULE,
  untilReadable,
} from './opened-redis-store.js'
import { create, storeError } from './rule-store-contract.js'

describe('RedisStore while Redis is away', () => {
  it('fails in time with the way out, and works without a restart once Redis is there', async () => {
    const port = await freePort()
    await using opened = openRedisStore({ port, commandTimeout: COMMAND_TIMEOUT })
    const { store, told } = opened
    for (const call of [
      () => store.readOwner(OWNER),
      () => store.owners(),
      () => store.services(),
      () => store.writeService(OWNER, null, RULE),
      () => store.writeRules(OWNER, [create('a', RULE)]),
    ])
      await assertFailsInTime(
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
    await using opened = openRedisStore({ port: server.port, commandTimeout: COMMAND_TIMEOUT })
    const { store, told } = opened
    await store.writeRules(OWNER, [create('a', RULE)])
    await server.kill9()
    await until(() => told.length === 2, { what: 'the loss to be told' })
    for (let n = 0; n < 5; n++) await assertFailsInTime(() => store.readOwner(OWNER))
    await server.start()
    await until(() => told.length === 3, { what: 'the return to be told' })
    assert.equal((await store.readOwner(OWNER)).rules.get('a'), RULE)
    assert.deepEqual(
      told.map((line) => line.split(':')[0]),
      ['available', 'unavailable', 'available'],
    )
  })

  it('answers as if nothing had been when only its connection was cut', async () => {
    await using redis = await startRedis()
    await using opened = openRedisStore({ port: redis.port })
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
    await using opened = openRedisStore({ port: server.port, commandTimeout: COMMAND_TIMEOUT })
    const { store, told } = opened
    await store.readOwner(OWNER)
    server.pause()
    const hanging = /did not answer within 400 ms \(command_timeout\)/
    await assertFailsInTime(() => store.readOwner(OWNER), hanging)
    await assertFailsInTime(() => store.readOwner(OWNER), hanging)
    assert.equal(told.length, 2)
    server.resume()
    await untilReadable(store)
    assert.equal(told.length, 3)
  })

  it('says that a change without an answer may have been made', async () => {
    await using server = await startRedis()
    await using opened = openRedisStore({ port: server.port, commandTimeout: COMMAND_TIMEOUT })
    const { store } = opened
    await store.readOwner(OWNER)
    server.pause()
    await assertFailsInTime(() => store.writeRules(OWNER, [create('a', RULE)]), /may have been made or not/)
    server.resume()
  })

  it('fails in time when Redis hangs from the start, and recovers with it', async () => {
    await using server = await startRedis()
    server.pause()
    await using opened = openRedisStore({ port: server.port, commandTimeout: COMMAND_TIMEOUT })
    await assertFailsInTime(() => opened.store.readOwner(OWNER), /within 400 ms|in time/)
    server.resume()
    await untilReadable(opened.store)
  })

  it('does not make a change later that it reported as failed', async () => {
    await using server = await startRedis()
    server.pause()
    await using opened = openRedisStore({ port: server.port, commandTimeout: COMMAND_TIMEOUT })
    await assertFailsInTime(() => opened.store.writeRules(OWNER, [create('a', RULE)]))
    server.resume()
    await untilReadable(opened.store)
    assert.equal((await opened.store.readOwner(OWNER)).rules.size, 0)
  })

  const foreign = /is not a Redis: another kind of server answers there; check its host and port$/
  for (const [what, greeting, reply, words] of [
    ['a mail server', '220 smtp.example ESMTP\r\n', null, foreign],
    ['a mailbox server', '* OK IMAP4rev1 ready\r\n', null, foreign],
    ['a web server', null, 'HTTP/1.1 400 Bad Request\r\n\r\n', foreign],
    ['a shell', 'SSH-2.0-OpenSSH_9.2\r\n', null, foreign],
    [
      'a server that wants TLS',
      null,
      Buffer.from('15030100020246', 'hex'),
      /speaks TLS on this port; set tls, or use rediss:\/\/ for redis:\/\/$/,
    ],
  ] as const)
    it(`says where ${what} listens that it is not what was meant, with the address`, async (t) => {
      const sockets = new Set<Socket>()
      const other = createServer((socket) => {
        sockets.add(socket.on('error', () => undefined))
        if (greeting !== null) socket.write(greeting)
        else socket.once('data', () => socket.end(reply))
      })
      other.listen(0, '127.0.0.1')
      t.after(() => {
        for (const socket of sockets) socket.destroy()
        other.close()
      })
      await once(other, 'listening')
      const { port } = other.address() as { port: number }
      await using opened = openRedisStore({ port, commandTimeout: COMMAND_TIMEOUT })
      const address = new RegExp(`^redis redis://127\\.0\\.0\\.1:${port} `)
      await assertFailsInTime(() => opened.store.readOwner(OWNER), address, words)
    })

  for (const [state, prepare] of [
    [
      'hangs',
      (server: RedisServer) => {
        server.pause()
      },
    ],
    ['is dead', (server: RedisServer) => server.kill9()],
    ['is well', () => undefined],
  ] as const)
    it(`closes quickly while Redis ${state}, and fails calls from then on`, async () => {
      await using server = await startRedis()
      await using opened = openRedisStore({ port: server.port })
      const { store } = opened
      await store.readOwner(OWNER)
      await prepare(server)
      const start = performance.now()
      await store.close()
      await assert.rejects(store.readOwner(OWNER), storeError('STORE_UNAVAILABLE', /is closed/))
      assert.ok(performance.now() - start < 500)
    })
})
