/** Haraka's own redis.ini says where Redis is, for this plugin as for all others of Haraka that use one. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { startHaraka } from '../support/haraka.js'
import { startRedis } from '../support/redis-server.js'
import { writeRules } from '../support/rules.js'
import { startPeer } from '../support/smtp-peer.js'

describe("Haraka's redis.ini", () => {
  it('says where the rules are', async () => {
    await using redis = await startRedis()
    await writeRules(redis, { '*': [{ to: ['bank.example'] }] })
    await using bank = await startPeer({ starttls: false })
    await using haraka = await startHaraka({
      config: { 'enforce-tls.ini': '', 'redis.ini': `[server]\nhost=127.0.0.1\nport=${redis.port}\n` },
      routes: { 'bank.example': [bank.route()] },
    })
    assert.match(
      haraka.log,
      new RegExp(`rules are in redis .*${redis.port}.* \\(from redis\\.ini: host, port\\)`),
    )
    await haraka.send({ from: 'bob@acme.example', to: ['cfo@bank.example'] })
    await haraka.waitForLog(/bounced/i)
    assert.equal(bank.messages.length, 0)
  })
})
