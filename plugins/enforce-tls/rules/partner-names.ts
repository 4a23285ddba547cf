/**
 * By what a rule names a partner: its domain, a parent's subdomains, addresses of it, everyone, each by itself or in a
 * group. Pure; groups that are not valid name nobody.
 */
import { GROUP_PREFIX } from './group-name.js'
import { parseGroup, type StoredGroups } from './group.js'
import { ANYONE, fittingPatterns, spelledDomain } from './pattern.js'
import type { Rule } from './rule.js'
import { sidesOf } from './samples.js'
import type { InPieces } from '../work/pieces.js'

/** What a pattern says of a domain. `subdomains` is a pattern such as `.example`. */
export const NAMED_AS = ['domain', 'subdomains', 'address', 'everyone'] as const

/** One of the ways in which a rule names a partner. */
export interface Naming {
  readonly as: (typeof NAMED_AS)[number]
  /** As the rule or the group has it. */
  readonly pattern: string
  /** The group that has it; `null` for the rule itself. */
  readonly group: string | null
  /** Whether it is an exception: the rule is not for it. */
  readonly except: boolean
}

/** So many ways are told of one rule, or of one group. */
const NAMINGS_MAX = 20
/** So many patterns are looked at between two yields. */
const PIECE = 1000

/** A partner, and the groups that it is in. */
export class PartnerNames {
  readonly #fitting: ReadonlySet<string>
  readonly #ending: string

  private constructor(
    readonly domain: string,
    /** By name: the patterns that fit, the first ones of many. */
    readonly groups: Map<string, readonly string[]>,
  ) {
    this.#fitting = new Set(fittingPatterns(domain))
    this.#ending = `@${spelledDomain(domain)}`
  }

  /** Looks through all groups, in pieces. @param domain normalised */
  static *of(domain: string, stored: StoredGroups): InPieces<PartnerNames> {
    const names = new PartnerNames(domain, new Map())
    for (const [name, json] of stored) {
      yield
      const checked = yield* parseGroup(json)
      const found = 'patterns' in checked ? yield* names.#among(checked.patterns) : []
      if (found.length > 0) names.groups.set(name, found)
    }
    return names
  }

  /** How a rule names the partner; none where it does not. */
  in(rule: Rule): readonly Naming[] {
    const [theirs] = sidesOf(rule)
    const found: Naming[] = []
    for (const text of theirs?.matchesAny ?? [ANYONE]) this.#add(found, text, false)
    for (const text of theirs?.matchesNone ?? []) this.#add(found, text, true)
    // What leaves out what it does not name at all says nothing of the partner.
    return found.some(({ except }) => !except) ? found : []
  }

  #add(found: Naming[], text: string, except: boolean): void {
    const group = text.startsWith(GROUP_PREFIX) ? text.slice(GROUP_PREFIX.length) : null
    const patterns = group === null ? (this.#fits(text) ? [text] : []) : (this.groups.get(group) ?? [])
    for (const pattern of patterns)
      if (found.length < NAMINGS_MAX) found.push({ as: kindOf(pattern), pattern, group, except })
  }

  *#among(patterns: readonly string[]): InPieces<readonly string[]> {
    const found: string[] = []
    for (const [index, pattern] of patterns.entries()) {
      if (index % PIECE === PIECE - 1) yield
      if (found.length < NAMINGS_MAX && this.#fits(pattern)) found.push(pattern)
    }
    return found
  }

  #fits(pattern: string): boolean {
    return this.#fitting.has(pattern) || pattern.endsWith(this.#ending)
  }
}

function kindOf(pattern: string): Naming['as'] {
  if (pattern === ANYONE) return 'everyone'
  if (pattern.includes('@')) return 'address'
  return pattern.startsWith('.') ? 'subdomains' : 'domain'
}
