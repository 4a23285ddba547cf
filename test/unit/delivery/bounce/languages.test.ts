/** Every notice in every language: whole, with nothing of another language in it, and English below. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  bounceTexts,
  composeBounce,
  type BounceOptions,
} from '../../../../plugins/enforce-tls/delivery/bounce/compose.js'
import { englishBelow } from '../../../../plugins/enforce-tls/delivery/bounce/texts/en.js'
import { LANGUAGES, type Language } from '../../../../plugins/enforce-tls/text/language.js'
import { parseBounce } from '../../../support/mail.js'
import { DETAIL, NOTICE_OPTIONS, noticeCases, noticeRequest } from '../../../support/notices.js'

const FOREIGN = LANGUAGES.filter((language) => language !== 'en')
const CASES = noticeCases()
/** What is said in English, and in none of the others. */
const ENGLISH = /\b(?:the|your|this|could|which|because|please|has|been|with|and|tell|was not|is not)\b/i
/** Below it is English. */
const BELOW = /\r\n-{20,}\r\n\r\n/

async function noticeIn(language: Language, request: Parameters<typeof bounceTexts>[0], options?: object) {
  const { subject, text, html } = await bounceTexts(request, {
    ...NOTICE_OPTIONS,
    ...options,
    asked: language,
  })
  const [own = '', english = ''] = language === 'en' ? ['', text] : text.split(BELOW)
  return { subject, text, html, own, english }
}

/** Sentences of more than a name, without what is only data. */
function sentencesIn(text: string): readonly string[] {
  return text
    .replace(/\s+/g, ' ')
    .split(/(?<=[.:;]) /)
    .filter((sentence) => /\p{L}+ \p{L}+ \p{L}+/u.test(sentence) && !sentence.includes(DETAIL))
}

for (const language of FOREIGN)
  describe(`a notice in ${language}`, () => {
    for (const { what, request } of CASES)
      it(`is whole, with English below, about ${what}`, async () => {
        const { text: alone, subject: theirs } = await noticeIn('en', request)
        const { subject, text, html, own, english } = await noticeIn(language, request)
        assert.ok(text.startsWith(`${englishBelow}\r\n\r\n`))
        assert.ok(english === alone)
        assert.notEqual(subject, theirs)
        const holes = /undefined|\bnull\b|NaN|\[object|\{\w+\}/
        assert.ok(!holes.test(`${subject}${text}${html}`), holes.exec(`${subject}${text}${html}`)?.[0])
        assert.doesNotMatch(html, /<(ul|table)\b[^>]*>\s*<\/\1>/, 'nothing is a list without entries')
        const slips = /\.\.(?!\.)| [?,.;]|: ?[.:]|\p{L} {2}\p{L}/u.exec(`${subject} ${own}`)
        assert.equal(slips, null)
        const said = own.slice(englishBelow.length).replaceAll(DETAIL, '')
        assert.equal(ENGLISH.exec(`${subject} ${said}`)?.[0], undefined)
        const same = new Set(sentencesIn(alone))
        assert.deepEqual(
          sentencesIn(said).filter((sentence) => same.has(sentence)),
          [],
        )
        // As many parts as in English, but for what was tried, which is English.
        const parts = (each: string) => each.trimEnd().split(/\r\n\r\n/).length
        assert.equal(parts(own), parts(alone) - (/WHAT WAS TRIED/.test(alone) ? 1 : 0) + 1)
        assert.ok(text.split('\r\n').every((line) => line.length <= 72 || !line.trim().includes(' ', 3)))
      })
  })

describe('notices in all languages', () => {
  it('differ in every heading, label and title', async () => {
    const request = noticeRequest({ failed: ['starttls-refused'] })
    for (const heading of [/^[\p{Lu}\W]{4,}$/gmu, /<h[12][^>]*>[^<]+/g]) {
      const all = await Promise.all(
        LANGUAGES.map(async (language) => {
          const { own, text, html } = await noticeIn(language, request)
          const where = heading.source.startsWith('<') ? html.split('<hr')[0] : language === 'en' ? text : own
          return (where ?? '').match(heading) ?? []
        }),
      )
      const [english = []] = all
      assert.ok(english.length >= 4)
      for (const theirs of all) assert.ok(theirs.length >= english.length - 1, theirs.join('; '))
      assert.equal(new Set(all.flat()).size, all.flat().length, all.flat().join('; '))
    }
  })

  for (const [language, one, two, many] of [
    ['en', 'lab0@clinic.example', 'lab0@clinic.example and lab1@clinic.example', 'and 2,342 more was'],
    ['de', 'lab0@clinic.example', 'lab0@clinic.example und lab1@clinic.example', 'und 2.342 weitere wurde'],
    ['fr', 'lab0@clinic.example', 'lab0@clinic.example et lab1@clinic.example', 'et 2\u202f342 autres n’a'],
    ['es', 'lab0@clinic.example', 'lab0@clinic.example y lab1@clinic.example', 'y 2342 más no'],
    ['it', 'lab0@clinic.example', 'lab0@clinic.example e lab1@clinic.example', 'e altri 2342 non'],
    ['nl', 'lab0@clinic.example', 'lab0@clinic.example en lab1@clinic.example', 'en 2.342 andere is'],
  ] as const)
    it(`count recipients as ${language} does`, async () => {
      for (const [recipients, expected] of [
        [1, one],
        [2, two],
        [4, 'lab2@clinic.example'],
        [2345, many],
      ] as const) {
        const { text } = await noticeIn(language, noticeRequest({ failed: ['starttls-refused'], recipients }))
        const flat = text.replace(/[ \r\n]+/g, ' ')
        assert.ok(flat.includes(expected), `${expected}: ${flat.slice(0, 300)}`)
      }
    })

  for (const [language, date] of [
    ['en', '26 Nov 2026, 14:03 UTC (15:03 +0100)'],
    ['de', '26. November 2026, 14:03 UTC (15:03 +0100)'],
    ['fr', '26 novembre 2026, 14:03 UTC (15:03 +0100)'],
    ['es', '26 de noviembre de 2026, 14:03 UTC (15:03 +0100)'],
    ['it', '26 novembre 2026, 14:03 UTC (15:03 +0100)'],
    ['nl', '26 november 2026, 14:03 UTC (15:03 +0100)'],
  ] as const)
    it(`write a date as ${language} does`, async () => {
      const { text } = await noticeIn(language, noticeRequest({ failed: ['starttls-refused'] }))
      assert.ok(text.includes(date), text)
    })

  it('have a heading with capitals of their language', async () => {
    const { text } = await noticeIn('de', noticeRequest({ failed: ['starttls-refused'] }))
    assert.match(text, /\r\nWAS SIE WEITERGEBEN KÖNNEN\r\n/)
  })
})

describe('a mail in two languages', () => {
  const request = noticeRequest({ failed: ['starttls-refused'], header: 'Content-Language: de-AT, en\r\n' })
  const composed = async (options: Partial<BounceOptions> = {}) =>
    (await composeBounce(request, { ...NOTICE_OPTIONS, ...options })).contents

  it('says so of its parts, is 7-bit with short lines, and is in English for programs', async () => {
    const source = await composed()
    assert.equal(
      [...source.matchAll(/^Content-Language: de, en\r$/gm)].length,
      3,
      'of the mail and two parts',
    )
    assert.ok(source.split('\r\n').every((line) => /^[\x20-\x7e\t]{0,998}$/.test(line)))
    const unfolded = source.split('\r\n\r\n')[0] ?? ''
    assert.ok(
      unfolded.split('\r\n').every((line) => line.length <= 78),
      unfolded,
    )
    assert.match(source, /^.*could not establish a TLS connection/m)
    const { headers, text, html, recipients } = parseBounce(source)
    assert.equal(
      headers['subject'],
      'Nicht gesendet: clinic.example kann Ihre Nachricht nicht verschlüsselt empfangen',
    )
    assert.equal(headers['from'], '"Mail-Zustellsystem" <MAILER-DAEMON@mail.acme.example>')
    assert.match(text, /^English text below\.\r?\n\r?\nIhre Nachricht an lab0@clinic\.example wurde/)
    assert.match(text, /\n-{60}\r?\n\r?\nYour message to lab0@clinic\.example was not sent/)
    assert.match(
      recipients[0]?.['x-enforce-tls-result'] ?? '',
      /^starttls-refused \(the receiving server offered TLS, then refused it\)$/,
    )
    assert.equal(html?.match(/<html lang="de">/g)?.length, 1)
    assert.equal(html.match(/<div lang="en">/g)?.length, 1)
    for (const tag of [/<body/g, /<\/body>/g, /<\/html>/g, /<title>/g])
      assert.equal(html.match(tag)?.length, 1)
    assert.ok(html.indexOf('Ihre Nachricht') < html.indexOf('<div lang="en">'))
    assert.ok(html.indexOf('<div lang="en">') < html.indexOf('Your message to'))
    assert.equal(html.match(/starttls-refused/g)?.length, 1, 'what was tried is there once')
  })

  it('has only the text where the template for HTML is empty', async () => {
    const templates = { ...NOTICE_OPTIONS.templates, html: [''] }
    const { text, html, partTypes } = parseBounce(await composed({ templates }))
    assert.equal(html, undefined)
    assert.equal(partTypes[0], 'text/plain')
    assert.match(text, /Ihre Nachricht[^]*Your message/)
  })

  it('is in the language of the server alone where a template has words of its own', async () => {
    const own = { text: ['Subject: {subject_line}', '', 'Guten Tag,', '{result}', '- {attempts}'], html: [] }
    const asDomain = { help: { contact: null, link: null, language: 'fr' } } as const
    const { headers, text } = parseBounce(await composed({ ...asDomain, templates: own, language: 'de' }))
    assert.match(headers['subject'] ?? '', /^Nicht gesendet: /)
    assert.match(text, /^Guten Tag,\r?\nIhre Nachricht an [^]*\n- mx1\.clinic\.example[^]*454 4\.7\.0/)
    assert.doesNotMatch(text, /Your message|English|Votre/)
    assert.match(parseBounce(await composed({ ...asDomain, templates: own })).text, /Your message/)
    const half = { text: NOTICE_OPTIONS.templates.text, html: ['<p>{result}</p>'] }
    assert.match(parseBounce(await composed({ templates: half })).text, /^Your message/)
  })

  it('takes HTML of any make', async () => {
    for (const [html, expected] of [
      [
        ['<p lang="{language}">{title}</p>'],
        /^<p class[^]*<p lang="de">Ihre[^]*<hr [^]*<div lang="en"><p lang="en">Your[^]*<\/div>$/,
      ],
      [
        ['<HTML lang="{language}"><BODY class="a$1">{title}</BODY></HTML>'],
        /^<HTML lang="de"><BODY class="a\$1"><p class[^]*Ihre[^]*<div lang="en">Your message was not sent<\/div><\/BODY><\/HTML>$/,
      ],
    ] as const) {
      const templates = { ...NOTICE_OPTIONS.templates, html }
      assert.match(parseBounce(await composed({ templates })).html?.trim() ?? '', expected)
    }
  })

  it('is the language of the domain, or of the server, where the message says none', async () => {
    const silent = noticeRequest({ failed: ['starttls-refused'], header: 'Content-Language: \r\n' })
    const help = { contact: null, link: null, language: 'it' } as const
    const subjectIn = async (options: Partial<BounceOptions>) =>
      (await bounceTexts(silent, { ...NOTICE_OPTIONS, ...options })).subject
    assert.match(await subjectIn({ help, language: 'nl' }), /^Non inviato/)
    assert.match(await subjectIn({ language: 'nl' }), /^Niet verzonden/)
    assert.match(await subjectIn({}), /^Not sent/)
  })
})

describe('a line', () => {
  for (const language of LANGUAGES.filter((each) => each !== 'en'))
    it(`of why a message failed is not broken before it is full, in ${language}`, async () => {
      const { text } = await bounceTexts(noticeRequest({ failed: ['starttls-refused'] }), {
        ...NOTICE_OPTIONS,
        asked: language,
      })
      const lines = text.split('\r\n')
      const at = lines.findIndex((line) => /mx\S* .*clinic\.example/.test(line))
      const [next = ''] = lines[at + 1]?.split(' ') ?? []
      assert.ok(`${lines[at] ?? ''} ${next}`.length > 72, lines.slice(at, at + 2).join('\n'))
    })

  it('in French elides before a vowel only', async () => {
    const { text } = await bounceTexts(noticeRequest({ failed: ['starttls-refused'] }), {
      ...NOTICE_OPTIONS,
      asked: 'fr',
    })
    const flat = text.replace(/\s+/g, ' ')
    assert.match(flat, /d’acme\.example/)
    assert.match(flat, /de clinic\.example/)
    assert.doesNotMatch(flat, /de acme/)
  })
})
