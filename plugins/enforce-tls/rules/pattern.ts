/**
 * Patterns for addresses: `bank.example` that domain exactly, `.bank.example` any subdomain of it,
 * `cfo@bank.example` one address, `*` all. Matching is exact, never "contains". Pure.
 */
import { formatAddress, parseAddress, parseDomain, type MailAddress } from './address.js'
import { BigMap } from './big-map.js'
import type { InPieces } from '../work/pieces.js'
import { unusable, type Unusable } from './spelling.js'
import type { Flaw } from './flaw.js'

/** The pattern that every address fits. */
export const ANYONE = '*'

/**
 * Reads one pattern.
 *
 * @returns the pattern in the one spelling in which it is stored, shown and compared, or what is wrong with it as
 *   the end of a sentence that names the pattern.
 */
export function parsePattern(text: string): { readonly pattern: string } | Unusable {
  const parsed = parseExactly(text)
  return 'pattern' in parsed ? parsed : unusable(text, parsed, readPattern)
}

/**
 * A pattern that a store holds, in the spelling of today. Version 0.1.0 took `*@bank.example`, which by the letter
 * matches nobody, and `localhost` without the dot: both are read as what was meant, so that an upgrade neither
 * stops mail nor leaves it without what was asked for.
 */
export function storedPattern(text: string): string {
  const meant = text.startsWith('*@') ? text.slice(2) : text
  const domain = meant.slice(meant.lastIndexOf('@') + 1)
  return ONE_LABEL.test(domain) ? `${meant}.` : meant
}

const ONE_LABEL = /^[^\s"(),.:;<>@[\\\]*/]+$/

function readPattern(text: string): string | null {
  const parsed = parseExactly(text)
  return 'pattern' in parsed ? parsed.pattern : null
}

function parseExactly(text: string): { readonly pattern: string } | Flaw {
  if (text === ANYONE) return { pattern: ANYONE }
  const isAddress = text.includes('@')
  const dot = text.startsWith('.') && !isAddress ? '.' : ''
  const parsed = isAddress ? parseAddress(text) : parseDomain(text.slice(dot.length))
  if ('problem' in parsed) return parsed
  const address = 'address' in parsed ? parsed.address : { local: '', domain: parsed.domain }
  const domain = dot === '' ? spelledDomain(address.domain) : dot + address.domain
  if (domain.endsWith('.') && !text.endsWith('.'))
    return {
      problem: `has a domain without a dot, ${address.domain}`,
      expected: `its full name, as bank.example, or ${domain} with a dot behind it if that is the full name`,
    }
  return { pattern: isAddress ? formatAddress({ ...address, domain }) : domain }
}

/**
 * The domain of an address as patterns spell it. A word alone is hardly ever meant as a domain; one that is, such as
 * `localhost.`, has a dot behind it, as in DNS.
 */
export function spelledDomain(domain: string): string {
  return domain === '' || domain.includes('.') ? domain : `${domain}.`
}

/** The patterns that all addresses of a domain fit, the closest first. @param written the domain, normalised */
export function fittingPatterns(written: string): readonly string[] {
  const domain = spelledDomain(written)
  return [domain, ...parentsOf(domain), ANYONE]
}

/** Each parent of a domain, as the pattern of its subdomains. */
function parentsOf(domain: string): readonly string[] {
  const parents: string[] = []
  for (let dot = domain.indexOf('.'); dot >= 0; dot = domain.indexOf('.', dot + 1))
    parents.push(domain.slice(dot))
  return parents
}

/**
 * Values by pattern. A look-up asks for the few patterns that an address can fit, as they are spelt: the
 * address, its domain, and each parent with a leading dot. So its cost does not grow with their number.
 */
export class PatternMap<V> {
  /** There may be a hundred thousand owners with one rule for one domain: those need no map. */
  #first: { readonly pattern: string; value: V } | undefined
  #others: BigMap<V> | undefined
  #addresses = false
  #parents = false

  get(pattern: string): V | undefined {
    return this.#first?.pattern === pattern ? this.#first.value : this.#others?.get(pattern)
  }

  /** @param pattern in its one spelling */
  set(pattern: string, value: V): void {
    if (this.#first === undefined) this.#first = { pattern, value }
    else if (this.#first.pattern === pattern) this.#first.value = value
    else (this.#others ??= new BigMap()).set(pattern, value)
    if (pattern.startsWith('.')) this.#parents = true
    else if (pattern.includes('@')) this.#addresses = true
  }

  /** The patterns that an address fits, the closest first, with their values. */
  fitting(address: MailAddress): readonly (readonly [pattern: string, value: V])[] {
    const found: [string, V][] = []
    for (const pattern of this.#candidates(address)) {
      const value = this.get(pattern)
      if (value !== undefined) found.push([pattern, value])
    }
    return found
  }

  #candidates({ local, domain: written }: MailAddress): readonly string[] {
    const domain = spelledDomain(written)
    const candidates = this.#addresses ? [formatAddress({ local, domain }), domain] : [domain]
    if (this.#parents) candidates.push(...parentsOf(domain))
    candidates.push(ANYONE)
    return candidates
  }
}

/** Finds the pattern of a list that an address fits, the closest one; `null` where none. */
export type PatternFinder = (address: MailAddress) => string | null

/** So many patterns are put in between two yields. */
const PIECE = 1000

/** Makes one finder of a list of patterns in their one spelling, in pieces. */
export function* compilePatterns(patterns: readonly string[]): InPieces<PatternFinder> {
  const map = new PatternMap<true>()
  for (const [index, pattern] of patterns.entries()) {
    map.set(pattern, true)
    if (index % PIECE === PIECE - 1) yield
  }
  return (address) => map.fitting(address)[0]?.[0] ?? null
}

/** The longest pattern, in characters: an address of RFC 5321's limits, each character quoted, and some room. */
export const PATTERN_LENGTH_MAX = 400
