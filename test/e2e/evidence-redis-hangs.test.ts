import assert from 'node:assert/strict'
import { it } from 'node:test'
import { deliveries } from '../support/evidence.js'
import { startHaraka } from '../support/haraka.js'
import { startRedis } from '../support/redis-server.js'
import { writeRules } from '../support/rules.js'
import { startPeer } from '../support/smtp-peer.js'

const MESSAGES = 20

it('a Redis that takes no entries of the delivery log delays no delivery, and gets them later', async () => {
  await using redis = await startRedis()
  await using bank = await startPeer()
  await writeRules(redis, { 'acme.example': [{ to: ['bank.example'] }] })
  await using haraka = await startHaraka({
    // Who would wait for an answer would wait longer than this test does.
    config: { 'enforce-tls.ini': `[redis]\nport=${redis.port}\ncommand_timeout=60s\n` },
    routes: { 'bank.example': [bank.route()] },
  })
  // The key of the hashes comes first.
  const hangs = async () => /cmd=(?:set|xadd)\b/.test(await redis.cli('CLIENT', 'LIST'))
  // What changes something gets no answer: rules are read as ever.
  await redis.cli('CLIENT', 'PAUSE', '600000', 'WRITE')
  for (let number = 0; number < MESSAGES / 2; number++)
    await haraka.send({ from: 'ann@acme.example', to: 'cfo@bank.example' })
  await haraka.until(hangs, 'the delivery log to be written')
  for (let number = 0; number < MESSAGES / 2; number++)
    await haraka.send({ from: 'ann@acme.example', to: 'cfo@bank.example' })
  await bank.waitForMessages(MESSAGES)
  await haraka.waitForEmptyQueue()
  assert.ok(await hangs(), 'all the while')
  await redis.cli('CLIENT', 'UNPAUSE')
  await haraka.until(
    async () => (await deliveries(redis)).filter(({ result }) => result === 'delivered').length >= MESSAGES,
    'an entry for each message',
  )
  const entries = await deliveries(redis)
  assert.equal(new Set(entries.map(({ id }) => id)).size, 2 * MESSAGES)
})
