/** Bounces of what may have been delivered, and of what failed at MAIL with REQUIRETLS: no more is said than is known. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { bounceTexts } from '../../../../plugins/enforce-tls/delivery/bounce/compose.js'
import type { BounceRequest } from '../../../../plugins/enforce-tls/delivery/guard-context.js'
import { otherFailure, UNCONFIRMED, type Attempt } from '../../../../plugins/enforce-tls/delivery/outcome.js'
import { OnwardMail } from '../../../../plugins/enforce-tls/delivery/tls/onward-mail.js'
import { LANGUAGES, type Language } from '../../../../plugins/enforce-tls/text/language.js'
import { NOTICE_OPTIONS, noticeRequest } from '../../../support/notices.js'

/** In one language, the lines put together. */
async function said(request: BounceRequest, asked: Language = 'en') {
  const { subject, text } = await bounceTexts(request, { ...NOTICE_OPTIONS, asked })
  return { subject, text: (text.split(/\r\n-{20,}\r\n/)[0] ?? '').replace(/\s+/g, ' ') }
}

/** That it may have been delivered, what to do, and what is not to be said. */
const MAYBE: Readonly<Record<Language, readonly [maybe: string, ask: string, not: RegExp]>> = {
  en: ['may have been delivered', 'Ask the recipient whether', /was not (?:delivered|sent)|Not delivered/],
  de: [
    'wurde möglicherweise zugestellt',
    'Fragen Sie den Empfänger, ob',
    /wurde nicht (?:zugestellt|gesendet)/,
  ],
  fr: ['a peut-être été remis', 'Demandez au destinataire si', /n’a pas été (?:remis|envoyé)/],
  es: ['se haya entregado', 'Pregunte al destinatario si', /no se ha (?:entregado|enviado)/],
  it: ['potrebbe essere stato consegnato', 'Chieda al destinatario se', /non è stato (?:consegnato|inviato)/],
  nl: ['is mogelijk bezorgd', 'Vraag de ontvanger of', /is niet (?:bezorgd|verzonden)/],
}

describe('a message that may have been delivered', () => {
  const failure = otherFailure(UNCONFIRMED)
  const attempts = [
    { host: 'mx1.clinic.example', to: '192.0.2.25:25', secured: true, session: null, failure },
  ]
  const maybe = { mayBeDelivered: true } as const
  const alone = noticeRequest({ more: { ...maybe, attempts, tlsToBlame: false, reason: UNCONFIRMED } })
  const later = noticeRequest({ failed: ['starttls-refused'], more: maybe })
  for (const language of LANGUAGES)
    it(`is called that in ${language}, also where TLS fails later`, async () => {
      const [words, ask, not] = MAYBE[language]
      for (const request of [alone, later]) {
        const { subject, text } = await said(request, language)
        assert.ok(text.includes(words) && text.includes(ask), text)
        assert.doesNotMatch(`${subject} ${text}`, not)
      }
    })
})

/** That it failed at that very command, and the way out. */
const ONWARD: Readonly<Record<Language, readonly [where: string, wayOut: string]>> = {
  en: ['at the very command that asks mx1.clinic.example for that', 'send it again without REQUIRETLS.'],
  de: ['genau bei dem Befehl an mx1.clinic.example', 'ohne REQUIRETLS noch einmal.'],
  fr: ['précisément à la commande qui le demande à mx1.clinic.example', 'sans REQUIRETLS.'],
  es: ['justo en el comando que se lo pide a mx1.clinic.example', 'sin REQUIRETLS.'],
  it: ['proprio al comando che lo richiede a mx1.clinic.example', 'senza REQUIRETLS.'],
  nl: ['precies bij de opdracht die mx1.clinic.example daarom vraagt', 'opnieuw zonder REQUIRETLS.'],
}

/** An attempt at which MAIL was said with it, if it is offered. */
function attemptWith(reply: string | null, isOffered = true): Attempt {
  const onward = new OnwardMail('must', isOffered)
  onward.command('MAIL FROM:<ann@acme.example>\r\n')
  if (reply !== null) onward.reply(reply)
  const failure = reply === null ? otherFailure('ended the session before it answered') : null
  return { host: 'mx1.clinic.example', to: '192.0.2.25:25', secured: true, session: null, onward, failure }
}

describe('a message that failed at MAIL with REQUIRETLS', () => {
  const failedAt = (
    attempt: Attempt,
    more: Parameters<typeof noticeRequest>[0] = { asks: true, rules: [] },
  ) => noticeRequest({ ...more, more: { attempts: [attempt], tlsToBlame: false, mayQuote: true } })

  for (const language of LANGUAGES)
    it(`says in ${language} that it asks for that, where it failed, and how it goes without`, async () => {
      const [where, wayOut] = ONWARD[language]
      for (const reply of [null, '450 4.7.1 later', '421 4.3.2 bye']) {
        const { text } = await said(failedAt(attemptWith(reply)), language)
        assert.ok(text.includes(where) && text.includes(wayOut) && text.includes('REQUIRETLS'), text)
      }
    })

  it('names the rule that asks for it, and does not say that the message does', async () => {
    const action = { level: 'encrypt', requireOnward: 'must' } as const
    const { text } = await said(failedAt(attemptWith(null), { action }))
    assert.match(text, /The rule "Patienten" of acme\.example requires a server that promises/)
    assert.match(text, /ask your own mail administrator to change the rule\./)
    assert.doesNotMatch(text, /message itself/)
  })

  for (const [what, attempt, more] of [
    ['it was not offered', attemptWith(null, false), { asks: true }],
    ['it was taken, and something else fails', attemptWith('250 2.1.0 ok'), { asks: true }],
    ['nobody insists on it', attemptWith(null), {}],
  ] as const)
    it(`is not said where ${what}`, async () => {
      const { text } = await said(failedAt(attempt, more))
      assert.doesNotMatch(text, /very command|without REQUIRETLS/)
    })
})
