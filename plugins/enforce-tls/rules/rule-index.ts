/**
 * The enabled rules of one owner and direction, found by the addresses that they name, so that a decision
 * costs about the same for one rule and for a hundred thousand. Pure.
 */
import type { Groups } from './group.js'
import { GROUP_PREFIX } from './group-name.js'
import { finderOf, type CompiledCriteria, type MessageView } from './match.js'
import { byPlace, type Place } from './owner-entries.js'
import { PatternMap, type PatternFinder } from './pattern.js'
import type { Period } from './period.js'
import { sorting, type InPieces } from '../work/pieces.js'
import type { Criteria, RelayWithTls } from './rule.js'

/** A rule of a list, without what only people need: there may be a million of them. */
export interface CompiledRule extends Place {
  readonly name: string
  readonly action: RelayWithTls
  /** What must hold besides the address by which the rule was found; `null`: nothing, the rule decides. */
  readonly conditions: Conditions | null
  /** What it was compiled of, to compile it again. */
  readonly criteria: Criteria
}

/** What a rule asks for besides one of its addresses. */
export interface Conditions {
  readonly period: Period
  readonly report: boolean
  readonly criteria: CompiledCriteria
}

/** The first match, and what counts beside it. */
export interface Matches {
  readonly decides: CompiledRule | null
  /** Rules before it that require something and of which it is unknown whether they match, in order. */
  readonly possible: readonly CompiledRule[]
  /** Rules before it that only report and match, or may. */
  readonly reported: readonly CompiledRule[]
}

/** What there is where no rule can match. */
export const NO_MATCHES: Matches = { decides: null, possible: [], reported: [] }

/** Rules that an address is named by, in order. Most addresses are named by just one. */
type Named = CompiledRule | CompiledRule[]

type AddressField = 'to' | 'from'

interface OfGroup {
  readonly field: AddressField
  readonly find: PatternFinder
  readonly rules: Named
}

/**
 * Rules, to be looked at by address. They are added in any order, finished once, then read only. What most
 * indexes have no use for is not there until it is needed: there may be a hundred thousand owners.
 */
export class RuleIndex {
  #rules: CompiledRule[] | undefined
  #to: PatternMap<Named> | undefined
  #from: PatternMap<Named> | undefined
  #byGroup: Map<string, OfGroup> | undefined
  /** Rules that name no address they are for. */
  #others: Named | undefined
  #needsHeaders = false
  #unfinished: Set<CompiledRule[]> | undefined

  /** Whether a decision needs the header of the message. */
  get needsHeaders(): boolean {
    return this.#needsHeaders
  }

  /** All rules that were added, also those that others leave no mail to decide on. */
  get rules(): readonly CompiledRule[] {
    return this.#rules ?? []
  }

  /** @param groups knows the patterns of all groups that the rule refers to */
  *add(rule: CompiledRule, groups: Groups): InPieces<void> {
    const { criteria, conditions } = rule
    // The first one alone takes less than what an empty list grows to.
    if (this.#rules) this.#rules.push(rule)
    else this.#rules = [rule]
    this.#needsHeaders ||= conditions?.criteria.needsHeaders === true
    const field = criteria.to?.matchesAny ? 'to' : 'from'
    const named = criteria[field]?.matchesAny
    if (!named) this.#others = this.#with(this.#others, rule)
    for (const text of named ?? []) {
      if (text.startsWith(GROUP_PREFIX)) this.#addToGroup(text, field, rule, yield* finderOf(text, groups))
      else this.#addToPattern(text, field, rule)
    }
  }

  /** Puts rules that share an address into their order; to be called when all are there. */
  *finish(): InPieces<void> {
    for (const rules of this.#unfinished ?? []) {
      const inOrder = yield* sorting(rules, byPlace)
      // Below a rule that always decides there, none ever will.
      const deciding = inOrder.findIndex(({ conditions }) => conditions === null)
      rules.length = 0
      for (const rule of deciding < 0 ? inOrder : inOrder.slice(0, deciding + 1)) rules.push(rule)
    }
    this.#unfinished = undefined
  }

  /** The rules that match a message, in pieces. */
  *match(message: MessageView): InPieces<Matches> {
    const found: Named[] = []
    for (const [, rules] of this.#to?.fitting(message.recipient) ?? []) found.push(rules)
    for (const [, rules] of this.#from?.fitting(message.sender) ?? []) found.push(rules)
    for (const { field, find, rules } of this.#byGroup?.values() ?? [])
      if (find(field === 'to' ? message.recipient : message.sender) !== null) found.push(rules)
    if (this.#others) found.push(this.#others)
    return found.length === 0 ? NO_MATCHES : yield* matchesAmong(found.map(listOf), message)
  }

  #addToPattern(pattern: string, field: AddressField, rule: CompiledRule): void {
    const map = field === 'to' ? (this.#to ??= new PatternMap()) : (this.#from ??= new PatternMap())
    const known = map.get(pattern)
    const rules = this.#with(known, rule)
    if (rules !== known) map.set(pattern, rules)
  }

  #addToGroup(text: string, field: AddressField, rule: CompiledRule, find: PatternFinder): void {
    const key = `${field} ${text}`
    this.#byGroup ??= new Map()
    this.#byGroup.set(key, { field, find, rules: this.#with(this.#byGroup.get(key)?.rules, rule) })
  }

  #with(rules: Named | undefined, rule: CompiledRule): Named {
    if (rules === undefined) return rule
    if (Array.isArray(rules)) {
      rules.push(rule)
      return rules
    }
    const several = [rules, rule]
    this.#unfinished ??= new Set()
    this.#unfinished.add(several)
    return several
  }
}

/** So many rules are looked at between two yields. */
const PIECE = 256

/**
 * Looks at what else rules ask for that an address of the message was found by; there may be many of them, and they
 * may look at long headers.
 */
function* matchesAmong(found: readonly (readonly CompiledRule[])[], message: MessageView): InPieces<Matches> {
  let decides: CompiledRule | null = null
  const possible = new Set<CompiledRule>()
  const reported = new Set<CompiledRule>()
  let looked = 0
  // Those that an address decides come first: what stands below them need not be looked at.
  for (const rules of found.toSorted(byCost)) {
    for (const rule of rules) {
      if (decides !== null && byPlace(rule, decides) >= 0) break
      const matches = rule.conditions === null || (yield* areMet(rule.conditions, message))
      if (++looked % PIECE === 0) yield
      // Unknown counts as a match where the rule requires something.
      if (matches === false || (matches === null && rule.action.level === 'none')) continue
      if (rule.conditions?.report === true) reported.add(rule)
      // The rules below it may be those that decide: all of them hold, so that none is missing.
      else if (matches === null) possible.add(rule)
      else decides = rule
    }
  }
  return { decides, possible: before(decides, possible), reported: before(decides, reported) }
}

function listOf(rules: Named): readonly CompiledRule[] {
  return Array.isArray(rules) ? rules : [rules]
}

function byCost([a]: readonly CompiledRule[], [b]: readonly CompiledRule[]): number {
  return Number(a?.conditions !== null) - Number(b?.conditions !== null)
}

/** @returns `null`: unknown */
function* areMet({ period, criteria }: Conditions, message: MessageView): InPieces<boolean | null> {
  if (message.now < period.from || message.now >= period.until || !criteria.addressesMeet(message))
    return false
  return criteria.needsHeaders ? yield* criteria.headersMeet(message) : true
}

/** Those above the rule that decides: they were found by different addresses, in no order. */
function before(decides: CompiledRule | null, rules: ReadonlySet<CompiledRule>): readonly CompiledRule[] {
  const above = decides === null ? [...rules] : [...rules].filter((rule) => byPlace(rule, decides) < 0)
  return above.sort(byPlace)
}
