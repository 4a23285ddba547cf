/**
 * Domains and addresses in the one form in which they are compared: domains in lower case and as
 * A-labels, local parts unquoted and in lower case. Strict where a person writes a rule, lenient where a
 * message comes along: what can't be normalised there never throws, it just equals nothing but itself.
 */
import { domainToASCII } from 'node:url'

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
 * A domain as it is compared, from whatever spelling a message brings: lower case, A-labels, no final
 * dot. Never throws.
 */
export function comparableDomain(domain: string): string {
  const bare = domain.endsWith('.') ? domain.slice(0, -1) : domain
  if (ASCII.test(bare)) return bare.toLowerCase()
  if (NOT_IN_A_DOMAIN.test(bare)) return bare.toLowerCase()
  return domainToASCII(bare) || bare.toLowerCase()
}

/** A local part as it is compared: unquoted (RFC 5321 section 4.1.2), composed, in lower case. */
export function comparableLocal(local: string): string {
  const quoted = /^"([\s\S]*)"$/.exec(local)
  const bare = quoted?.[1] === undefined ? local : quoted[1].replace(/\\([\s\S])/g, '$1')
  return (ASCII.test(bare) ? bare : bare.normalize('NFC')).toLowerCase()
}

/**
 * Says what is wrong with a domain that somebody wrote into a rule, or gives it normalised.
 *
 * @returns `{ domain }`, or `{ problem }` as the end of a sentence that names the domain.
 */
export function parseDomain(text: string): { domain: string } | { problem: string } {
  if (text === '') return { problem: 'is empty' }
  if (/^\[.*\]$/.test(text) || /^\d+(?:\.\d+){3}$/.test(text))
    return { problem: 'is an IP address; a domain such as bank.example is expected' }
  if (/\s/.test(text)) return { problem: 'contains white space; a domain such as bank.example is expected' }
  if (NOT_IN_A_DOMAIN.test(text))
    return {
      problem: `contains the character ${JSON.stringify(NOT_IN_A_DOMAIN.exec(text)?.[0])}; a domain such as bank.example is expected`,
    }
  const domain = comparableDomain(text)
  if (domain.length > DOMAIN_MAX) return { problem: `is longer than ${DOMAIN_MAX} characters` }
  const labels = domain.split('.')
  for (const label of labels) {
    if (label === '') return { problem: 'has an empty label (two dots in a row, or a dot in front)' }
    if (label.length > 63) return { problem: `has a label of more than 63 characters` }
    if (!LABEL.test(label))
      return {
        problem: `has the label ${JSON.stringify(label)}; letters, digits and inner hyphens are expected`,
      }
  }
  if (/(?:^|\.)\d+$/.test(domain))
    return { problem: 'is an IP address or ends in a number; a domain such as bank.example is expected' }
  return { domain }
}

/**
 * Says what is wrong with an address that somebody wrote into a rule, or gives it normalised.
 *
 * @returns `{ address }`, or `{ problem }` as the end of a sentence that names the address.
 */
export function parseAddress(text: string): { address: MailAddress } | { problem: string } {
  if (/[<>]/.test(text))
    return {
      problem: `is a display name with an address; the address alone is expected, such as cfo@bank.example`,
    }
  const at = text.lastIndexOf('@')
  if (at < 0) return { problem: 'has no @; an address such as cfo@bank.example is expected' }
  const local = text.slice(0, at)
  if (local === '')
    return { problem: 'has nothing before the @; an address such as cfo@bank.example is expected' }
  if (Buffer.byteLength(local) > LOCAL_PART_MAX)
    return { problem: `has more than ${LOCAL_PART_MAX} bytes before the @ (RFC 5321 section 4.5.3.1.1)` }
  if (!/^"(?:[^"\\]|\\.)*"$/.test(local)) {
    const odd = /[\s"(),:;<>@[\\\]\x00-\x1f\x7f]/.exec(local) // eslint-disable-line no-control-regex
    if (odd) return { problem: `contains the character ${JSON.stringify(odd[0])} before the @` }
    if (/^\.|\.\.|\.$/.test(local)) return { problem: 'has a misplaced dot before the @' }
  }
  const parsed = parseDomain(text.slice(at + 1))
  if ('problem' in parsed) return { problem: `has a domain that ${parsed.problem}` }
  return { address: { local: comparableLocal(local), domain: parsed.domain } }
}

/** An address in text form, as a rule's owner or a pattern holds it. */
export function formatAddress(address: MailAddress): string {
  return `${address.local}@${address.domain}`
}
