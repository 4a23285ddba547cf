/**
 * Owners: whose rules they are. `*` is the whole service, a domain is a sending domain, an address is one
 * sender. Pure; a text that names no owner is answered with what is wrong.
 */
import { quote } from '../text/quote.js'
import { formatAddress, parseAddress, parseDomain, type MailAddress } from './address.js'
import { unusable, type Unusable } from './spelling.js'

/** The owner of the rules that hold for the whole service. */
export const EVERYONE = '*'

const OWNER_EXPECTED = '* (the whole service), a sending domain, or one sender address'

/**
 * An owner's normalised name, from what a person typed or a key holds.
 *
 * @returns `{ owner }`, or what is wrong with it as a whole sentence.
 */
export function parseOwner(text: string): { readonly owner: string } | Unusable {
  const parsed = parseExactly(text)
  if ('owner' in parsed) return parsed
  const found = unusable(text, parsed, readOwner)
  const expected = found.suggestion ? {} : { expected: OWNER_EXPECTED }
  return { ...expected, ...found, problem: `owner ${quote(text)} ${found.problem}` }
}

/** What somebody may have meant; hardly ever a domain of one word. */
function readOwner(text: string): string | null {
  const parsed = parseExactly(text)
  return 'owner' in parsed && /^\*$|\./.test(parsed.owner) ? parsed.owner : null
}

function parseExactly(text: string): { readonly owner: string } | Unusable {
  if (text === EVERYONE) return { owner: EVERYONE }
  if (text.includes('@')) {
    const parsed = parseAddress(text)
    return 'problem' in parsed ? parsed : { owner: formatAddress(parsed.address) }
  }
  const parsed = parseDomain(text)
  return 'problem' in parsed ? parsed : { owner: parsed.domain }
}

/**
 * Reads a domain whose service is to be switched on for the first time. A word alone is hardly ever meant as one; a
 * domain of this one name has a dot behind it, as in DNS.
 *
 * @returns `{ domain }`, or what is wrong with it as a whole sentence.
 */
export function parseNewDomain(text: string): { readonly domain: string } | Unusable {
  if (text === EVERYONE)
    return { problem: `the rules of ${EVERYONE} always act; only a domain has a service to switch` }
  const parsed = parseDomain(text)
  if ('problem' in parsed) {
    const meant = domainOfAddress(text)
    if (meant !== null)
      return {
        problem: `${quote(text)} is an address, and a domain is expected`,
        advice: `use ${meant}`,
        suggestion: [meant],
      }
    const found = unusable(text, parsed, (each) => domainOfAddress(each) ?? readDomain(each))
    const expected = found.suggestion ? {} : { expected: 'a sending domain, such as acme.example' }
    return { ...expected, ...found, problem: `domain ${quote(text)} ${found.problem}` }
  }
  if (parsed.domain.includes('.') || text.endsWith('.')) return parsed
  return {
    problem: `domain ${quote(text)} has no dot; write it in full, as in acme.example, or as ${parsed.domain}. with a dot behind it if that is its whole name`,
  }
}

/** The domain of what is an address. */
function domainOfAddress(text: string): string | null {
  const parsed = parseAddress(text.trim())
  return 'address' in parsed ? readDomain(parsed.address.domain) : null
}

function readDomain(text: string): string | null {
  const parsed = parseDomain(text)
  return 'domain' in parsed && parsed.domain.includes('.') ? parsed.domain : null
}

/** The domain whose service an owner's rules wake and sleep with; `null` for `*`, which always acts. */
export function serviceDomainOf(owner: string): string | null {
  if (owner === EVERYONE) return null
  return owner.slice(owner.lastIndexOf('@') + 1)
}

/** The owners whose rules an envelope sender is subject to, widest first. The null sender has only `*`. */
export function ownersOf(sender: MailAddress): readonly string[] {
  if (sender.domain === '') return [EVERYONE]
  return [EVERYONE, sender.domain, formatAddress(sender)]
}

/** An owner and the wider ones, whose rules hold for the same mail; widest first. */
export function ownersAround(owner: string): readonly string[] {
  const domain = serviceDomainOf(owner)
  return [...new Set(domain === null ? [EVERYONE] : [EVERYONE, domain, owner])]
}
