/**
 * In which language a notice is written: that of the message, else one that its sender reads, else that of the sender's
 * domain, else that of this server. The header fields are of unknown content: of what is not valid, or too long to be
 * meant, nothing counts. Pure.
 */
import { languageFor, type Language } from '../../text/language.js'
import { valueOf, type HeaderField } from '../message-header.js'

/** What counts where the message says nothing. */
export interface LanguageSettings {
  /** Of the sender's domain; `null` for none. */
  readonly domain: Language | null
  /** Of this server. */
  readonly server: Language
}

/** The longest field that is looked at, in characters; a real one is far shorter. */
const FIELD_MAX = 1000
/** RFC 5646 section 2.1, without a look into the registry. */
const TAG = /^[a-z]{1,8}(?:-[a-z0-9]{1,8})*$/i
/** A language range with its weight (RFC 3282 section 3); `*` is every language, so it says nothing. */
const RANGE = /^([a-z]{1,8}(?:-[a-z0-9]{1,8})*)\s*(?:;\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?$/i

/** Chooses it. @param fields the message's header fields, names in lower case */
export function languageOf(fields: readonly HeaderField[], { domain, server }: LanguageSettings): Language {
  return (
    contentLanguage(valueOf(fields, 'content-language')) ??
    acceptedLanguage(valueOf(fields, 'accept-language')) ??
    domain ??
    server
  )
}

/** The first language of a Content-Language field (RFC 3282 section 2) that is one of ours. */
export function contentLanguage(value: string): Language | null {
  for (const tag of itemsIn(value)) {
    const language = TAG.test(tag) ? languageFor(tag) : null
    if (language !== null) return language
  }
  return null
}

/** The language of an Accept-Language field that is liked best among ours; the first one of several. */
export function acceptedLanguage(value: string): Language | null {
  let best: { readonly language: Language; readonly weight: number } | null = null
  for (const item of itemsIn(value)) {
    const [, range = '', q = '1'] = RANGE.exec(item) ?? []
    const language = languageFor(range)
    const weight = Number(q)
    if (language !== null && weight > (best?.weight ?? 0)) best = { language, weight }
  }
  return best?.language ?? null
}

/** Without comments; some write one behind a tag, as RFC 3282 does itself. */
function itemsIn(value: string): readonly string[] {
  if (value.length > FIELD_MAX) return []
  return value
    .replace(/\([^()]*\)/g, ' ')
    .split(',')
    .map((item) => item.trim())
}
