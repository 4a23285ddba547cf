import assert from 'node:assert/strict'
import { it } from 'node:test'
import { startHaraka } from '../support/haraka.js'
import { startRedis } from '../support/redis-server.js'
import { fileStoreConfig } from '../support/rules.js'
import { cut } from '../support/peer-steps.js'
import { startPeer } from '../support/smtp-peer.js'

it('no_tls_hosts of tls.ini does not let a covered message out in the clear', async () => {
  await using bank = await startPeer()
  await using haraka = await startHaraka({
    config: {
      ...fileStoreConfig({ 'acme.example': [{ to: ['bank.example'] }] }),
      'tls.ini': '[outbound]\nno_tls_hosts[]=127.0.0.1\nno_tls_hosts[]=bank.example\n',
    },
    routes: { '*': [bank.route()] },
  })
  await haraka.send({ from: 'ann@acme.example', to: 'joe@other.example' })
  const [first] = await bank.waitForMessages(1)
  assert.equal(first?.tls, undefined, 'the setting works for mail that no rule covers')
  await haraka.send({ from: 'ann@acme.example', to: 'cfo@bank.example' })
  const [, second] = await bank.waitForMessages(2)
  assert.ok(second?.tls)
})

it("Haraka's list of hosts that failed with TLS neither weakens covered mail nor grows by it", async () => {
  await using redis = await startRedis()
  await redis.cli('SET', 'no_tls|127.0.0.1', 'yesterday')
  await using bank = await startPeer()
  // Haraka asks that Redis about every server with TLS, and hangs without it: bounces go elsewhere.
  await using acme = await startPeer({ starttls: false })
  await using haraka = await startHaraka({
    config: {
      ...fileStoreConfig({ 'acme.example': [{ to: ['bank.example'] }] }, '[tls]\nconnection_reuse=false\n'),
      'tls.ini': `[redis]\ndisable_for_failed_hosts=true\nhost=127.0.0.1\nport=${redis.port}\n`,
      'redis.ini': `[server]\nhost=127.0.0.1\nport=${redis.port}\n`,
    },
    routes: { '*': [bank.route()], 'acme.example': [acme.route()] },
    outbound: { temp_fail_intervals: 'none' },
  })
  await haraka.send({ from: 'ann@acme.example', to: 'joe@other.example' })
  const [first] = await bank.waitForMessages(1)
  assert.equal(first?.tls, undefined, 'the list works for mail that no rule covers')
  await haraka.send({ from: 'ann@acme.example', to: 'cfo@bank.example' })
  const [, second] = await bank.waitForMessages(2)
  assert.ok(second?.tls)

  await redis.cli('DEL', 'no_tls|127.0.0.1')
  await bank.behave({ on: { handshake: cut } })
  await haraka.send({ from: 'ann@acme.example', to: 'cfo@bank.example' })
  await haraka.waitForLog(/handshake-failure/)
  await haraka.waitForEmptyQueue()
  assert.equal(await redis.cli('KEYS', 'no_tls*'), '')

  await redis.stop()
  await bank.behave({ on: { handshake: cut } })
  const mark = haraka.mark()
  await haraka.send({ from: 'ann@acme.example', to: 'cfo@bank.example' })
  await haraka.waitForLog(/handshake-failure/, { after: mark })
  await haraka.waitForEmptyQueue()
})
