import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { startHaraka } from '../support/haraka.js'
import { parseBounce } from '../support/mail.js'
import { reset } from '../support/peer-steps.js'
import { fileStoreConfig } from '../support/rules.js'
import { startPeer } from '../support/smtp-peer.js'

const covered = fileStoreConfig({ 'acme.example': [{ to: ['bank.example'] }] }, '[main]\ndefer_seconds=1\n')

it('ciphers in tls.ini that OpenSSL refuses make covered mail wait as long as any other, then bounce with the reason', async () => {
  await using bank = await startPeer()
  await using acme = await startPeer({ starttls: false })
  await using haraka = await startHaraka({
    config: { ...covered, 'tls.ini': '[outbound]\nciphers=NOT-A-CIPHER\n' },
    routes: { 'bank.example': [bank.route()], 'acme.example': [acme.route()] },
    outbound: { temp_fail_intervals: '5s' },
  })
  await haraka.send({ from: 'ann@acme.example', to: 'cfo@bank.example' })
  await haraka.waitForLog(/TLS settings here cannot be used: .*no cipher match/)
  const [raw] = await acme.waitForMessages(1, 20_000)
  await haraka.waitForEmptyQueue()
  const bounce = parseBounce(raw?.data ?? '')
  assert.match(bounce.text, /TLS\s+settings\s+here\s+cannot\s+be\s+used/)
  assert.equal(bounce.recipients[0]?.['status'], '5.3.5')
  assert.equal(bank.connections.length, 2)
  assert.deepEqual(bank.cleartextAfterEhlo(), [])
})

it('a server that resets the connection while the TLS settings are broken does not end Haraka', async () => {
  await using bank = await startPeer({ on: { connect: reset } })
  await using haraka = await startHaraka({
    config: { ...covered, 'tls.ini': '[outbound]\nciphers=NOT-A-CIPHER\n' },
    routes: { 'bank.example': [bank.route()] },
  })
  for (let round = 1; round <= 5; round++)
    await haraka.send({ from: 'ann@acme.example', to: 'cfo@bank.example' })
  await bank.waitForConnections(5)
  await bank.waitForSilence()
  assert.equal((await haraka.send({ from: 'ann@acme.example', to: 'cfo@bank.example' })).code, 250)
})

it("bounce templates that can't be read make the bounce a plain one", async () => {
  await using bank = await startPeer({ starttls: false })
  await using acme = await startPeer()
  await using haraka = await startHaraka({
    config: covered,
    routes: { 'bank.example': [bank.route()], 'acme.example': [acme.route()] },
  })
  for (const name of ['enforce-tls.bounce_message', 'enforce-tls.bounce_message_html'])
    mkdirSync(join(haraka.folder, 'config', name))
  await haraka.send({ from: 'ann@acme.example', to: 'cfo@bank.example' })
  const [raw] = await acme.waitForMessages(1)
  await haraka.waitForEmptyQueue()
  const bounce = parseBounce(raw?.data ?? '')
  assert.match(
    bounce.headers['subject'] ?? '',
    /^Not sent: bank\.example cannot receive your message encrypted$/,
  )
  assert.equal(bounce.headers['to'], 'ann@acme.example')
})
