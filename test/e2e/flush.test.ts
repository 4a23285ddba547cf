import assert from 'node:assert/strict'
import { it } from 'node:test'
import { startHaraka } from '../support/haraka.js'
import { inTurn } from '../support/peer-steps.js'
import { fileStoreConfig } from '../support/rules.js'
import { startPeer } from '../support/smtp-peer.js'

for (const nodes of [0, 2])
  it(`SIGHUP delivers deferred covered mail early, over TLS and once, with nodes=${nodes}`, async () => {
    await using bank = await startPeer({
      on: { STARTTLS: inTurn('454 4.7.0 later', (session) => session.proceed()) },
    })
    await using haraka = await startHaraka({
      nodes,
      config: fileStoreConfig({ 'acme.example': [{ to: ['bank.example'] }] }),
      routes: { 'bank.example': [bank.route()] },
      outbound: { temp_fail_intervals: '1h*3' },
    })
    await haraka.send({ from: 'ann@acme.example', to: 'cfo@bank.example' })
    await haraka.waitForLog(/Temp failing/)
    // A second one while the first is on its way must not send it twice.
    for (let flush = 1; flush <= 3; flush++) haraka.flushQueue()
    await haraka.flushUntil(() => bank.messages.length >= 1, 'a delivery')
    haraka.flushQueue()
    const [message] = bank.messages
    await haraka.waitForEmptyQueue()
    await bank.waitForSilence()
    assert.ok(message?.tls)
    assert.equal(bank.messages.length, 1)
    assert.deepEqual(bank.cleartextAfterEhlo(), [])
  })
