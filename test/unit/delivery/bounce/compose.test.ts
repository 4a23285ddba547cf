import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { composeBounce, type BounceOptions } from '../../../../plugins/enforce-tls/delivery/bounce/compose.js'
import { tlsFailure, type Attempt } from '../../../../plugins/enforce-tls/delivery/outcome.js'
import { type FailureClass } from '../../../../plugins/enforce-tls/delivery/failure-classes.js'
import type { HarakaMailItem } from '../../../../plugins/enforce-tls/haraka/types.js'
import { requirementOf } from '../../../../plugins/enforce-tls/rules/requirement.js'
import { parseBounce } from '../../../support/mail.js'

const TEMPLATE = ['From: <{from}>', 'To: <{to}>', 'Subject: {subject_line}', '', '{summary}']

interface Case {
  readonly rule?: string
  readonly failure?: FailureClass
  readonly detail?: string
  readonly message?: string | Buffer
  readonly content?: BounceOptions['content']
  readonly text?: readonly string[]
  readonly tlsToBlame?: boolean
  readonly mayQuote?: boolean
}

async function bounceOf(options: Case): Promise<string> {
  const {
    rule = 'Patient data',
    failure = 'starttls-not-supported',
    detail = 'does not offer STARTTLS',
  } = options
  const address = (user: string, host: string) => ({ user, host, address: `${user}@${host}` })
  const item = {
    todo: {
      domain: 'clinic.example',
      queue_time: 1_764_000_000_000,
      mail_from: address('ann', 'acme.example'),
      rcpt_to: [address('lab', 'clinic.example')],
    },
    data_stream: () => Readable.from([Buffer.from(options.message ?? 'Subject: Test\r\n\r\nHello\r\n')]),
  } as unknown as HarakaMailItem
  const attempt: Attempt = {
    host: 'mx.clinic.example',
    to: '192.0.2.25:25',
    secured: false,
    session: null,
    failure: tlsFailure(failure, detail),
  }
  const decidedBy = { owner: 'acme.example', id: 'r1', name: rule }
  const { contents } = await composeBounce(
    {
      item,
      requirement: requirementOf({ level: 'encrypt' }, 'clinic.example', decidedBy),
      attempts: [attempt],
      tlsToBlame: options.tlsToBlame ?? true,
      reason: '550 no such user',
      mayQuote: options.mayQuote ?? false,
    },
    {
      me: 'mta.acme.example',
      content: options.content ?? 'minimal',
      minVersion: 'TLSv1.2',
      templates: { text: options.text ?? TEMPLATE, html: [] },
      now: new Date(1_764_000_000_000),
    },
  )
  return contents
}

describe('a bounce', () => {
  for (const [what, rule] of [
    ['plain', 'Patient data'],
    ['with umlauts', 'Verschlüsselung für Büchereien '.repeat(6).slice(0, 200)],
    ['all in Japanese', '患者の秘密'.repeat(40)],
  ] as const)
    it(`has its sentence on one line of the source, the name of the rule being ${what}`, async () => {
      const source = await bounceOf({ rule })
      assert.match(source, /^.*could not establish a TLS connection/m)
      assert.ok(parseBounce(source).text.replace(/\s+/g, '').includes(rule.replace(/\s+/g, '')))
    })

  it('is 7-bit with short lines, whatever the message and the server held', async () => {
    const source = await bounceOf({
      rule: '患者 <b>'.repeat(20),
      detail: `answered STARTTLS with 554 ${'é\r\nX-Evil: yes '.repeat(100)}`,
      message: Buffer.from(`Subject: gr\xfc\xdfe\r\nX-Long: ${'x'.repeat(5000)}\r\n\r\n`, 'latin1'),
      content: 'full',
    })
    assert.doesNotMatch(source, /[^\r\n\x20-\x7e\t]|\r(?!\n)|(?<!\r)\n/)
    assert.ok(Math.max(...source.split('\r\n').map((line) => line.length)) <= 998)
    assert.doesNotMatch(source, /^X-Evil/m)
  })

  for (const [what, subject] of [
    ['UTF-8', Buffer.from('Grüße – 書店')],
    ['Latin-1', Buffer.from('gr\xfc\xdfe', 'latin1')],
    ['ASCII', Buffer.from('=?utf-8?q?Gr=C3=BC=C3=9Fe?=')],
  ] as const)
    it(`with the whole header block gives ${what} back byte for byte`, async () => {
      const block = Buffer.concat([
        Buffer.from('X-Folded: one\r\n two\r\n\tthree\r\nSubject: '),
        subject,
        Buffer.from('\r\n'),
      ])
      const message = Buffer.concat([block, Buffer.from('\r\nHello\r\n')])
      const source = await bounceOf({ message, content: 'full' })
      assert.deepEqual(returnedBytes(source), block)
    })

  it('of minimal content says why the subject is missing', async () => {
    const source = await bounceOf({ message: 'Subject: Diagnosis\r\n\r\n', text: ['', 'subject: {subject}'] })
    assert.match(parseBounce(source).text, /^subject: not shown, because/)
    assert.doesNotMatch(source, /Diagnosis/)
  })

  for (const [failure, explained, advised] of [
    ['starttls-not-supported', 'does not offer TLS.', 'Tell the recipient, by phone'],
    ['certificate-expired', 'has a certificate that has expired.', 'Tell the recipient, by phone'],
    ['fingerprint-mismatch', 'has a certificate other than', 'Ask your own mail administrator'],
    ['starttls-injection', 'sent unencrypted data', 'Tell your own mail administrator'],
  ] as const)
    it(`explains ${failure} and says whom to tell`, async () => {
      const { text } = parseBounce(await bounceOf({ failure, text: ['', '{explanation}', '', '{advice}'] }))
      const [explanation = '', advice = ''] = text.split('\r\n\r\n').map((part) => part.replace(/\s+/g, ' '))
      assert.match(explanation, /^TLS is the encryption/)
      assert.ok(explanation.includes(`mx.clinic.example ${explained}`), explanation)
      assert.ok(advice.startsWith(advised), advice)
    })

  for (const [failure, subject, because, demand] of [
    [
      'starttls-refused',
      'clinic.example cannot receive your message encrypted',
      'their mail server cannot receive it encrypted. The receiving server mx.clinic.example of clinic.example could not establish a TLS connection.',
      'requires one.',
    ],
    [
      'certificate-host-mismatch',
      'the certificate of the mail server of clinic.example could not be verified',
      'the certificate of their mail server could not be verified. The receiving server mx.clinic.example of clinic.example has a certificate that could not be verified.',
      'requires a verified one.',
    ],
  ] as const)
    it(`about ${failure} begins with the result, then says why`, async () => {
      const { headers, text } = parseBounce(await bounceOf({ failure }))
      assert.equal(headers['subject'], `Not sent: ${subject}`)
      assert.equal(
        text.replace(/\s+/g, ' ').trim(),
        `Your message to lab@clinic.example was not sent, because ${because} The rule "Patient data" of acme.example ${demand}`,
      )
    })

  it('that is not about TLS leaves the explanation out, without a gap', async () => {
    const text = ['', '{summary}', '', '{explanation}', '', 'END']
    const { text: written } = parseBounce(await bounceOf({ text, tlsToBlame: false }))
    assert.match(
      written,
      /^Your message to lab@clinic\.example was not delivered\. The reason given:\s+550 no such user\.\r\n\r\nEND/,
    )
  })

  it('shows the subject as a person wrote it', async () => {
    const text = ['From: <{from}>', '', 'subject: {subject}']
    for (const subject of ['Grüße', '=?utf-8?q?Gr=C3=BC=C3=9Fe?='])
      assert.equal(
        parseBounce(
          await bounceOf({ message: `Subject: ${subject}\r\n\r\n`, content: 'full', text }),
        ).text.trim(),
        'subject: Grüße',
      )
  })
})

/** The bytes of the last part, its transfer encoding taken off. */
function returnedBytes(source: string): Buffer {
  const part = source.slice(source.indexOf('Content-Type: text/rfc822-headers'))
  const [head = '', ...rest] = part.split('\r\n\r\n')
  const body = rest.join('\r\n\r\n').replace(/\r\n--[^\r\n]*--\r\n$/, '')
  const encoded = /quoted-printable/.test(head)
  const text = encoded
    ? body
        .replace(/=\r\n/g, '')
        .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    : body
  return Buffer.from(text, 'latin1')
}
