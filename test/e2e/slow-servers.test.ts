/** A server may take its time to greet (RFC 5321 section 4.5.3.2); the time for the handshake is one of its own. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { startHaraka } from '../support/haraka.js'
import { drip, late } from '../support/peer-steps.js'
import { fileStoreConfig } from '../support/rules.js'
import { startPeer } from '../support/smtp-peer.js'

it('a tarpit gets its mail, in its greeting, at EHLO, and inside TLS', async () => {
  const wait = (code: number) => Array.from({ length: 12 }, () => `${code}-wait`)
  await using tarpit = await startPeer({
    on: {
      connect: drip([...wait(220), '220 ready'], 200),
      EHLO: drip([...wait(250), '250 STARTTLS'], 200),
    },
    onSecure: { EHLO: drip([...wait(250), '250 SIZE'], 400), MAIL: drip([...wait(250), '250 ok'], 400) },
  })
  await using late1 = await startPeer({ on: { connect: late(2500), EHLO: late(2500) } })
  await using haraka = await startHaraka({
    config: fileStoreConfig({ 'acme.example': [{ to: ['.example'] }] }, '[tls]\nhandshake_timeout=1500ms\n'),
    routes: { 'tarpit.example': [tarpit.route()], 'late.example': [late1.route()] },
    // Haraka's limit for silence.
    outbound: { temp_fail_intervals: 'none', connect_timeout: 1 },
  })
  await haraka.send({ from: 'ann@acme.example', to: 'x@tarpit.example' })
  await haraka.send({ from: 'ann@acme.example', to: 'x@late.example' })
  const [message] = await tarpit.waitForMessages(1, 40_000)
  assert.ok(message?.tls)
  await late1.waitForMessages(1, 40_000)
  await haraka.waitForEmptyQueue()
  assert.equal(tarpit.connections.length, 1)
})
