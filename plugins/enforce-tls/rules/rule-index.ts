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
  /** What it was compiled of, to compile it again: all its criteria, or the one recipient that it names. */
  readonly source: Criteria | string
}

/** The criteria that a rule was compiled of. */
export function criteriaOf({ source }: Pick<CompiledRule, 'source'>): Criteria {
  return typeof source === 'string' ? { to: { matchesAny: [source] } } : source
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
  #to: PatternMap<Named> | undefined
  #from: PatternMap<Named> | undefined
  #byGroup: Map<string, OfGroup> | undefined
  /** Rules that name no address they are for. */
  #others: Named | undefined
  #rules: CompiledRule[] | undefined
  #needsHeaders = false
  #unfinished: Set<CompiledRule[]> | undefined

  /** Whether a decision needs the header of the message. */
  get needsHeaders(): boolean {
    return this.#needsHeaders
  }

  /** All rules that were added, also those that others leave no mail to decide on. */
  get rules(): readonly CompiledRule[] {
    return this.#rules ?? NONE
  }

  /** @param groups knows the patterns of all groups that the rule refers to */
  add(rule: CompiledRule, groups: Groups): void {
    const criteria = criteriaOf(rule)
    if (this.#rules) this.#rules.push(rule)
    else this.#rules = [rule]
    this.#needsHeaders ||= rule.conditions?.criteria.needsHeaders === true
    const field = criteria.to?.matchesAny ? 'to' : 'from'
    const named = criteria[field]?.matchesAny
    if (!named) {
      this.#others = this.#with(this.#others, rule)
      return
    }
    for (const text of named) {
      if (text.startsWith(GROUP_PREFIX)) this.#addToGroup(text, field, rule, groups)
      else this.#addToPattern(text, field, rule)
    }
  }

  /** Puts rules that share an address into their order; to be called when all are there. */
  *finishing(): InPieces<void> {
    for (const rules of this.#unfinished ?? []) {
      const inOrder = yield* sorting(rules, byPlace)
      // Below a rule that always decides there, none ever will.
      const deciding = inOrder.findIndex(({ conditions }) => conditions === null)
      rules.length = 0
      for (const rule of deciding < 0 ? inOrder : inOrder.slice(0, deciding + 1)) rules.push(rule)
    }
    this.#unfinished = undefined
  }

  /** The rules that the addresses of a message find. */
  search(message: MessageView): Search {
    const search = new Search(message)
    this.#to?.visit(message.recipient, search)
    this.#from?.visit(message.sender, search)
    if (this.#byGroup) {
      for (const { field, find, rules } of this.#byGroup.values()) {
        if (find(field === 'to' ? message.recipient : message.sender) !== null) search.found(rules)
      }
    }
    if (this.#others) search.found(this.#others)
    return search
  }

  #addToPattern(pattern: string, field: AddressField, rule: CompiledRule): void {
    const map = field === 'to' ? (this.#to ??= new PatternMap()) : (this.#from ??= new PatternMap())
    const known = map.get(pattern)
    const rules = this.#with(known, rule)
    if (rules !== known) map.set(pattern, rules)
  }

  #addToGroup(text: string, field: AddressField, rule: CompiledRule, groups: Groups): void {
    const key = `${field} ${text}`
    const find = finderOf(text, groups)
    this.#byGroup ??= new Map()
    const rules = this.#with(this.#byGroup.get(key)?.rules, rule)
    this.#byGroup.set(key, { field, find, rules })
  }

  #with(rules: Named | undefined, rule: CompiledRule): Named {
    if (rules === undefined) return rule
    if (Array.isArray(rules)) {
      rules.push(rule)
      return rules
    }
    const [first, second] = byPlace(rules, rule) < 0 ? [rules, rule] : [rule, rules]
    if (first.conditions === null) return first
    const several = [first, second]
    this.#unfinished ??= new Set()
    this.#unfinished.add(several)
    return several
  }
}

/** So many rules are looked at between two yields. */
const PIECE = 256

/**
 * One look through an index, and what it has come to so far; the whole of it where nothing `isOpen`. There is one
 * for every decision.
 */
export class Search implements Matches {
  readonly #message: MessageView
  /** Rules found that ask for more than the address by which they were found. */
  #open: Named[] | undefined
  #reported: Set<CompiledRule> | undefined
  #possible: Set<CompiledRule> | undefined
  decides: CompiledRule | null = null

  constructor(message: MessageView) {
    this.#message = message
  }

  get possible(): readonly CompiledRule[] {
    return this.#possible === undefined ? NONE : before(this.decides, this.#possible)
  }

  get reported(): readonly CompiledRule[] {
    return this.#reported === undefined ? NONE : before(this.decides, this.#reported)
  }

  /** Whether there are rules yet to be looked at by `finishing`. */
  get isOpen(): boolean {
    return this.#open !== undefined
  }

  /** Rules that an address of the message is named by. */
  found(rules: Named): false {
    if (Array.isArray(rules) || rules.conditions !== null) (this.#open ??= []).push(rules)
    else if (this.decides === null || byPlace(rules, this.decides) < 0) this.decides = rules
    return false
  }

  /** Looks at what else these rules ask for; there may be many of them, and they may look at long headers. */
  *finishing(): InPieces<void> {
    let looked = 0
    const open = this.#open ?? NONE
    this.#open = undefined
    for (const rules of open) {
      for (const rule of Array.isArray(rules) ? rules : [rules]) {
        if (this.decides !== null && byPlace(rule, this.decides) >= 0) break
        const { conditions } = rule
        if (conditions === null) this.decides = rule
        else if (holdsForAddresses(conditions, this.#message)) {
          const { criteria } = conditions
          this.#add(rule, criteria.needsHeaders ? yield* criteria.headersMeet(this.#message) : true)
        }
        if (++looked % PIECE === 0) yield
      }
    }
  }

  /** @param matches `null`: unknown, which counts as a match where the rule requires something */
  #add(rule: CompiledRule, matches: boolean | null): void {
    if (matches === false || (matches === null && rule.action.level === 'none')) return
    if (rule.conditions?.report === true) (this.#reported ??= new Set()).add(rule)
    // The rules below it may be those that decide: all of them hold, so that none is missing.
    else if (matches === null) (this.#possible ??= new Set()).add(rule)
    else this.decides = rule
  }
}

const NONE: readonly CompiledRule[] = []

/** Those above the rule that decides: they were found by different addresses, in no order. */
function before(decides: CompiledRule | null, rules: ReadonlySet<CompiledRule>): readonly CompiledRule[] {
  const above = decides === null ? [...rules] : [...rules].filter((rule) => byPlace(rule, decides) < 0)
  return above.sort(byPlace)
}

function holdsForAddresses({ period, criteria }: Conditions, message: MessageView): boolean {
  return period.from <= message.now && message.now < period.until && criteria.addressesMeet(message)
}
