import assert from 'node:assert/strict'
import { it } from 'node:test'
import { startHaraka } from '../support/haraka.js'
import { parseBounce } from '../support/mail.js'
import { fileStoreConfig } from '../support/rules.js'
import { startPeer } from '../support/smtp-peer.js'

/** As somebody sets it with `domain set`. */
const DOMAIN = { enabled: true, contact: 'helpdesk@acme.example', link: 'https://acme.example/tls?a=1&b=2' }

it('a covered message to a server without TLS bounces at once, and says so to a person and to a program', async () => {
  await using clinic = await startPeer({ starttls: false })
  await using acme = await startPeer()
  const config = fileStoreConfig({ 'acme.example': [{ to: ['clinic.example'], name: 'Patient data' }] })
  const rules = config['enforce-tls.rules.json'] as object
  await using haraka = await startHaraka({
    config: { ...config, 'enforce-tls.rules.json': { ...rules, domains: { 'acme.example': DOMAIN } } },
    routes: {
      'clinic.example': [clinic.route({ name: 'mx.clinic.example' })],
      'acme.example': [acme.route({ name: 'mail.acme.example' })],
    },
  })
  await haraka.send({
    from: 'ann@acme.example',
    to: 'lab@clinic.example',
    subject: 'Diagnosis of Mr Smith',
    messageId: 'original@acme.example',
  })
  const [raw] = await acme.waitForMessages()
  assert.ok(raw)
  await haraka.waitForEmptyQueue()

  assert.deepEqual(clinic.cleartextAfterEhlo(), [])
  assert.equal(clinic.received.length, 0)
  assert.equal(acme.messages.length, 1)
  assert.equal(raw.from, '')
  assert.deepEqual(raw.acceptedFor, ['ann@acme.example'])

  const bounce = parseBounce(raw.data)
  assert.match(bounce.headers['from'] ?? '', /MAILER-DAEMON@mta\.test\.example/)
  assert.match(bounce.headers['to'] ?? '', /^<?ann@acme\.example>?$/)
  assert.equal(bounce.headers['subject'], 'Not sent: clinic.example cannot receive your message encrypted')
  assert.ok(!Number.isNaN(Date.parse(bounce.headers['date'] ?? '')))
  assert.match(bounce.headers['message-id'] ?? '', /^<.+@mta\.test\.example>$/)
  assert.equal(bounce.headers['auto-submitted'], 'auto-replied')
  assert.equal(bounce.headers['in-reply-to'], '<original@acme.example>')

  const text = bounce.text.replace(/\s+/g, ' ')
  assert.match(
    text,
    /^Your message to lab@clinic\.example was not sent, because their mail server cannot receive it encrypted\. The mail team of clinic\.example has to fix this\. WHAT TO DO NEXT Tell the recipient, .* WHAT YOU CAN PASS ON TO THEM Please tell your mail team: .* Who to ask: helpdesk@acme\.example More about encrypted mail: https:\/\/acme\.example\/tls\?a=1&b=2 WHY The receiving server mx\.clinic\.example of clinic\.example could not establish a TLS connection\. The rule "Patient data" of acme\.example requires one\./,
  )
  assert.match(raw.data, /could not establish a TLS connection/, 'the sentence stays on one line for filters')
  assert.match(text, /WHAT WAS TRIED - mx\.clinic\.example \(127\.0\.0\.1:\d+\): does not offer STARTTLS/)
  assert.match(bounce.html ?? '', /could not establish a TLS connection/)
  assert.match(bounce.html ?? '', /<a href="https:\/\/acme\.example\/tls\?a=1&#38;b=2"/)
  assert.match(bounce.html ?? '', /helpdesk@acme\.example/)

  assert.equal(bounce.message['reporting-mta'], 'dns; mta.test.example')
  assert.equal(bounce.recipients.length, 1)
  const [recipient = {}] = bounce.recipients
  assert.equal(recipient['final-recipient'], 'rfc822; lab@clinic.example')
  assert.equal(recipient['action'], 'failed')
  assert.equal(recipient['status'], '5.7.4')
  assert.equal(recipient['remote-mta'], 'dns; mx.clinic.example')
  assert.match(recipient['diagnostic-code'] ?? '', /^x-enforce-tls; starttls-not-supported: /)

  assert.equal(bounce.returned?.type, 'text/rfc822-headers')
  assert.match(bounce.returned.content, /Message-ID: <original@acme\.example>/i)
  assert.doesNotMatch(raw.data, /Smith/, 'nothing of the message goes back in the clear')
})
