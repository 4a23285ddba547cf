import assert from 'node:assert/strict'
import { it } from 'node:test'
import { startHaraka } from '../support/haraka.js'
import { fileStoreConfig, rulesDocument } from '../support/rules.js'
import { inTurn } from '../support/peer-steps.js'
import { startPeer } from '../support/smtp-peer.js'

it('mail that was deferred before kill -9 is delivered over TLS afterwards, under the rules of then', async () => {
  await using bank = await startPeer({
    on: { STARTTLS: inTurn('454 4.7.0 later', '454 4.7.0 later', (session) => session.proceed()) },
  })
  await using clinic = await startPeer({
    on: { connect: inTurn('421 later', (session) => session.proceed()) },
    starttls: false,
  })
  await using acme = await startPeer()
  await using haraka = await startHaraka({
    config: fileStoreConfig({ 'acme.example': [{ to: ['bank.example'] }] }),
    routes: {
      'bank.example': [bank.route()],
      'clinic.example': [clinic.route()],
      'acme.example': [acme.route()],
    },
    outbound: { temp_fail_intervals: '5s*5' },
  })
  await haraka.send({ from: 'ann@acme.example', to: 'cfo@bank.example' })
  await haraka.send({ from: 'ann@acme.example', to: 'lab@clinic.example' })
  await haraka.waitForLog(/starttls-deferred/)
  await clinic.waitForConnections(1)
  await haraka.kill9()
  haraka.writeConfig({
    'enforce-tls.rules.json': rulesDocument({ 'acme.example': [{ to: ['bank.example', 'clinic.example'] }] }),
  })
  await haraka.start()
  await bank.waitForMessages(1, 40_000)
  await acme.waitForMessages(1, 40_000)
  await haraka.waitForEmptyQueue()
  assert.ok(bank.messages[0]?.tls)
  assert.deepEqual([...bank.cleartextAfterEhlo(), ...clinic.cleartextAfterEhlo()], [])
  assert.equal(bank.messages.length, 1)
})

it('notes that can not be written make Haraka refuse the message; nothing hangs, and the next one passes', async () => {
  await using bank = await startPeer()
  await using haraka = await startHaraka({
    config: fileStoreConfig({ 'acme.example': [{ to: ['bank.example'] }] }),
    extraPlugins: {
      odd: `let first = true
exports.hook_data_post = (next, connection) => {
  if (first) connection.transaction.notes.circle = connection.transaction.notes
  first = false
  next()
}`,
    },
    routes: { 'bank.example': [bank.route()] },
  })
  const { code } = await haraka.send({ from: 'ann@acme.example', to: 'cfo@bank.example' })
  assert.ok(code >= 400)
  await haraka.send({ from: 'ann@acme.example', to: 'cfo@bank.example' })
  const [message] = await bank.waitForMessages(1)
  assert.ok(message?.tls)
  await haraka.waitForEmptyQueue()
  assert.equal(bank.messages.length, 1)
})
