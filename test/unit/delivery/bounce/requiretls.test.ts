/** Bounces and delay notices of messages with REQUIRETLS: whose word it was, and what may be shown on which way back. */
import assert from 'node:assert/strict'
import { isAscii } from 'node:buffer'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { bounceTexts, composeBounce } from '../../../../plugins/enforce-tls/delivery/bounce/compose.js'
import type { Bounce, BounceRequest } from '../../../../plugins/enforce-tls/delivery/guard-context.js'
import { withAsked } from '../../../../plugins/enforce-tls/requiretls/ask.js'
import { LANGUAGES, type Language } from '../../../../plugins/enforce-tls/text/language.js'
import { parseBounce } from '../../../support/mail.js'
import { DETAIL, NOTICE_OPTIONS, noticeRequest } from '../../../support/notices.js'

const HEADER = 'Subject: Secret plans\r\nX-Project: Falcon\r\n'
const delayed = {
  until: new Date('2026-11-30T00:53:00Z'),
  recipients: [{ user: 'lab0', host: 'clinic.example', address: '' }],
}

/** In one language, the lines put together, and the words of each in front of English. */
async function said(request: BounceRequest, asked: Language = 'en') {
  const { text, html } = await bounceTexts(request, { ...NOTICE_OPTIONS, asked })
  const flat = (each: string | undefined) => (each ?? '').replace(/\s+/g, ' ')
  return { text: flat(text.split(/\r\n-{20,}\r\n/)[0]), html: flat(html.split('<hr')[0]) }
}

/** Whose word it is, and the way out, in each language. */
const WORDS: Readonly<
  Record<Language, readonly [sender: string, noRule: string, both: string, wayOut: string]>
> = {
  en: [
    'Your message itself asks for',
    'No rule asks for that.',
    'asks for that, too: it was sent with REQUIRETLS',
    'send it again without REQUIRETLS.',
  ],
  de: [
    'Ihre Nachricht selbst verlangt',
    'Eine Regel verlangt das nicht.',
    'Auch Ihre Nachricht selbst verlangt das: Sie wurde mit REQUIRETLS gesendet',
    'senden Sie die Nachricht ohne REQUIRETLS noch einmal.',
  ],
  fr: [
    'C’est votre message lui-même qui exige',
    'Aucune règle ne l’exige.',
    'Votre message lui-même l’exige aussi',
    'envoyez de nouveau le message sans REQUIRETLS.',
  ],
  es: [
    'Es el propio mensaje el que exige',
    'Ninguna regla lo exige.',
    'También lo exige el propio mensaje',
    'vuelva a enviar el mensaje sin REQUIRETLS.',
  ],
  it: [
    'È il Suo stesso messaggio a richiedere',
    'Nessuna regola lo richiede.',
    'Lo richiede anche il Suo stesso messaggio',
    'invii di nuovo il messaggio senza REQUIRETLS.',
  ],
  nl: [
    'Uw bericht zelf vereist',
    'Geen enkele regel vereist dat.',
    'Ook uw bericht zelf vereist dat',
    'verzend het bericht dan opnieuw zonder REQUIRETLS.',
  ],
}

describe('what the sender asked for', () => {
  for (const language of LANGUAGES)
    it(`is told as that in ${language}, and as no rule`, async () => {
      const [sender, noRule, both, wayOut] = WORDS[language]
      const alone = { failed: ['starttls-refused'], rules: [], asks: true } as const
      for (const request of [noticeRequest(alone), noticeRequest({ ...alone, more: { delayed } })]) {
        const { text, html } = await said(request, language)
        for (const each of [text, html]) {
          assert.ok(each.includes(sender) && each.includes(noRule), each)
          assert.doesNotMatch(each, /asked for by the sender/)
          if (!request.delayed) assert.ok(each.includes(wayOut), each)
        }
      }
      const { text } = await said(noticeRequest({ ...alone, rules: ['Patienten'] }), language)
      assert.ok(text.includes('Patienten') && text.includes(both), text)
      assert.ok(!text.includes(noRule), text)
    })

  for (const [what, given, expected] of [
    [
      'and a rule that a failure does not touch is not blamed',
      { failed: ['requiretls-not-supported'], action: { level: 'encrypt' } },
      'asks for a server that promises to pass the message on encrypted: it was sent with REQUIRETLS, a request for encryption all the way. No rule asks for that.',
    ],
    [
      'nor for a certificate that the rule does not look at',
      { failed: ['certificate-expired'], action: { level: 'encrypt' } },
      'Your message itself asks for a verified one: it was sent',
    ],
    [
      'and is not blamed for the settings of a rule',
      { failed: ['trust-unusable'], action: { level: 'verify', trust: 'partner' } },
      'The rule "Patienten" of acme.example requires those settings. Your',
    ],
    [
      'and a rule that asks for it, too, is named',
      { failed: ['requiretls-refused'], action: { level: 'encrypt', requireOnward: 'must' } },
      'The rule "Patienten" of acme.example requires a server that promises to pass the message on encrypted. Your message itself asks for that, too',
    ],
  ] as const)
    it(what, async () => {
      const { text } = await said(noticeRequest({ ...given, asks: true }))
      assert.ok(text.includes(expected) || text.includes(expected.replace(/ Your$/, ' It was tried')), text)
    })

  it('is told of a message that an administrator has given up, of which only the sum is known', async () => {
    const { asked, ...request } = noticeRequest({
      failed: ['starttls-deferred'],
      rules: [],
      asks: true,
      more: { isGivenUp: true },
    })
    assert.ok(asked)
    assert.match((await said(request)).text, /Your message itself asks for one/)
    assert.match(await redactedText(request), /Your message itself asks for one/)
  })

  it('stands in a redacted notice, without the names of rules', async () => {
    const alone = await redactedText(noticeRequest({ failed: ['starttls-refused'], rules: [], asks: true }))
    assert.match(alone, /Your message itself asks for one: .* No rule asks for that\./)
    assert.doesNotMatch(alone, /This mail system requires/)
    const both = await redactedText(noticeRequest({ failed: ['starttls-refused'], asks: true }))
    assert.match(
      both,
      /This mail system requires one for this message\. Your message itself asks for that, too/,
    )
    assert.doesNotMatch(both, /Patienten/)
  })
})

const noticesOf = async (request: BounceRequest, content: 'minimal' | 'full' = 'minimal'): Promise<Bounce> =>
  composeBounce(request, { ...NOTICE_OPTIONS, content, asked: 'en' })
const redactedText = async (request: BounceRequest): Promise<string> =>
  parseBounce((await noticesOf(request)).redacted ?? '').text.replace(/\s+/g, ' ')

describe('what goes with REQUIRETLS itself', () => {
  const request = noticeRequest({ failed: ['starttls-refused'], asks: true, header: HEADER })
  for (const [what, each] of [
    ['a bounce', request],
    ['a notice of delay', { ...request, delayed }],
  ] as const)
    it(`has all of the header in ${what}, and does not say that it may travel without encryption`, async () => {
      for (const content of ['minimal', 'full'] as const) {
        const { contents, heldTo, instead, redacted } = await noticesOf(each, content)
        const { text, html, returned } = parseBounce(contents)
        assert.match(text, /Subject: Secret plans/)
        assert.match(html ?? '', /Secret plans/)
        assert.match(returned?.content ?? '', /X-Project: Falcon/)
        assert.doesNotMatch(contents, /without encryption/)
        // It is the redacted one that goes in its place, whatever the settings say of others.
        assert.deepEqual([heldTo, instead, typeof redacted], [null, null, 'string'])
        assert.doesNotMatch(redacted ?? '', /Secret|Falcon|lab0|Patienten/)
      }
    })

  it('has the words of a server that answered to the message', async () => {
    const item = noticeRequest({ asks: true }).item
    Object.assign(item.todo.rcpt_to[0] ?? {}, {
      dsn_smtp_code: '550',
      dsn_smtp_extc: '5.1.1',
      dsn_smtp_response: 'no Falcon here',
    })
    const { contents, redacted } = await noticesOf({
      ...request,
      item,
      tlsToBlame: false,
      mayQuote: true,
      reason: 'no Falcon here',
    })
    assert.match(contents, /no Falcon here/)
    assert.doesNotMatch(redacted ?? '', /Falcon/)
  })
})

describe('a redacted notice', () => {
  const request = noticeRequest({ failed: ['starttls-refused'], asks: true, header: HEADER, recipients: 2 })
  for (const [what, each] of [
    ['a bounce', request],
    ['a notice of delay', { ...request, delayed }],
  ] as const)
    it(`names the domain, and no address that could be somebody's, in ${what}`, async () => {
      const { redacted } = await noticesOf(each)
      const { recipients, returned, text } = parseBounce(redacted ?? '')
      assert.deepEqual(
        recipients.map((fields) => fields['final-recipient']),
        ['x-redacted; clinic.example'],
      )
      assert.equal(returned?.content.trim(), 'Message-ID: <4711@acme.example>')
      assert.match(text, /Sent: not shown, because this notice may/)
      assert.doesNotMatch(redacted ?? '', /lab0/)
    })
})

describe('a server that refuses REQUIRETLS at MAIL', () => {
  it('is told as that, in all parts', async () => {
    const request = noticeRequest({ failed: ['requiretls-refused'], asks: true, rules: [] })
    const [attempt] = request.attempts
    assert.ok(attempt?.failure)
    const failure = {
      ...attempt.failure,
      detail: 'offers REQUIRETLS, but refused MAIL with it: 555 5.5.4',
      reply: { code: 555, text: '5.5.4' },
    }
    const { contents } = await noticesOf({ ...request, attempts: [{ ...attempt, failure }] })
    const { recipients, text } = parseBounce(contents)
    const [fields = {}] = recipients
    assert.equal(fields['status'], '5.7.30')
    assert.equal(fields['diagnostic-code'], 'smtp; 555 5.5.4')
    assert.match(
      fields['x-enforce-tls-result'] ?? '',
      /^requiretls-refused .* offered REQUIRETLS .* then refused it\)$/,
    )
    assert.match(text.replace(/\s+/g, ' '), /refused MAIL with it: 555 5\.5\.4/)
    assert.doesNotMatch(text, /not offer|not promise/)
    assert.doesNotMatch(text, new RegExp(DETAIL))
  })
})

describe('an address in a notice', () => {
  for (const [user, expected] of [
    ['lab', 'rfc822; lab@clinic.example'],
    ['"a  b"', 'rfc822; "a  b"@clinic.example'],
    ['"a\\"b"', 'rfc822; "a\\"b"@clinic.example'],
    ['j\u00f6', 'utf-8; j\\x{F6}@clinic.example'],
  ] as const)
    it(`with the local part ${user} is ${expected}`, async () => {
      const request = noticeRequest({ failed: ['starttls-refused'] })
      Object.assign(request.item.todo.rcpt_to[0] ?? {}, { user })
      const { recipients } = parseBounce((await noticesOf(request)).contents)
      assert.equal(recipients[0]?.['final-recipient'], expected)
    })
})

describe('a Message-ID', () => {
  const LONG = `<${'a'.repeat(1200)}@acme.example>`
  for (const [what, value, isQuoted] of [
    ['as it should be', '<1@acme.example>', true],
    ['in letters of any script', '<j\u00f6@acme.example>', false],
    ['longer than a line', LONG, false],
    ['that is none', 'hello', false],
  ] as const)
    it(`${what} is ${isQuoted ? '' : 'not '}quoted`, async () => {
      const request = noticeRequest({ failed: ['starttls-refused'], asks: true })
      const unasked = noticeRequest({ failed: ['starttls-refused'] })
      const message = Buffer.from(`Message-ID: ${value}\r\n\r\n`)
      for (const { item } of [request, unasked])
        Object.assign(item, { data_stream: () => Readable.from([message]) })
      const { contents, redacted } = await noticesOf(request)
      const plain = await noticesOf(unasked)
      for (const each of [contents, redacted ?? '', plain.contents]) {
        assert.ok(each.split('\r\n').every((line) => line.length <= 998))
        assert.ok(isAscii(Buffer.from(each)))
        assert.equal(parseBounce(each).headers['in-reply-to'] !== undefined, isQuoted)
      }
      for (const each of [redacted ?? '', plain.contents])
        assert.equal((parseBounce(each).returned?.content ?? '').includes('Message-ID'), isQuoted)
    })
})

it('a wish under a lax policy is not told as a demand on certificates', async () => {
  const request = noticeRequest({ failed: ['certificate-expired'], asks: true })
  const { asked } = request
  assert.ok(asked)
  const lax = { ...asked, bySender: withAsked(null, 'opportunistic+starttls') }
  assert.doesNotMatch((await said({ ...request, asked: lax })).text, /Your message itself/)
})
