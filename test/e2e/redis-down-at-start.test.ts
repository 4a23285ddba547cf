import assert from 'node:assert/strict'
import { it } from 'node:test'
import { startHaraka } from '../support/haraka.js'
import { startRedis } from '../support/redis-server.js'
import { writeRules } from '../support/rules.js'
import { startPeer } from '../support/smtp-peer.js'

it('with Redis down at the start mail waits, nothing leaves unchecked, and all is delivered when Redis is back', async () => {
  await using redis = await startRedis()
  await redis.stop()
  await using bank = await startPeer()
  await using plain = await startPeer({ starttls: false })
  await using acme = await startPeer()
  await using haraka = await startHaraka({
    config: { 'enforce-tls.ini': `[main]\ndefer_seconds=1\n[redis]\nport=${redis.port}\n` },
    routes: {
      'bank.example': [bank.route()],
      'clinic.example': [plain.route()],
      'florist.example': [plain.route()],
      'acme.example': [acme.route()],
    },
  })
  for (const to of ['cfo@bank.example', 'lab@clinic.example', 'roses@florist.example'])
    assert.equal((await haraka.send({ from: 'ann@acme.example', to })).code, 250)
  await haraka.waitForLog(/the message waits 1 s: redis .* refuses connections/)
  assert.equal(haraka.queueFiles().length, 3)
  assert.equal(plain.connections.length + bank.connections.length, 0)

  await redis.start()
  await writeRules(redis, { 'acme.example': [{ to: ['bank.example', 'clinic.example'] }] })
  // What was looked at before both keys were written counts as not covered: only the florist may be.
  await haraka.waitForEmptyQueue()
  const [message] = await bank.waitForMessages()
  assert.ok(message)
  await plain.waitForMessages()
  assert.equal(
    [...bank.messages, ...plain.messages, ...acme.messages].length,
    3,
    'each message has one outcome',
  )
  assert.equal((haraka.log.match(/rule store is unavailable/g) ?? []).length, 1, 'one line for the outage')
  assert.equal((haraka.log.match(/rule store is available/g) ?? []).length, 1)
})

it('what was last known stays in force while Redis is away', async () => {
  await using redis = await startRedis()
  await writeRules(redis, { 'acme.example': [{ to: ['clinic.example'] }] })
  await using plain = await startPeer({ starttls: false })
  await using acme = await startPeer()
  await using haraka = await startHaraka({
    config: { 'enforce-tls.ini': `[redis]\nport=${redis.port}\n` },
    routes: { '*': [plain.route()], 'acme.example': [acme.route()] },
  })
  await haraka.send({ from: 'ann@acme.example', to: 'lab@clinic.example' })
  await acme.waitForMessages(1)
  await redis.stop()
  await haraka.send({ from: 'ann@acme.example', to: 'lab@clinic.example' })
  await acme.waitForMessages(2)
  await haraka.waitForEmptyQueue()
  assert.equal(plain.received.length, 0)
  assert.match(haraka.log, /rule store is unavailable/)
})
