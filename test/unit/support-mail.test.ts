/** What the tests use to read bounces reads a well-formed one whole and refuses a broken one. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { composeMail, parseBounce } from '../support/mail.js'

const bounce = [
  'From: MAILER-DAEMON@mta.example',
  'Subject: =?UTF-8?Q?Not_sent=3A_b=C3=BCro?=',
  'Content-Type: multipart/report; report-type=delivery-status;',
  '    boundary="outer"',
  '',
  'This is a MIME-encapsulated message.',
  '',
  '--outer',
  'Content-Type: multipart/alternative; boundary="outera"',
  '',
  '--outera',
  'Content-Type: text/plain; charset=us-ascii',
  '',
  'The text',
  '--outera',
  'Content-Type: text/html; charset=utf-8',
  'Content-Transfer-Encoding: quoted-printable',
  '',
  '<p>The=',
  ' b=C3=BCro</p>',
  '--outera--',
  '--outer',
  'Content-type: message/delivery-status',
  '',
  'Original-Envelope-Id: <1@a.example>',
  'Reporting-MTA: dns;mta.example',
  '',
  'Final-Recipient: rfc822;a@b.example',
  'Status: 5.7.4',
  '',
  'Final-Recipient: rfc822;c@b.example',
  'Diagnostic-Code: smtp;550 5.7.4',
  ' folded',
  '',
  '--outer',
  'Content-Type: message/rfc822',
  '',
  'Message-ID: <1@a.example>',
  '',
  '--outer--',
  '',
].join('\r\n')

it('a bounce is read whole', () => {
  const { headers, text, html, message, recipients, returned, partTypes } = parseBounce(bounce)
  assert.equal(headers['subject'], 'Not sent: büro')
  assert.equal(text, 'The text')
  assert.equal(html, '<p>The büro</p>')
  assert.equal(message['reporting-mta'], 'dns;mta.example')
  assert.deepEqual(recipients, [
    { 'final-recipient': 'rfc822;a@b.example', status: '5.7.4' },
    { 'final-recipient': 'rfc822;c@b.example', 'diagnostic-code': 'smtp;550 5.7.4 folded' },
  ])
  assert.equal(returned?.type, 'message/rfc822')
  assert.match(returned.content, /^Message-ID: <1@a\.example>/)
  assert.deepEqual(partTypes, ['multipart/alternative', 'message/delivery-status', 'message/rfc822'])
})

it('a bounce that is never closed, or is none, is refused', () => {
  assert.throws(() => parseBounce(bounce.replace('--outer--', '')), /never closed/)
  assert.throws(() => parseBounce(bounce.replace('message/delivery-status', 'text/other')), /without/)
  assert.throws(() => parseBounce('Subject: x\r\n\r\nHello\r\n'), /not a delivery status report/)
})

it('a composed message has the header fields asked for', () => {
  const mail = composeMail({
    from: 'a@b.example',
    to: ['c@d.example'],
    subject: 'S',
    messageId: 'm@b.example',
    headers: { 'X-Class': 'secret' },
  })
  assert.match(
    mail,
    /^From: <a@b\.example>\r\nTo: <c@d\.example>\r\nSubject: S\r\nDate: .*\r\nMessage-ID: <m@b\.example>\r\nX-Class: secret\r\n\r\nHello\r\n$/,
  )
})
