import assert from 'node:assert/strict'
import { it } from 'node:test'
import { startHaraka } from '../support/haraka.js'
import { parseBounce } from '../support/mail.js'
import { fileStoreConfig } from '../support/rules.js'
import { inTurn } from '../support/peer-steps.js'
import { startPeer } from '../support/smtp-peer.js'

const config = fileStoreConfig({ 'acme.example': [{ to: ['bank.example'] }] })
const message = { from: 'ann@acme.example', to: 'cfo@bank.example' }
const LATER = '454 4.7.0 TLS not available due to temporary reason'

it('a server that puts TLS off is tried again, and the bounce after the last try tells the TLS reason', async () => {
  await using bank = await startPeer({ on: { STARTTLS: LATER } })
  await using acme = await startPeer()
  await using haraka = await startHaraka({
    config,
    routes: {
      'bank.example': [bank.route({ name: 'mx.bank.example' })],
      'acme.example': [acme.route()],
    },
    outbound: { temp_fail_intervals: '5s' },
  })
  await haraka.send(message)
  await haraka.waitForLog(
    /attempt .* mx=mx\.bank\.example .* class=starttls-deferred .* detail="answered STARTTLS with 454/,
  )
  await haraka.waitForQueue(1)
  const [raw] = await acme.waitForMessages()
  await haraka.waitForEmptyQueue()

  assert.equal(bank.connections.length, 2)
  assert.deepEqual(bank.cleartextAfterEhlo(), [])
  assert.equal(acme.messages.length, 1)
  const { text, recipients } = parseBounce(raw?.data ?? '')
  assert.match(
    text.replace(/\s+/g, ' '),
    /^Your message to \S+ was not sent, because their mail server cannot receive it encrypted\. The mail team of bank\.example has to fix this\. .* WHY The receiving server mx\.bank\.example of bank\.example could not establish a TLS connection\. .* It was tried several times\./,
  )
  assert.equal(recipients[0]?.['status'], '5.7.4')
  assert.equal(recipients[0]['diagnostic-code'], `smtp; ${LATER}`)
  assert.match(recipients[0]['x-enforce-tls-result'] ?? '', /^starttls-deferred /)
})

it('a server that has TLS again at the next try gets the message, and the sender hears nothing', async () => {
  await using bank = await startPeer({ on: { STARTTLS: inTurn(LATER, '220 2.0.0 go ahead') } })
  await using acme = await startPeer()
  await using haraka = await startHaraka({
    config,
    routes: { 'bank.example': [bank.route()], 'acme.example': [acme.route()] },
    outbound: { temp_fail_intervals: '5s' },
  })
  await haraka.send(message)
  const [received] = await bank.waitForMessages()
  await haraka.waitForEmptyQueue()
  assert.ok(received?.tls)
  assert.equal(bank.connections.length, 2)
  assert.equal(bank.received.length, 1)
  assert.deepEqual(bank.cleartextAfterEhlo(), [])
  assert.equal(acme.received.length, 0)
})
