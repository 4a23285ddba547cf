/**
 * Domains and addresses in the one form in which they are compared: domains in lower case and as
 * A-labels, local parts unquoted and in lower case. Strict where a person writes a rule, lenient where a
 * message comes along: what can't be normalised there never throws, it just equals nothing but itself.
 * Normalising is idempotent, and what `formatAddress` writes `parseAddress` reads as the same address.
 */
import { domainToASCII } from 'node:url'
import type { Flaw } from './flaw.js'

/** An address, normalised. The null sender `<>` has an empty local part and an empty domain. */
export interface MailAddress {
  readonly local: string
  readonly domain: string
}

/** Letters, digits and inner hyphens: RFC 5321 section 2.3.5, RFC 1035 section 2.3.4 for the lengths. */
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
const ASCII = /^[\x00-\x7f]*$/ // eslint-disable-line no-control-regex
/** Characters that WHATWG's `domainToASCII` would decode, drop or read as a port, a path or a user. */
const NOT_IN_A_DOMAIN = /[\s%@:/\\?#[\]<>"'`(),;|^]/
const LOCAL_PART_MAX = 64
const DOMAIN_MAX = 253
/**
 * What an unquoted local part can't have: RFC 5321 section 4.1.2, and `*`, which is legal there and which nobody
 * ever means as itself.
 */
const NEEDS_QUOTES = /[\s"(),:;<>@[\\\]*\x00-\x1f\x7f]/ // eslint-disable-line no-control-regex
const MISPLACED_DOT = /^\.|\.\.|\.$/
const QUOTED = /^"(?:[^"\\]|\\[\s\S])*"$/
/** No line of a log could show it, or no key hold it: control characters, line ends, halves of a character. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/u
/** Nobody sees it, so nobody means it; but for the two joiners, which some scripts are written with. */
const INVISIBLE = /(?![\u200c\u200d])\p{Cf}/u

/**
 * A domain as it is compared, from whatever spelling a message brings: lower case, A-labels, no final
 * dot. Never throws.
 */
export function comparableDomain(domain: string): string {
  const ascii = ASCII.test(domain) || NOT_IN_A_DOMAIN.test(domain) ? domain : domainToASCII(domain) || domain
  // Behind the conversion: it makes dots of other characters too.
  return (ascii.endsWith('.') ? ascii.slice(0, -1) : ascii).toLowerCase()
}

/** A local part as it is compared: unquoted (RFC 5321 section 4.1.2), composed, in lower case. */
export function comparableLocal(local: string): string {
  const quoted = /^"([\s\S]*)"$/.exec(local)
  const bare = quoted?.[1] === undefined ? local : quoted[1].replace(/\\([\s\S])/g, '$1')
  if (ASCII.test(bare)) return bare.toLowerCase()
  // Composed again afterwards: lower case of İ is two characters, and the second may belong elsewhere.
  const lower = bare.normalize('NFC').toLowerCase().normalize('NFC')
  return lower.includes('σ') || lower.includes('ς') ? withFinalSigma(lower) : lower
}

/** One small sigma in one place, whatever was there: lower case of Σ is σ or ς by rules that see beyond a dot. */
function withFinalSigma(lower: string): string {
  return lower.replaceAll('ς', 'σ').replace(/(?<=[\p{L}\p{M}])σ(?![\p{L}\p{M}])/gu, 'ς')
}

/**
 * Says what is wrong with a domain that somebody wrote into a rule, or gives it normalised.
 *
 * @returns `{ domain }`, or `{ problem }` as the end of a sentence that names the domain.
 */
export function parseDomain(text: string): { domain: string } | Flaw {
  if (text === '') return { problem: 'is empty' }
  if (/^\[.*\]$/.test(text) || /^\d+(?:\.\d+){3}$/.test(text))
    return { problem: 'is an IP address', expected: A_DOMAIN }
  if (/\s/.test(text)) return { problem: 'contains white space', expected: A_DOMAIN }
  if (NOT_IN_A_DOMAIN.test(text))
    return {
      problem: `contains the character ${JSON.stringify(NOT_IN_A_DOMAIN.exec(text)?.[0])}`,
      expected: A_DOMAIN,
    }
  const domain = comparableDomain(text)
  if (domain.length > DOMAIN_MAX) return { problem: `is longer than ${DOMAIN_MAX} characters` }
  const labels = domain.split('.')
  for (const label of labels) {
    if (label === '') return { problem: 'has an empty label (two dots in a row, or a dot in front)' }
    if (label.length > 63) return { problem: `has a label of more than 63 characters` }
    if (!LABEL.test(label))
      return {
        problem: `has the label ${JSON.stringify(label)}`,
        expected: 'letters, digits and inner hyphens',
      }
  }
  if (/(?:^|\.)\d+$/.test(domain))
    return { problem: 'is an IP address or ends in a number', expected: A_DOMAIN }
  return { domain }
}

/**
 * Says what is wrong with an address that somebody wrote into a rule, or gives it normalised.
 *
 * @returns `{ address }`, or `{ problem }` as the end of a sentence that names the address.
 */
export function parseAddress(text: string): { address: MailAddress } | Flaw {
  const at = text.lastIndexOf('@')
  if (at < 0) return { problem: 'has no @', expected: AN_ADDRESS }
  const local = text.slice(0, at)
  const wrong = localProblem(local)
  if (wrong !== null) return wrong
  const parsed = parseDomain(text.slice(at + 1))
  if ('problem' in parsed) return { ...parsed, problem: `has a domain that ${parsed.problem}` }
  const address = { local: comparableLocal(local), domain: parsed.domain }
  // Lower case can be longer than what it is of.
  if (Buffer.byteLength(address.local) > LOCAL_PART_MAX) return { problem: LOCAL_PART_TOO_LONG }
  return { address }
}

const A_DOMAIN = 'a domain such as bank.example'
const AN_ADDRESS = 'an address such as cfo@bank.example'
const LOCAL_PART_TOO_LONG = `has more than ${LOCAL_PART_MAX} bytes before the @ in lower case (RFC 5321 section 4.5.3.1.1)`

function localProblem(local: string): Flaw | null {
  if (local === '') return { problem: 'has nothing before the @', expected: AN_ADDRESS }
  const hidden = UNPRINTABLE.exec(local) ?? INVISIBLE.exec(local)
  if (hidden) return { problem: `contains the invisible character ${codePoint(hidden[0])} before the @` }
  if (QUOTED.test(local)) return null
  // Composed: the Greek question mark becomes a semicolon.
  const odd = NEEDS_QUOTES.exec(local.normalize('NFC'))
  if (odd?.[0] === '*')
    return {
      problem: 'has a * before the @',
      expected: 'the address in full, or its domain alone for everybody there',
    }
  if (odd) return { problem: `contains the character ${JSON.stringify(odd[0])} before the @` }
  return MISPLACED_DOT.test(local) ? { problem: 'has a misplaced dot before the @' } : null
}

function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
}

/** An address in text form, as a rule's owner or a pattern holds it: quoted where it must be, and only there. */
export function formatAddress({ local, domain }: MailAddress): string {
  return `${needsQuotes(local) ? quotedLocal(local) : local}@${domain}`
}

/** A local part in quotation marks (RFC 5321 section 4.1.2). */
export function quotedLocal(local: string): string {
  return `"${local.replace(/["\\]/g, '\\$&')}"`
}

function needsQuotes(local: string): boolean {
  return local === '' || NEEDS_QUOTES.test(local) || MISPLACED_DOT.test(local)
}
