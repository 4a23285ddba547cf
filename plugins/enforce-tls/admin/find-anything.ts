/**
 * What a few letters may mean: domains, groups, rules, and partners that these name. In pieces: it may run beside mail;
 * it looks for a few of each kind, and stops when told to.
 */
import { parseDomain } from '../rules/address.js'
import { GROUP_PREFIX } from '../rules/group-name.js'
import { parseGroup } from '../rules/group.js'
import { ANYONE } from '../rules/pattern.js'
import type { Direction } from '../rules/rule.js'
import { sidesOf } from '../rules/samples.js'
import type { ReadStore } from '../store/rule-store.js'
import type { InPieces } from '../work/pieces.js'
import { inPieces } from '../work/turns.js'
import { findRules, spellingsOf, type FoundRule } from './find-rules.js'

/** What is found, in the order in which it is shown. */
export const HIT_KINDS = ['partner', 'domain', 'rule', 'group'] as const

/** One thing that may be meant. */
export interface Hit {
  readonly kind: (typeof HIT_KINDS)[number]
  /** The domain, the group, or the name of the rule. */
  readonly name: string
  /** Of a rule, else `null`. */
  readonly rule: { readonly owner: string; readonly id: string; readonly direction: Direction } | null
}

/** What was found. */
export interface Hits {
  readonly hits: readonly Hit[]
  /** Whether there is nothing else. */
  readonly complete: boolean
  /** Why the rules of owners can't be read, by owner: what is looked for may be there. */
  readonly leftOut: ReadonlyMap<string, string>
}

/** Where to look, and for how long. */
export interface SearchScope {
  readonly store: ReadStore
  /** The owners and domains that may be seen, sorted. */
  readonly owners: readonly string[]
  readonly domains: readonly string[]
  readonly isOver: () => boolean
}

/** So many of each kind. */
const HITS_MAX = 6
/** So many names or patterns are looked at between two yields. */
const PIECE = 1000

/** Finds them. @throws {StoreError} where the store can't be read */
export async function findAnything(text: string, scope: SearchScope): Promise<Hits> {
  const { store, owners, domains, isOver } = scope
  const texts = spellingsOf(text)
  if (texts.length === 0) return { hits: [], complete: true, leftOut: new Map() }
  const found = new Hitlist(texts)
  const typed = parseDomain(text.trim())
  if ('domain' in typed && typed.domain.includes('.')) found.addPartner(typed.domain)
  await inPieces(found.lookAtNames('domain', domains))
  const groups = await store.groups()
  await inPieces(found.lookAtNames('group', [...groups.keys()].sort()))
  let complete = true
  for (const json of groups.values()) {
    complete &&= !isOver()
    if (!complete) break
    await inPieces(found.lookAtGroup(json))
  }
  const leftOut = new Map<string, string>()
  for await (const each of findRules(store, owners, { text })) {
    const { owner, rule } = each
    if (rule) found.addRule(rule)
    else if (each.unreadable !== null) leftOut.set(owner, each.unreadable)
    // An owner's rules that fit by their text were found together: the next ones cost little.
    if (!found.isFull('rule') && (rule !== null || owner === owners.at(-1) || !isOver())) continue
    complete = false
    break
  }
  return { hits: found.list(), complete: complete && !found.hasMore && leftOut.size === 0, leftOut }
}

class Hitlist {
  readonly #texts: readonly string[]
  readonly #found = new Map<Hit['kind'], Map<string, Hit>>(HIT_KINDS.map((kind) => [kind, new Map()]))
  /** Whether more was found than there is room for. */
  hasMore = false

  constructor(texts: readonly string[]) {
    this.#texts = texts
  }

  isFull(kind: Hit['kind']): boolean {
    return (this.#found.get(kind)?.size ?? 0) >= HITS_MAX
  }

  list(): readonly Hit[] {
    return HIT_KINDS.flatMap((kind) => [...(this.#found.get(kind)?.values() ?? [])])
  }

  /** Names that begin with the text come before those that have it somewhere. */
  *lookAtNames(kind: 'domain' | 'group', names: readonly string[]): InPieces<void> {
    for (const begins of [true, false])
      for (const [index, name] of names.entries()) {
        if (index % PIECE === PIECE - 1) yield
        const lower = name.toLowerCase()
        const fits = this.#texts.some((text) => (begins ? lower.startsWith(text) : lower.includes(text)))
        if (fits) this.#add(name, { kind, name, rule: null })
      }
  }

  *lookAtGroup(json: string): InPieces<void> {
    if (!this.#isIn(json)) return
    const checked = yield* parseGroup(json)
    if ('patterns' in checked) yield* this.#lookAtPatterns(checked.patterns)
  }

  addPartner(domain: string): void {
    this.#add(domain, { kind: 'partner', name: domain, rule: null })
  }

  addRule({ owner, id, rule }: FoundRule): void {
    const direction = rule?.direction ?? 'outgoing'
    this.#add(`${owner} ${id}`, {
      kind: 'rule',
      name: rule?.name ?? id,
      rule: { owner, id, direction },
    })
    const patterns = rule ? (sidesOf(rule)[0]?.matchesAny ?? []) : []
    for (const pattern of patterns.slice(0, PIECE)) this.#lookAtPattern(pattern)
  }

  *#lookAtPatterns(patterns: readonly string[]): InPieces<void> {
    for (const [index, pattern] of patterns.entries()) {
      if (index % PIECE === PIECE - 1) yield
      this.#lookAtPattern(pattern)
    }
  }

  /** The partner of a pattern: for an address its domain. */
  #lookAtPattern(pattern: string): void {
    if (pattern === ANYONE || pattern.startsWith('.') || pattern.startsWith(GROUP_PREFIX)) return
    if (!this.#isIn(pattern)) return
    const domain = pattern.slice(pattern.lastIndexOf('@') + 1)
    this.addPartner(domain.endsWith('.') ? domain.slice(0, -1) : domain)
  }

  #isIn(text: string): boolean {
    const lower = text.toLowerCase()
    return this.#texts.some((each) => lower.includes(each))
  }

  #add(key: string, hit: Hit): void {
    const known = this.#found.get(hit.kind)
    if (!known || known.has(key)) return
    if (known.size < HITS_MAX) known.set(key, hit)
    else this.hasMore = true
  }
}
