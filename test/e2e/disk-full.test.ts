import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fullDisk } from '../support/full-disk.js'
import { startHaraka } from '../support/haraka.js'
import { parseBounce } from '../support/mail.js'
import { late } from '../support/peer-steps.js'
import { fileStoreConfig } from '../support/rules.js'
import { startPeer } from '../support/smtp-peer.js'

const config = fileStoreConfig(
  { 'acme.example': [{ to: ['clinic.example', 'cfo@bank.example', 'tls.example'] }] },
  '[main]\ndefer_seconds=1\n',
)

describe('while the disk is full', () => {
  it('a message whose bounce can not be queued stays, and bounces once there is room', async () => {
    await using disk = fullDisk()
    await using clinic = await startPeer({ starttls: false, on: { connect: late(500) } })
    await using acme = await startPeer()
    await using haraka = await startHaraka({
      config,
      env: disk.env,
      routes: { 'clinic.example': [clinic.route()], 'acme.example': [acme.route()] },
    })
    await haraka.send({ from: 'ann@acme.example', to: 'lab@clinic.example' })
    disk.fill()
    await haraka.waitForLog(/the bounce could not be queued, so the message stays/)
    assert.equal(haraka.queueFiles().length, 1)
    disk.clear()
    await acme.waitForMessages(1)
    await haraka.waitForEmptyQueue()
    assert.equal(acme.messages.length, 1)
    assert.deepEqual(clinic.cleartextAfterEhlo(), [])
  })

  it('recipients that differ wait together, and part once there is room', async () => {
    await using disk = fullDisk()
    await using bank = await startPeer({ starttls: false })
    await using acme = await startPeer()
    await using haraka = await startHaraka({
      config,
      env: disk.env,
      routes: { 'bank.example': [bank.route()], 'acme.example': [acme.route()] },
    })
    // A rules file that can't be read holds the message until the disk is full.
    haraka.writeConfig({ 'enforce-tls.rules.json': '{' })
    await haraka.send({ from: 'ann@acme.example', to: ['cfo@bank.example', 'joe@bank.example'] })
    await haraka.waitForLog(/the message waits/)
    disk.fill()
    haraka.writeConfig({ 'enforce-tls.rules.json': config['enforce-tls.rules.json'] })
    await haraka.waitForLog(/no decision, the message waits: .*ENOSPC/)
    assert.equal(bank.connections.length, 0)
    disk.clear()
    await bank.waitForMessages(1)
    await acme.waitForMessages(1)
    await haraka.waitForEmptyQueue()
    assert.deepEqual(
      bank.messages.map(({ acceptedFor }) => acceptedFor.join()),
      ['joe@bank.example'],
    )
    assert.equal(
      parseBounce(acme.messages[0]?.data ?? '').recipients[0]?.['final-recipient'],
      'rfc822; cfo@bank.example',
    )
  })

  it('what a server took of a message is not sent again, and what it refused is told once there is room', async () => {
    await using disk = fullDisk()
    await using tls = await startPeer({
      rcptReplies: { 'gone@tls.example': '550 5.1.1 gone' },
      onSecure: { message: late(500) },
    })
    await using acme = await startPeer()
    await using haraka = await startHaraka({
      config,
      env: disk.env,
      routes: { 'tls.example': [tls.route()], 'acme.example': [acme.route()] },
    })
    await haraka.send({ from: 'ann@acme.example', to: ['a@tls.example', 'gone@tls.example'] })
    disk.fill()
    await haraka.waitForLog(/recipients could not be split off; trying again in 1 s: ENOSPC/)
    disk.clear()
    const [bounce] = await acme.waitForMessages(1)
    await haraka.waitForEmptyQueue()
    const recipients = parseBounce(bounce?.data ?? '').recipients
    assert.deepEqual(
      recipients.map((fields) => `${fields['final-recipient'] ?? ''} ${fields['status'] ?? ''}`),
      ['rfc822; gone@tls.example 5.1.1'],
    )
    assert.equal(tls.messages.length, 1)
    assert.equal(acme.messages.length, 1)
  })
})
