import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { it } from 'node:test'
import { startHaraka } from '../support/haraka.js'
import { fileStoreConfig } from '../support/rules.js'
import { startPeer } from '../support/smtp-peer.js'
import { TemporaryFolder } from '../support/temporary-folder.js'

it('a covered message is kept from queue/smtp_forward, others are forwarded as before', async () => {
  await using smartHost = await startPeer({ starttls: false })
  await using bank = await startPeer()
  await using clinic = await startPeer({ starttls: false })
  await using acme = await startPeer()
  await using haraka = await startHaraka({
    plugins: ['test-relay', 'test-routes', 'enforce-tls', 'queue/smtp_forward'],
    config: {
      ...fileStoreConfig({ 'acme.example': [{ to: ['bank.example', 'clinic.example'] }] }),
      'smtp_forward.ini': `host=127.0.0.1\nport=${smartHost.port}\nenable_outbound=true\n`,
    },
    routes: {
      'bank.example': [bank.route()],
      'clinic.example': [clinic.route()],
      'acme.example': [acme.route()],
    },
  })
  const send = (to: string | string[]) => haraka.send({ from: 'ann@acme.example', to })
  await send('roses@florist.example')
  assert.equal(smartHost.messages.length, 1)
  await send('cfo@bank.example')
  await bank.waitForMessages()
  await send('lab@clinic.example')
  await acme.waitForMessages()
  await send(['cfo@bank.example', 'joe@bank.example'])
  await bank.waitForMessages(2)
  await haraka.waitForEmptyQueue()
  assert.ok(bank.messages.every(({ tls }) => tls))
  assert.equal(clinic.received.length, 0)
  assert.deepEqual(
    smartHost.messages.map(({ acceptedFor }) => acceptedFor.join()),
    ['roses@florist.example'],
  )
})

it('a covered message that is to be quarantined still is', async () => {
  await using folder = new TemporaryFolder('quarantine')
  await using bank = await startPeer()
  await using haraka = await startHaraka({
    plugins: ['test-relay', 'test-routes', 'suspicious', 'enforce-tls', 'queue/quarantine'],
    extraPlugins: {
      suspicious: `exports.hook_data_post = (next, connection) => {
        connection.transaction.notes.quarantine = 'spam'
        connection.transaction.notes.quarantine_action = [OK, 'kept']
        next()
      }`,
    },
    config: {
      ...fileStoreConfig({ 'acme.example': [{ to: ['bank.example'] }] }),
      'quarantine.ini': `quarantine_path=${folder.path}\n`,
    },
    routes: { 'bank.example': [bank.route()] },
  })
  const { code } = await haraka.send({ from: 'ann@acme.example', to: 'cfo@bank.example' })
  assert.equal(code, 250)
  assert.ok(readdirSync(folder.path).includes('spam'))
  assert.deepEqual(haraka.queueFiles(), [])
  assert.equal(bank.connections.length, 0)
})
