import assert from 'node:assert/strict'
import { it } from 'node:test'
import { startHaraka } from '../support/haraka.js'
import { startRedis } from '../support/redis-server.js'
import { writeRules } from '../support/rules.js'
import { startPeer } from '../support/smtp-peer.js'

it('a Redis that takes no entries is told of at the first failure, and again when it takes them', async () => {
  await using redis = await startRedis()
  await writeRules(redis, { '*': [{ to: ['bank.example'] }] })
  await using bank = await startPeer()
  await using haraka = await startHaraka({
    config: { 'enforce-tls.ini': `[redis]\nport=${redis.port}\n` },
    routes: { 'bank.example': [bank.route()] },
  })
  await redis.cli('CONFIG', 'SET', 'maxmemory', '1')
  await haraka.send({ from: 'ann@acme.example', to: 'cfo@bank.example' })
  await haraka.waitForLog(/\[ERROR\].*the delivery log cannot be written, its entries wait in memory: .*OOM/)
  await bank.waitForMessages(1)
  await redis.cli('CONFIG', 'SET', 'maxmemory', '0')
  await haraka.waitForLog(/\[NOTICE\].*the delivery log is written again/)
  assert.equal([...haraka.log.matchAll(/delivery log cannot be written/g)].length, 1)
  assert.notEqual(await redis.cli('XLEN', 'enforce-tls:deliveries'), '0')
})
