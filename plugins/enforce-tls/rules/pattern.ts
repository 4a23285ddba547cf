/**
 * Patterns for addresses: `bank.example` that domain exactly, `.bank.example` any subdomain of it,
 * `cfo@bank.example` one address, `*` all. Matching is exact, never "contains". Pure.
 */
import { formatAddress, parseAddress, parseDomain, type MailAddress } from './address.js'

/** Decides whether an address is one of those that a list of patterns names. */
export type AddressMatcher = (address: MailAddress) => boolean

type Pattern =
  { readonly kind: 'any' } | { readonly kind: 'domain' | 'subdomains' | 'address'; readonly value: string }

/**
 * Reads one pattern.
 *
 * @returns the pattern, or `{ problem }` as the end of a sentence that names the pattern.
 */
export function parsePattern(text: string): Pattern | { problem: string } {
  if (text === '*') return { kind: 'any' }
  if (text.includes('@')) {
    const parsed = parseAddress(text)
    return 'problem' in parsed ? parsed : { kind: 'address', value: formatAddress(parsed.address) }
  }
  const subdomains = text.startsWith('.')
  const parsed = parseDomain(subdomains ? text.slice(1) : text)
  if ('problem' in parsed) return parsed
  return { kind: subdomains ? 'subdomains' : 'domain', value: parsed.domain }
}

/** A pattern in the one spelling in which it is stored and shown. */
export function formatPattern(pattern: Pattern): string {
  if (pattern.kind === 'any') return '*'
  return pattern.kind === 'subdomains' ? `.${pattern.value}` : pattern.value
}

/**
 * Makes one matcher of a list of patterns; its cost does not grow with the list.
 *
 * @throws {TypeError} on a text that is no pattern: callers validate first.
 */
export function compilePatterns(texts: readonly string[]): AddressMatcher {
  const exact = new Set<string>()
  const parents = new Set<string>()
  for (const text of texts) {
    const pattern = parsePattern(text)
    if ('problem' in pattern) throw new TypeError(`pattern ${JSON.stringify(text)} ${pattern.problem}`)
    if (pattern.kind === 'any') return () => true
    if (pattern.kind === 'subdomains') parents.add(pattern.value)
    else exact.add(pattern.value)
  }
  return (address) =>
    exact.has(address.domain) ||
    exact.has(formatAddress(address)) ||
    (parents.size > 0 && hasParentIn(address.domain, parents))
}

function hasParentIn(domain: string, parents: ReadonlySet<string>): boolean {
  for (let dot = domain.indexOf('.'); dot >= 0; dot = domain.indexOf('.', dot + 1)) {
    if (parents.has(domain.slice(dot + 1))) return true
  }
  return false
}
