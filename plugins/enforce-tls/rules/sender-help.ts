/**
 * Whom the senders of a domain can ask about a bounce, where they can read more, and the language in which bounces reach
 * them: fields of the domain's entry beside its switch. Versions that do not know them leave them alone, and what is wrong with them never changes what is in
 * force. Pure.
 */
import { languageFor, LANGUAGES, type Language } from '../text/language.js'
import { oneLine } from '../text/one-line.js'
import type { Flaw } from './flaw.js'
import { readJson } from './json.js'

/** What a bounce says of it. */
export interface SenderHelp {
  /** An address, a URL, or words such as `IT service desk, extension 4711`; one line. */
  readonly contact: string | null
  /** An `https:` URL. */
  readonly link: string | null
  /** Where a message and its header say none; `null` for that of the server. */
  readonly language: Language | null
}

/** The names of the fields. */
export const HELP_FIELDS = ['contact', 'link', 'language'] as const

/** The longest values, in characters. */
const CONTACT_MAX = 200
const LINK_MAX = 500
/** The longest entry of a domain that is read, as for its switch. */
const ENTRY_MAX = 64 * 1024

export const NO_HELP: SenderHelp = { contact: null, link: null, language: null }

/** Reads it from a domain's entry. What is not valid is left out, with what is wrong with it in `flaws`. */
export function readSenderHelp(json: string | null): {
  readonly help: SenderHelp
  readonly flaws: readonly Flaw[]
} {
  if (json === null) return { help: NO_HELP, flaws: [] }
  const read = readJson(json, ENTRY_MAX)
  const entry = 'problem' in read ? null : read.value
  if (typeof entry !== 'object' || entry === null) return { help: NO_HELP, flaws: [] }
  const { contact, link, language } = entry as Readonly<Record<string, unknown>>
  const [who, where] = [checked(contact, checkContact), checked(link, checkLink)]
  const spoken = checked(language, checkLanguage)
  return {
    help: {
      contact: who && 'value' in who ? who.value : null,
      link: where && 'value' in where ? where.value : null,
      language: spoken && !('problem' in spoken) ? spoken.value : null,
    },
    flaws: [...flawsOf('contact', who), ...flawsOf('link', where), ...flawsOf('language', spoken)],
  }
}

/** A value as it is stored, or what is wrong with it. */
export type Checked<Value extends string = string> = { readonly value: Value } | Flaw

/** Checks whom to ask. */
export function checkContact(text: string): Checked {
  const value = text.trim()
  if (value === '') return { problem: 'is empty', expected: 'an address, a URL or a short text' }
  if (value.length > CONTACT_MAX) return { problem: `is longer than ${CONTACT_MAX} characters` }
  if (oneLine(value, CONTACT_MAX) !== value)
    return { problem: 'is not one line of printable text', expected: 'an address, a URL or a short text' }
  return { value }
}

/** Checks where to read more. */
export function checkLink(text: string): Checked {
  const value = text.trim()
  const expected = 'an https:// URL, such as https://acme.example/encrypted-mail'
  if (!/^https:\/\//i.test(value) || !URL.canParse(value)) return { problem: 'is not a link', expected }
  const { href, username, password } = new URL(value)
  if (username !== '' || password !== '') return { problem: 'has a user or a password in it', expected }
  if (href.length > LINK_MAX) return { problem: `is longer than ${LINK_MAX} characters` }
  return { value: href }
}

/** Checks the language of a domain. */
export function checkLanguage(text: string): Checked<Language> {
  const value = LANGUAGES.find((language) => language === text.trim().toLowerCase())
  if (value) return { value }
  const meant = languageFor(text.trim())
  return {
    problem: 'is not a language that bounces are written in',
    expected: `one of ${LANGUAGES.join(', ')}`,
    ...(meant === null ? {} : { suggestion: [meant] }),
  }
}

function checked<Value extends string>(
  value: unknown,
  check: (text: string) => Checked<Value>,
): Checked<Value> | null {
  if (value === undefined || value === null) return null
  return typeof value === 'string' ? check(value) : { problem: 'is not a text' }
}

function flawsOf(field: string, given: Checked | null): readonly Flaw[] {
  if (!given || 'value' in given) return []
  return [{ ...given, problem: `field ${field} ${given.problem}` }]
}
