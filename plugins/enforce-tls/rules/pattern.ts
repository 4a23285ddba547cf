/**
 * Patterns for addresses: `bank.example` that domain exactly, `.bank.example` any subdomain of it,
 * `cfo@bank.example` one address, `*` all. Matching is exact, never "contains". Pure.
 */
import { formatAddress, parseAddress, parseDomain, type MailAddress } from './address.js'
import { BigMap } from './big-map.js'

/** The pattern that every address fits. */
export const ANYONE = '*'

/**
 * Reads one pattern.
 *
 * @returns the pattern in the one spelling in which it is stored, shown and compared, or `{ problem }` as the
 *   end of a sentence that names the pattern.
 */
export function parsePattern(text: string): { readonly pattern: string } | { readonly problem: string } {
  if (text === ANYONE) return { pattern: ANYONE }
  if (text.includes('@')) {
    const parsed = parseAddress(text)
    return 'problem' in parsed ? parsed : { pattern: formatAddress(parsed.address) }
  }
  const dot = text.startsWith('.') ? '.' : ''
  const parsed = parseDomain(text.slice(dot.length))
  return 'problem' in parsed ? parsed : { pattern: dot + parsed.domain }
}

/**
 * Values by pattern. A look-up asks for the few patterns that an address can fit, as they are spelt: the
 * address, its domain, and each parent with a leading dot. So its cost does not grow with their number.
 */
export class PatternMap<V> {
  readonly #values = new BigMap<V>()
  #anyone: V | undefined
  #addresses = false
  #parents = false

  get(pattern: string): V | undefined {
    return pattern === ANYONE ? this.#anyone : this.#values.get(pattern)
  }

  /** @param pattern in its one spelling */
  set(pattern: string, value: V): void {
    if (pattern === ANYONE) {
      this.#anyone = value
      return
    }
    this.#values.set(pattern, value)
    if (pattern.startsWith('.')) this.#parents = true
    else if (pattern.includes('@')) this.#addresses = true
  }

  /**
   * Calls back for each pattern that an address fits, the closest first, until one call answers true.
   *
   * @returns whether one did
   */
  some(address: MailAddress, found: (value: V, pattern: string) => boolean): boolean {
    const { domain } = address
    if (this.#addresses && this.#ask(formatAddress(address), found)) return true
    if (this.#ask(domain, found)) return true
    if (this.#parents) {
      for (let dot = domain.indexOf('.'); dot >= 0; dot = domain.indexOf('.', dot + 1)) {
        if (this.#ask(domain.slice(dot), found)) return true
      }
    }
    return this.#anyone !== undefined && found(this.#anyone, ANYONE)
  }

  #ask(pattern: string, found: (value: V, pattern: string) => boolean): boolean {
    const value = this.#values.get(pattern)
    return value !== undefined && found(value, pattern)
  }
}

/** Tells which pattern of a list an address fits, the closest one; `null` where none. */
export type PatternFinder = (address: MailAddress) => string | null

/** Makes one finder of a list of patterns in their one spelling. */
export function compilePatterns(patterns: Iterable<string>): PatternFinder {
  const map = new PatternMap<true>()
  for (const pattern of patterns) map.set(pattern, true)
  return (address) => {
    let fitting: string | null = null
    map.some(address, (_, pattern) => {
      fitting = pattern
      return true
    })
    return fitting
  }
}
