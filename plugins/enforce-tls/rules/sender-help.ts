/**
 * Whom the senders of a domain can ask about a bounce, and where they can read more: fields of the domain's entry beside
 * its switch. Versions that do not know them leave them alone, and what is wrong with them never changes what is in
 * force. Pure.
 */
import { oneLine } from '../text/one-line.js'
import type { Flaw } from './flaw.js'
import { readJson } from './json.js'

/** What a bounce says of it. */
export interface SenderHelp {
  /** An address, a URL, or words such as `IT service desk, extension 4711`; one line. */
  readonly contact: string | null
  /** An `https:` URL. */
  readonly link: string | null
}

/** The names of the fields. */
export const HELP_FIELDS = ['contact', 'link'] as const

/** The longest values, in characters. */
const CONTACT_MAX = 200
const LINK_MAX = 500
/** The longest entry of a domain that is read, as for its switch. */
const ENTRY_MAX = 64 * 1024

export const NO_HELP: SenderHelp = { contact: null, link: null }

/** Reads it from a domain's entry. What is not valid is left out, with what is wrong with it in `flaws`. */
export function readSenderHelp(json: string | null): {
  readonly help: SenderHelp
  readonly flaws: readonly Flaw[]
} {
  if (json === null) return { help: NO_HELP, flaws: [] }
  const read = readJson(json, ENTRY_MAX)
  const entry = 'problem' in read ? null : read.value
  if (typeof entry !== 'object' || entry === null) return { help: NO_HELP, flaws: [] }
  const { contact, link } = entry as Readonly<Record<string, unknown>>
  const [who, where] = [checked(contact, checkContact), checked(link, checkLink)]
  return {
    help: {
      contact: who && 'value' in who ? who.value : null,
      link: where && 'value' in where ? where.value : null,
    },
    flaws: [...flawsOf('contact', who), ...flawsOf('link', where)],
  }
}

/** A value as it is stored, or what is wrong with it. */
export type Checked = { readonly value: string } | Flaw

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

function checked(value: unknown, check: (text: string) => Checked): Checked | null {
  if (value === undefined || value === null) return null
  return typeof value === 'string' ? check(value) : { problem: 'is not a text' }
}

function flawsOf(field: string, given: Checked | null): readonly Flaw[] {
  if (!given || 'value' in given) return []
  return [{ ...given, problem: `field ${field} ${given.problem}` }]
}
