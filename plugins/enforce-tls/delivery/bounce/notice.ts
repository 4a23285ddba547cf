/** What a bounce, or a notice of delay, says to a person, in the languages that are right for it, and its facts for programs. */
import { randomUUID } from 'node:crypto'
import type { TlsVersion } from '../../rules/levels.js'
import type { SenderHelp } from '../../rules/sender-help.js'
import type { Language } from '../../text/language.js'
import type { BounceTemplates } from '../../haraka/runtime.js'
import type { BounceRequest } from '../guard-context.js'
import { valueOf, type HeaderField } from '../message-header.js'
import { bothHtml, bothTexts } from './bilingual.js'
import { delayFacts } from './delay-facts.js'
import { bounceFacts, type BounceFacts } from './facts.js'
import { languageOf } from './language.js'
import { fillHeaders, fillHtml, fillText, takesLanguages } from './template.js'
import { TEXTS } from './texts/all.js'
import type { NoticeTexts } from './texts/types.js'
import { readDate } from './time.js'
import { templateValues } from './values.js'

/** What else decides how a bounce looks. */
export interface BounceOptions {
  readonly me: string
  readonly content: 'minimal' | 'full'
  readonly templates: BounceTemplates
  readonly now: Date
  /** The lowest TLS version that is taken at all. */
  readonly minVersion: TlsVersion
  /** Whom the sender can ask, and the language of the sender's domain; absent for none. */
  readonly help?: SenderHelp | undefined
  /** Where neither the message nor the sender's domain says one. @default 'en' */
  readonly language?: Language | undefined
  /** Whether `TLS-Required: No` of the message counts, so that the bounce says it, too. @default false */
  readonly honourNo?: boolean
  /** Whatever message and domain say; absent for what they say. */
  readonly asked?: Language | undefined
}

/** The words of a notice, and what they stand on. */
export interface Notice {
  /** Of the mail itself. */
  readonly headers: readonly { readonly name: string; readonly value: string }[]
  readonly text: string
  /** Empty where the template for it is. */
  readonly html: string
  /** In the order in which they are read. */
  readonly languages: readonly Language[]
  /** For programs: in English. */
  readonly facts: BounceFacts
}

/** Words it. @param original the message's header fields @param kept those that it may quote */
export function noticeOf(
  request: BounceRequest,
  options: BounceOptions,
  original: readonly HeaderField[],
  kept: readonly HeaderField[],
): Notice {
  const { templates } = options
  const languages = languagesFor(original, options)
  const messageId = `<${randomUUID()}@${options.me}>`
  const halves = languages.map((language, at) => {
    const texts = TEXTS[language]
    const hasDetails = at === languages.length - 1
    const shown = { ...options, messageId, languages, kept, hasDetails }
    const values = templateValues(request, factsOf(request, options, original, texts), texts, shown)
    return { values, text: fillText(templates.text, values), html: fillHtml(templates.html, values) }
  })
  const [first, english] = halves
  if (!first) throw new TypeError('a notice has no language')
  return {
    headers: fillHeaders(templates.text, first.values),
    text: english ? bothTexts(first.text, english.text) : first.text,
    html: english && first.html !== '' ? bothHtml(first.html, english.html) : first.html,
    languages,
    facts: factsOf(request, options, original, TEXTS.en),
  }
}

/** With English below another one. A template with words of its own has them in the language of the server. */
function languagesFor(
  original: readonly HeaderField[],
  { templates, help, language: server = 'en', asked }: BounceOptions,
): readonly Language[] {
  const { text, html } = templates
  const isForAny = takesLanguages(text) && (html.every((line) => line.trim() === '') || takesLanguages(html))
  if (!isForAny) return [server]
  const language = asked ?? languageOf(original, { domain: help?.language ?? null, server })
  return language === 'en' ? [language] : [language, 'en']
}

function factsOf(
  request: BounceRequest,
  options: BounceOptions,
  original: readonly HeaderField[],
  texts: NoticeTexts,
): BounceFacts {
  const worded = { ...options, texts }
  if (!request.delayed) return bounceFacts(request, worded)
  return delayFacts(request, request.delayed, worded, readDate(valueOf(original, 'date'))?.offset ?? null)
}
