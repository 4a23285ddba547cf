/**
 * What somebody most likely meant by a text that names no domain or address: an ordered table of what people
 * write and paste, each with the right spelling. Pure; what is in no row keeps the problem that it came with.
 */
import { formatAddress, parseAddress, quotedLocal, type MailAddress } from './address.js'
import type { Flaw } from './flaw.js'

/** Why a text can't be used. */
export type Unusable = Flaw

/** Reads a text as the place at hand takes it, into its one spelling; `null` for what it does not take. */
export type Reading = (text: string) => string | null

/** What people write, and by its first group what they mean. */
interface Habit {
  readonly shape: RegExp
  readonly what: string
}

const NO_MATCH = 'would match nothing'

/** In the order in which they are looked at. */
const HABITS: readonly Habit[] = [
  { shape: /<([^<>]*)>/g, what: 'is a display name with an address' },
  { shape: /^\s*mailto:([^?\s]*)/gi, what: 'is a link to an address' },
  { shape: /^\s*[a-z][a-z0-9+.-]*:\/\/(?:[^/?#]*@)?([^/?#:\s]*)/gi, what: 'is a web address' },
  { shape: /^\*?[.@]?(\*)$/g, what: NO_MATCH },
  { shape: /^\*?@([^@*]+)$/g, what: NO_MATCH },
  { shape: /^(?:\*?@)?\*+(\.[^@*]+)$/g, what: NO_MATCH },
  { shape: /^(?:\*?@)?\*?\.([^.@*][^@*]*)$/g, what: 'names subdomains, and one domain is expected' },
  { shape: /^\*([^.@*][^@*]*)$/g, what: NO_MATCH },
  { shape: /((?:"(?:[^"\\]|\\.)*"|[^\s,;"])+)/g, what: 'has white space or a separator around it' },
  { shape: /^([^/?#@\s]+)[/?#]/g, what: 'has a path behind the domain' },
  { shape: /^\[?([^:@\s[\]]+)\]?:\d+$/g, what: 'has a port behind the domain' },
  {
    shape: /^[\s"'`“”„‘’«»([{<,;:]*([^\s"'`“”„‘’«»()[\]{}<>,;:!]+)[\s"'`“”‘’«»)\]}>,;:!]*$/g,
    what: 'has something around it that is no part of a name',
  },
]

/** Longer texts are none of these; a longest pattern is 400 characters. */
const LENGTH_MAX = 1000
/** How many values of a list are repeated in a message. */
const SHOWN = 5

/**
 * Looks what was meant.
 *
 * @param found what the reading itself finds wrong
 * @param read how the place at hand reads a text
 */
export function unusable(text: string, found: Flaw, read: Reading): Unusable {
  if (text.length > LENGTH_MAX) return found
  for (const { shape, what } of HABITS) {
    const suggestion = valuesIn(text, shape, read)
    if (suggestion) return { problem: nameOf(what, suggestion), advice: advice(suggestion, read), suggestion }
  }
  for (const [meant, words] of [
    [text.replace(/\.{2,}/g, '.'), null],
    [text.replace(/\p{Cf}/gu, ''), 'without it, that is'],
    [withQuotes(text), 'an address that has one is written'],
  ] as const) {
    const value = meant === text ? null : read(meant)
    if (value === null) continue
    const way = words === null ? advice([value], read) : `${words} ${value}`
    return { ...found, advice: way, suggestion: [value] }
  }
  return found
}

/** An address that somebody wrote, or what is wrong with it as the end of a sentence, with what may be meant. */
export function addressIn(text: string): { readonly address: MailAddress } | Unusable {
  const parsed = parseAddress(text)
  return 'address' in parsed ? parsed : unusable(text, parsed, readAddress)
}

function readAddress(text: string): string | null {
  const parsed = parseAddress(text)
  return 'address' in parsed ? formatAddress(parsed.address) : null
}

/** All that a shape finds; `null` where it finds nothing, or anything that can't be read. */
function valuesIn(text: string, shape: RegExp, read: Reading): readonly string[] | null {
  const values = new Set<string>()
  for (const [, found = ''] of text.matchAll(shape)) {
    const value = found === text ? null : read(found.trim())
    if (value === null) return null
    values.add(value)
  }
  return values.size === 0 ? null : [...values]
}

function nameOf(what: string, { length }: readonly string[]): string {
  return length > 1 ? 'is a list in one value' : what
}

function advice(values: readonly string[], read: Reading): string {
  const [value = ''] = values
  if (values.length > 1) {
    const more = values.length > SHOWN ? ` and ${values.length - SHOWN} more` : ''
    return `write each as a value of its own: ${values.slice(0, SHOWN).join(' ')}${more}`
  }
  if (value === '*') return 'write * for everybody'
  if (value.includes('@')) return `write ${value}`
  const bare = value.replace(/^\./, '')
  if (bare !== value) return `write ${value} for the subdomains, ${bare} for the domain itself`
  const below = read(`.${value}`)
  return below === null ? `write ${value}` : `write ${value} for the domain, ${below} for its subdomains`
}

/** An address whose local part needs quotes and has none; without `*`, which is hardly meant as itself. */
function withQuotes(text: string): string {
  const [, local = '', domain = ''] = /^([^"\\@*]+)@([^@]+)$/.exec(text) ?? []
  return local === '' ? text : `${quotedLocal(local)}@${domain}`
}
