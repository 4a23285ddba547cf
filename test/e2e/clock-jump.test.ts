import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { settableClock } from '../support/clock.js'
import { startHaraka } from '../support/haraka.js'
import { inTurn } from '../support/peer-steps.js'
import { fileStoreConfig } from '../support/rules.js'
import { startPeer } from '../support/smtp-peer.js'

const TWO_DAYS = 2 * 86_400_000
const config = fileStoreConfig({ 'acme.example': [{ to: ['bank.example'] }] }, '[main]\ndefer_seconds=1\n')

describe('when the clock is set', () => {
  for (const [direction, offset] of [
    ['ahead', TWO_DAYS],
    ['back', -TWO_DAYS],
  ] as const)
    it(`two days ${direction}, covered mail leaves once and over TLS, the deferred with the next flush at the latest`, async () => {
      await using clock = settableClock()
      await using bank = await startPeer({
        on: { STARTTLS: inTurn('454 4.7.0 later', (session) => session.proceed()) },
      })
      await using haraka = await startHaraka({
        config,
        env: clock.env,
        routes: { 'bank.example': [bank.route()] },
        outbound: { temp_fail_intervals: '1h*3' },
      })
      await haraka.send({ from: 'ann@acme.example', to: 'cfo@bank.example', text: 'first' })
      await haraka.waitForLog(/Temp failing/)
      clock.set(offset)
      await haraka.waitForLog(/test-clock/)
      await haraka.send({ from: 'ann@acme.example', to: 'cfo@bank.example', text: 'second' })
      await bank.waitForMessages(1)
      await haraka.flushUntil(() => bank.messages.length >= 2, 'the first message to go')
      await haraka.waitForEmptyQueue()
      assert.equal(bank.messages.length, 2)
      assert.ok(bank.messages.every(({ tls }) => tls))
      assert.deepEqual(bank.cleartextAfterEhlo(), [])
    })

  it('ahead, or Haraka was down for days, mail whose rules can not be read yet waits and does not bounce', async () => {
    await using clock = settableClock()
    await using bank = await startPeer()
    await using acme = await startPeer()
    const unreadable = { ...config, 'enforce-tls.rules.json': '{' }
    await using haraka = await startHaraka({
      config: unreadable,
      env: clock.env,
      routes: { 'bank.example': [bank.route()], 'acme.example': [acme.route()] },
    })
    await haraka.send({ from: 'ann@acme.example', to: 'cfo@bank.example' })
    await haraka.waitForLog(/the message waits 1 s/)
    clock.set(TWO_DAYS)
    await haraka.waitForLog(/test-clock/)
    await haraka.waitForLog(/the message waits 1 s/, { after: haraka.mark() })
    await haraka.restart()
    await haraka.waitForLog(/the message waits 1 s/)
    haraka.writeConfig({ 'enforce-tls.rules.json': config['enforce-tls.rules.json'] })
    const [message] = await bank.waitForMessages(1)
    await haraka.waitForEmptyQueue()
    assert.ok(message?.tls)
    assert.equal(acme.connections.length, 0)
  })
})
