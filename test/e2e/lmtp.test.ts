import assert from 'node:assert/strict'
import { it } from 'node:test'
import { startHaraka } from '../support/haraka.js'
import { parseBounce } from '../support/mail.js'
import { fileStoreConfig } from '../support/rules.js'
import { inTurn } from '../support/peer-steps.js'
import { startPeer } from '../support/smtp-peer.js'

const config = fileStoreConfig({ 'acme.example': [{ to: ['lmtp.example'] }] })
const ALL = ['a@lmtp.example', 'full@lmtp.example', 'gone@lmtp.example', 'd@lmtp.example']

it('over LMTP with mixed replies to the dot, nobody is doubled and nobody is lost', async () => {
  await using lmtp = await startPeer({
    lmtp: true,
    messageReplies: {
      'full@lmtp.example': '452 4.2.2 mailbox full',
      'gone@lmtp.example': '550 5.1.1 Secret is for nobody',
    },
  })
  await using acme = await startPeer()
  await using haraka = await startHaraka({
    config,
    routes: { 'lmtp.example': [lmtp.route()], 'acme.example': [acme.route()] },
    outbound: { temp_fail_intervals: '5s' },
  })
  await haraka.send({ from: 'ann@acme.example', to: ALL })
  const bounces = await acme.waitForMessages(2, 20_000)
  await haraka.waitForEmptyQueue()
  assert.deepEqual(lmtp.messages.flatMap(({ acceptedFor }) => acceptedFor).sort(), [
    'a@lmtp.example',
    'd@lmtp.example',
  ])
  const named = bounces.flatMap(({ data }) =>
    parseBounce(data).recipients.map(
      (fields) => `${fields['final-recipient'] ?? ''} ${fields['status'] ?? ''}`,
    ),
  )
  assert.deepEqual(named.sort(), ['rfc822; full@lmtp.example 5.2.2', 'rfc822; gone@lmtp.example 5.1.1'])
  assert.deepEqual(lmtp.cleartextAfterEhlo(), [])
})

it('an LMTP server without TLS is refused like any other', async () => {
  await using lmtp = await startPeer({ lmtp: true, starttls: false })
  await using acme = await startPeer()
  await using haraka = await startHaraka({
    config,
    routes: { 'lmtp.example': [lmtp.route()], 'acme.example': [acme.route()] },
  })
  await haraka.send({ from: 'ann@acme.example', to: 'a@lmtp.example' })
  const [bounce] = await acme.waitForMessages(1)
  assert.equal(parseBounce(bounce?.data ?? '').recipients[0]?.['status'], '5.7.4')
  assert.deepEqual(lmtp.cleartextAfterEhlo(), [])
})

it('over SMTP, recipients that a server refuses or puts off are told apart, with its codes in the bounce', async () => {
  await using bank = await startPeer({
    onSecure: {
      RCPT: (session, line) =>
        line.includes('full@') ? session.reply('452 4.2.2 no room for Secret') : session.proceed(),
    },
    rcptReplies: { 'gone@lmtp.example': '550 5.1.1 Secret is for nobody' },
  })
  await using acme = await startPeer()
  await using haraka = await startHaraka({
    config,
    routes: { 'lmtp.example': [bank.route()], 'acme.example': [acme.route()] },
    outbound: { temp_fail_intervals: '5s' },
  })
  await haraka.send({ from: 'ann@acme.example', to: ALL, subject: 'Secret' })
  const bounces = await acme.waitForMessages(2, 20_000)
  await haraka.waitForEmptyQueue()
  assert.deepEqual(bank.messages.flatMap(({ acceptedFor }) => acceptedFor).sort(), [
    'a@lmtp.example',
    'd@lmtp.example',
  ])
  const named = bounces.flatMap(({ data }) =>
    parseBounce(data).recipients.map(
      (fields) => `${fields['final-recipient'] ?? ''} ${fields['diagnostic-code'] ?? ''}`,
    ),
  )
  assert.deepEqual(named.sort(), [
    'rfc822; full@lmtp.example smtp; 452 4.2.2',
    'rfc822; gone@lmtp.example smtp; 550 5.1.1',
  ])
  assert.ok(
    bounces.every(({ data }) => !data.includes('Secret')),
    'bounces of parts are as discreet as whole ones',
  )
})

it('a server that is busy at first gets the message at the next attempt, over TLS', async () => {
  await using bank = await startPeer({
    on: { STARTTLS: inTurn('454 4.7.0 later', (session) => session.proceed()) },
  })
  await using haraka = await startHaraka({
    config,
    routes: { 'lmtp.example': [bank.route()] },
    outbound: { temp_fail_intervals: '5s*3' },
  })
  await haraka.send({ from: 'ann@acme.example', to: 'a@lmtp.example' })
  await haraka.waitForLog(/starttls-deferred/)
  await haraka.flushUntil(() => bank.messages.length === 1, 'a delivery')
  const [message] = bank.messages
  assert.ok(message?.tls)
  await haraka.waitForEmptyQueue()
  assert.equal(bank.connections.length, 2)
})
