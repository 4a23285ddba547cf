/**
 * The enabled rules of one owner and direction, found by the addresses that they name, so that a decision
 * costs about the same for one rule and for a hundred thousand. Pure.
 */
import { GROUP_PREFIX, type Groups } from './group.js'
import type { CompiledCriteria, MessageView } from './match.js'
import { PatternMap, type PatternFinder } from './pattern.js'
import type { Period } from './period.js'
import type { RelayWithTls, Rule } from './rule.js'

/** A rule of a list, without what only people need: there may be a million of them. */
export interface CompiledRule {
  readonly id: string
  readonly name: string
  readonly action: RelayWithTls
  /** What must hold besides the address by which the rule was found; `null`: nothing, the rule decides. */
  readonly conditions: Conditions | null
}

/** What a rule asks for besides one of its addresses. */
export interface Conditions {
  readonly period: Period
  readonly report: boolean
  readonly criteria: CompiledCriteria
}

/** The first match, and the matches before it that only report. */
export interface Matches {
  readonly decides: CompiledRule | null
  readonly reported: readonly CompiledRule[]
}

/** Places of rules in the list, ascending. A number takes no memory of its own, and most have just one. */
type Ranks = number | number[]

type AddressField = 'to' | 'from'

/** Rules in order, to be looked at by address. Filled once, then read only. */
export class RuleIndex {
  readonly #rules: CompiledRule[] = []
  readonly #byAddress = { to: new PatternMap<Ranks>(), from: new PatternMap<Ranks>() }
  readonly #byGroup = new Map<string, { field: AddressField; find: PatternFinder; ranks: Ranks }>()
  /** Rules that name no address they are for. */
  #others: Ranks = []
  #needsHeaders = false

  /** Whether a decision needs the header of the message. */
  get needsHeaders(): boolean {
    return this.#needsHeaders
  }

  /** Adds a rule below all others. @param groups has all groups that the rule refers to */
  add(rule: CompiledRule, { criteria }: Pick<Rule, 'criteria'>, groups: Groups): void {
    const rank = this.#rules.push(rule) - 1
    this.#needsHeaders ||= rule.conditions?.criteria.needsHeaders === true
    const field = criteria.to?.matchesAny ? 'to' : 'from'
    const named = criteria[field]?.matchesAny
    if (!named) {
      this.#others = this.#with(this.#others, rank)
      return
    }
    for (const text of named) {
      if (text.startsWith(GROUP_PREFIX)) this.#addToGroup(text, field, rank, groups)
      else this.#byAddress[field].set(text, this.#with(this.#byAddress[field].get(text), rank))
    }
  }

  /** What the rules say of a message. */
  match(message: MessageView): Matches {
    let first = this.#rules.length
    const reported: number[] = []
    const consider = (rank: number): void => {
      const { conditions } = this.#rules[rank] as CompiledRule
      if (conditions && !holds(conditions, message)) return
      if (conditions?.report) reported.push(rank)
      else first = rank
    }
    const look = (ranks: Ranks): false => {
      if (typeof ranks === 'number') {
        if (ranks < first) consider(ranks)
        return false
      }
      for (const rank of ranks) {
        if (rank >= first) break
        consider(rank)
      }
      return false
    }
    this.#byAddress.to.some(message.recipient, look)
    this.#byAddress.from.some(message.sender, look)
    for (const { field, find, ranks } of this.#byGroup.values()) {
      if (find(field === 'to' ? message.recipient : message.sender) !== null) look(ranks)
    }
    look(this.#others)
    return {
      decides: this.#rules[first] ?? null,
      reported: reported.length === 0 ? NONE : this.#before(first, reported),
    }
  }

  /** A rule may be found by several of its addresses, and before one further up decides. */
  #before(first: number, ranks: readonly number[]): readonly CompiledRule[] {
    const above = [...new Set(ranks)].filter((rank) => rank < first).sort((a, b) => a - b)
    return above.map((rank) => this.#rules[rank] as CompiledRule)
  }

  #addToGroup(text: string, field: AddressField, rank: number, groups: Groups): void {
    const key = `${field} ${text}`
    const group = groups.get(text.slice(GROUP_PREFIX.length))
    if ('problem' in group) throw new TypeError(`${text} ${group.problem}`)
    const ranks = this.#with(this.#byGroup.get(key)?.ranks, rank)
    this.#byGroup.set(key, { field, find: group.find, ranks })
  }

  #with(ranks: Ranks | undefined, rank: number): Ranks {
    if (ranks === undefined) return rank
    const list = typeof ranks === 'number' ? [ranks] : ranks
    const last = list.at(-1)
    // Below a rule that always decides there, none ever will.
    if (last !== undefined && this.#rules[last]?.conditions === null) return ranks
    list.push(rank)
    return list
  }
}

const NONE: readonly CompiledRule[] = []

function holds({ period, criteria }: Conditions, message: MessageView): boolean {
  return period.from <= message.now && message.now < period.until && criteria.meets(message)
}
