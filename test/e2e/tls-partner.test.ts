import assert from 'node:assert/strict'
import { it } from 'node:test'
import { startHaraka } from '../support/haraka.js'
import { fileStoreConfig } from '../support/rules.js'
import { startPeer } from '../support/smtp-peer.js'

it('a covered message leaves over TLS, also to a server with a self-signed certificate', async () => {
  await using bank = await startPeer({ hostname: 'mx.bank.example' })
  await using haraka = await startHaraka({
    config: fileStoreConfig({ 'acme.example': [{ to: ['bank.example'] }] }),
    routes: { 'bank.example': [bank.route({ name: 'mx.bank.example' })] },
  })
  await haraka.send({ from: 'ann@acme.example', to: 'cfo@bank.example', subject: 'Secret' })
  const [message] = await bank.waitForMessages()
  assert.equal(message?.tls?.protocol, 'TLSv1.3')
  assert.equal(message.tls.servername, 'mx.bank.example')
  assert.deepEqual(message.acceptedFor, ['cfo@bank.example'])
  assert.match(message.data, /Subject: Secret/)
  assert.deepEqual(bank.cleartextAfterEhlo(), [])
  await haraka.waitForEmptyQueue()
  assert.equal(bank.messages.length, 1)
  await haraka.waitForLog(/delivered file=.* domain=bank\.example .* tls=Y/)
})
