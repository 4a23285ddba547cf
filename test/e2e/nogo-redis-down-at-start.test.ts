import assert from 'node:assert/strict'
import { it } from 'node:test'
import { startHaraka } from '../support/haraka.js'
import { startRedis } from '../support/redis-server.js'
import { fileStoreConfig } from '../support/rules.js'
import { startPeer } from '../support/smtp-peer.js'

it("covered mail leaves over TLS while the Redis of Haraka's own list of failed hosts is away, the first message once it is back", async () => {
  await using redis = await startRedis()
  await redis.stop()
  await using bank = await startPeer()
  await using haraka = await startHaraka({
    config: {
      ...fileStoreConfig({ 'acme.example': [{ to: ['bank.example'] }] }),
      'tls.ini': `[redis]\ndisable_for_failed_hosts=true\nhost=127.0.0.1\nport=${redis.port}\n`,
      'redis.ini': `[server]\nhost=127.0.0.1\nport=${redis.port}\n`,
    },
    routes: { '*': [bank.route()] },
  })
  // Haraka waits for that Redis before its first delivery, and asks no plugin before that.
  await haraka.send({ from: 'ann@acme.example', to: 'first@bank.example' })
  await haraka.send({ from: 'ann@acme.example', to: 'second@bank.example' })
  await bank.waitForMessages(1)
  await redis.start()
  await bank.waitForMessages(2)
  await haraka.waitForEmptyQueue()
  assert.deepEqual(
    bank.messages.map(({ acceptedFor }) => acceptedFor.join()),
    ['second@bank.example', 'first@bank.example'],
  )
  assert.ok(bank.messages.every(({ tls }) => tls))
})
