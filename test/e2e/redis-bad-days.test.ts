/** A Redis that dies, hangs, is slow, refuses or forgets while mail flows. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { startHaraka, type Haraka } from '../support/haraka.js'
import { startRedis, type RedisServer } from '../support/redis-server.js'
import { writeRules } from '../support/rules.js'
import { slowWayTo, type SlowWay } from '../support/slow-redis.js'
import { startPeer, type SmtpPeer } from '../support/smtp-peer.js'

interface Scene {
  readonly redis: RedisServer
  readonly way: SlowWay
  readonly haraka: Haraka
  /** Has no TLS and takes everything. */
  readonly open: SmtpPeer
  /** Where bounces arrive. */
  readonly acme: SmtpPeer
}

interface BadDay {
  readonly name: string
  breaks(scene: Scene): unknown
  mends(scene: Scene): unknown
  /** Whether the rules of an owner that was never asked for can be read meanwhile. @default false */
  readonly readable?: boolean
  /** A line of which there must be exactly one. */
  readonly log?: RegExp
  /** What that line says, where `log` does not say it. */
  readonly says?: RegExp
}

const NOT_AVAILABLE = /rule store is unavailable/
const OWN_RULES = 'enforce-tls:rules:new.example'

const BAD_DAYS: readonly BadDay[] = [
  {
    name: 'dies',
    breaks: ({ redis }) => redis.kill9(),
    mends: ({ redis }) => redis.start(),
    log: NOT_AVAILABLE,
  },
  {
    name: 'hangs',
    breaks: ({ redis }) => redis.pause(),
    mends: ({ redis }) => redis.resume(),
    log: NOT_AVAILABLE,
  },
  {
    name: 'is cut off without a word',
    breaks: ({ way }) => way.hold(),
    mends: ({ way }) => way.release(),
    log: NOT_AVAILABLE,
  },
  { name: 'is slow', breaks: ({ way }) => way.delay(500), mends: ({ way }) => way.delay(0), readable: true },
  {
    name: 'has another password now',
    breaks: async ({ redis, haraka }) => {
      await redis.cli('CONFIG', 'SET', 'requirepass', 'new')
      await redis.cli('-a', 'new', '--no-auth-warning', 'CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
      await redis.cli('-a', 'new', '--no-auth-warning', 'CLIENT', 'KILL', 'TYPE', 'pubsub')
      await haraka.waitForLog(NOT_AVAILABLE)
    },
    mends: ({ redis }) => redis.cli('-a', 'new', '--no-auth-warning', 'CONFIG', 'SET', 'requirepass', ''),
    log: /rule store is unavailable: .*(NOAUTH|password)/i,
  },
  {
    name: 'holds something else in the place of rules',
    breaks: ({ redis }) => redis.cli('SET', OWN_RULES, 'not a hash'),
    mends: ({ redis }) => redis.cli('DEL', OWN_RULES),
    log: /ERROR.*enforce-tls:rules:new\.example/,
    says: /mail of new\.example that its rules may cover waits until they can be read: redis .*key enforce-tls:rules:new\.example is not a hash; look at it with TYPE, and delete or rename it/,
  },
  {
    name: 'is a replica now',
    breaks: ({ redis }) => redis.cli('CONFIG', 'SET', 'min-replicas-to-write', '1'),
    mends: ({ redis }) => redis.cli('CONFIG', 'SET', 'min-replicas-to-write', '0'),
    readable: true,
  },
  {
    name: 'is out of memory',
    breaks: ({ redis }) => redis.cli('CONFIG', 'SET', 'maxmemory', '1'),
    mends: ({ redis }) => redis.cli('CONFIG', 'SET', 'maxmemory', '0'),
    readable: true,
  },
]

async function inScene(play: (scene: Scene) => Promise<void>): Promise<void> {
  await using redis = await startRedis({ persistent: true })
  await using way = await slowWayTo(redis.port)
  await writeRules(redis, { 'acme.example': [{ to: ['clinic.example'] }] })
  await using open = await startPeer({ starttls: false })
  await using acme = await startPeer()
  await using haraka = await startHaraka({
    config: { 'enforce-tls.ini': `[main]\ndefer_seconds=1\n[redis]\nport=${way.port}\ncommand_timeout=2s\n` },
    routes: { '*': [open.route()], 'acme.example': [acme.route()] },
  })
  await haraka.waitForLog(/changes of rules are heard of at once/)
  await play({ redis, way, haraka, open, acme })
}

for (const day of BAD_DAYS)
  describe(`while Redis ${day.name}`, () => {
    it('mail of known owners goes on under their rules, mail of others waits if it must, and nothing is stuck', async () => {
      await inScene(async (scene) => {
        const { haraka, open, acme } = scene
        await haraka.send({ from: 'ann@acme.example', to: 'lab@clinic.example' })
        await haraka.send({ from: 'ann@acme.example', to: 'friend@open.example' })
        await acme.waitForMessages(1)
        await open.waitForMessages(1)
        await day.breaks(scene)
        await haraka.send({ from: 'ann@acme.example', to: 'lab@clinic.example' })
        await haraka.send({ from: 'ann@acme.example', to: 'friend@open.example' })
        await haraka.send({ from: 'bob@new.example', to: 'stranger@open.example' })
        await acme.waitForMessages(2)
        await open.waitForMessages(day.readable ? 3 : 2)
        if (!day.readable) {
          await haraka.waitForLog(/the message waits 1 s: /)
          assert.equal(open.messages.length, 2)
        }
        await day.mends(scene)
        await open.waitForMessages(3)
        await haraka.waitForEmptyQueue()
        assert.ok(open.messages.every(({ acceptedFor }) => !acceptedFor.includes('lab@clinic.example')))
        assert.equal(acme.messages.length, 2)
        const { log, says } = day
        if (!log) return
        const lines = haraka.log.split('\n').filter((line) => log.test(line) && /ERROR/.test(line))
        assert.equal(lines.length, 1, lines.join('\n'))
        if (says) assert.match(lines.join('\n'), says)
      })
    })
  })

it('rules that are flushed away are gone at once, and those written then are in force', async () => {
  await inScene(async ({ redis, haraka, open, acme }) => {
    await haraka.send({ from: 'ann@acme.example', to: 'lab@clinic.example' })
    await acme.waitForMessages(1)
    await redis.cli('FLUSHALL')
    await writeRules(redis, { 'acme.example': [{ to: ['bank.example'] }] })
    await haraka.send({ from: 'ann@acme.example', to: 'cfo@bank.example' })
    await acme.waitForMessages(2)
    await haraka.send({ from: 'ann@acme.example', to: 'lab@clinic.example' })
    await open.waitForMessages(1)
    await haraka.waitForEmptyQueue()
    assert.deepEqual(
      open.messages.flatMap(({ acceptedFor }) => acceptedFor),
      ['lab@clinic.example'],
    )
    assert.equal(acme.messages.length, 2)
  })
})
