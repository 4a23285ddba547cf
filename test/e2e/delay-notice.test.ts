import assert from 'node:assert/strict'
import { it } from 'node:test'
import { startHaraka, type HarakaOptions } from '../support/haraka.js'
import { parseBounce } from '../support/mail.js'
import { fileStoreConfig } from '../support/rules.js'
import { startPeer, type SmtpPeer } from '../support/smtp-peer.js'

const LATER = '454 4.7.0 TLS not available due to temporary reason'
const DSN = `exports.register = function () {
  this.register_hook('capabilities', 'offer')
}
exports.offer = function (next, connection) {
  connection.capabilities.push('DSN')
  next()
}
`

function options(bank: SmtpPeer, acme: SmtpPeer, warning: string, intervals: string): HarakaOptions {
  return {
    config: fileStoreConfig(
      { 'acme.example': [{ to: ['bank.example'], name: 'Payments' }] },
      `[failure]\ndelay_warning=${warning}\n`,
    ),
    routes: {
      'bank.example': [bank.route({ name: 'mx.bank.example' })],
      'acme.example': [acme.route()],
    },
    outbound: { temp_fail_intervals: intervals },
    extraPlugins: { 'test-dsn': DSN },
  }
}

const message = {
  from: 'ann@acme.example',
  to: 'cfo@bank.example',
  subject: 'Merger',
  messageId: 'original@acme.example',
}

it('a message that waits for TLS is reported to its sender once, over a kill -9 too, and then bounces', async () => {
  await using bank = await startPeer({ on: { STARTTLS: LATER } })
  await using acme = await startPeer()
  await using haraka = await startHaraka(options(bank, acme, '1s', '5s*3'))
  const before = Date.now()
  await haraka.send(message)
  const [raw] = await acme.waitForMessages()
  await haraka.waitForQueue(1)
  await haraka.kill9()
  await haraka.start()
  await acme.waitForMessages(2, 30_000)
  await haraka.waitForEmptyQueue()

  assert.ok(bank.connections.length >= 4)
  assert.deepEqual(bank.cleartextAfterEhlo(), [])
  assert.equal(acme.messages.length, 2)
  assert.equal(parseBounce(acme.messages[1]?.data ?? '').recipients[0]?.['action'], 'failed')

  assert.equal(raw?.from, '')
  assert.deepEqual(raw.acceptedFor, ['ann@acme.example'])
  assert.doesNotMatch(raw.data, /Merger/, 'nothing of the message goes back in the clear')
  const notice = parseBounce(raw.data)
  assert.equal(notice.headers['subject'], 'Delayed: bank.example cannot receive your message encrypted yet')
  assert.equal(notice.headers['auto-submitted'], 'auto-replied')
  assert.equal(notice.headers['in-reply-to'], '<original@acme.example>')
  const [recipient = {}] = notice.recipients
  assert.equal(recipient['final-recipient'], 'rfc822; cfo@bank.example')
  assert.equal(recipient['action'], 'delayed')
  assert.equal(recipient['status'], '4.7.4')
  const until = Date.parse(recipient['will-retry-until'] ?? '')
  assert.ok(until > before + 5000 && until < before + 20_000, recipient['will-retry-until'])
  const text = notice.text.replace(/\s+/g, ' ')
  assert.match(
    text,
    /^Your message to cfo@bank\.example is delayed, because their mail server cannot receive it encrypted at the moment\. If it does not pass by itself, the mail team of bank\.example has to fix this\. .* WHY The receiving server mx\.bank\.example of bank\.example could not establish a TLS connection\. The rule "Payments" of acme\.example requires one\. TLS is/,
  )
  assert.match(
    text,
    /WHAT TO DO NEXT Nothing for now: do not send the message again\. It is tried again until \d+ \w+ \d{4}, \d\d:\d\d UTC/,
  )
  assert.match(notice.html ?? '', /<h1[^>]*>Your message is delayed<\/h1>/)
})

it('NOTIFY without DELAY, the null sender and delay_warning=0 have no notice; NOTIFY with DELAY has one', async () => {
  await using bank = await startPeer({ on: { STARTTLS: LATER } })
  await using acme = await startPeer()
  await using haraka = await startHaraka({
    ...options(bank, acme, '1ms', '5s'),
    config: fileStoreConfig(
      { '*': [{ to: ['bank.example'] }] },
      '[failure]\ndelay_warning=1ms\naction=defer\n',
    ),
  })
  await haraka.send({ ...message, from: 'never@acme.example', notify: ['never'] })
  await haraka.send({ ...message, from: 'failure@acme.example', notify: ['failure'] })
  await haraka.send({ ...message, from: '' })
  await haraka.send({ ...message, from: 'delay@acme.example', notify: ['failure', 'delay'] })
  await haraka.waitForLog(/(?:outcome .* result=deferred [^]*){4}/)
  await acme.waitForMessages(1)
  haraka.writeConfig(
    fileStoreConfig({ '*': [{ to: ['bank.example'] }] }, '[failure]\ndelay_warning=0\naction=defer\n'),
  )
  await haraka.waitForLog(/enforce-tls\.ini was read again/)
  await haraka.send({ ...message, from: 'off@acme.example' })
  // A bounce for each but the null sender, and the one notice.
  await acme.waitForMessages(5, 30_000)
  const told = acme.messages
    .map(({ data, acceptedFor }) =>
      [acceptedFor.join(), parseBounce(data).recipients[0]?.['action']].join(' '),
    )
    .sort()
  const delayed = told.filter((line) => line.endsWith('delayed'))
  assert.deepEqual(delayed, ['delay@acme.example delayed'], told.join('; '))
})
