/**
 * An owner's entries, checked and compiled one by one. Pure. What is broken is replaced by what it still says of
 * itself or by its last valid version, and told; the others are in force as if it were not there.
 */
import { compilingAgain, compilingRule } from './compile-rule.js'
import type { Compiled } from './compiled.js'
import { effectOf, saidBy, Unreadable, type Effect, type EntryProblem, type Said } from './entry-problem.js'
import type { Finders, Groups } from './group.js'
import { canStandIn, DIRECTIONS, lastValidOf, type LastValidRules } from './last-valid.js'
import { findingGroupsProblem, groupReferences } from './match.js'
import { checkingEntry, PIECE, switchOf, type OwnerParts, type Switch } from './owner-entries.js'
import type { EntryPlace } from './entry-problem.js'
import { serviceDomainOf } from './owner.js'
import type { InPieces } from '../work/pieces.js'
import { formatProblem, type Criteria, type Direction, type RelayWithTls, type Rule } from './rule.js'
import { criteriaOf, RuleIndex, type CompiledRule } from './rule-index.js'

/** So many broken entries of an owner are kept to be told. */
const PROBLEMS_MAX = 20
/** So many rules are looked through between two yields. */
const RULES = 2000

/** Compiles entries into itself. */
export class Compilation implements Compiled {
  readonly owner: string
  readonly switch: Switch
  outgoing: RuleIndex | undefined
  incoming: RuleIndex | undefined
  off: string[] | undefined
  problems: EntryProblem[] | undefined
  problemCount = 0
  waits: { [direction in Direction]?: EntryProblem } | undefined
  serviceProblem: EntryProblem | undefined
  readonly #parts: OwnerParts
  readonly #groups: Groups
  readonly #before: Compiled
  #lastValid: LastValidRules | undefined
  readonly #actions = new Map<string, RelayWithTls>()

  /**
   * @param groups with the finders of `before` for those that are broken
   * @param before what was compiled last
   */
  constructor(parts: OwnerParts, groups: Groups, before: Compiled) {
    this.owner = parts.owner
    this.#parts = parts
    this.#groups = groups
    this.#before = before
    this.switch = switchOf(parts, before.switch).is
  }

  get groups(): Finders | undefined {
    return this.#groups.finders
  }

  /** Does it all, in pieces; to be called once. */
  *run(): InPieces<void> {
    const { rules } = this.#parts
    if (rules instanceof Unreadable) yield* this.#keepAll(rules.problem)
    else yield* this.#readAll(rules)
    this.#addServiceProblem()
    for (const index of [this.outgoing, this.incoming]) yield* index?.finishing() ?? []
  }

  *#readAll(rules: ReadonlyMap<string, string>): InPieces<void> {
    let read = 0
    for (const [id, json] of rules) {
      yield* this.#readOne(id, json)
      read += json.length
      if (read < PIECE) continue
      read = 0
      yield
    }
  }

  *#readOne(id: string, json: string): InPieces<void> {
    const checked = yield* checkingEntry(this.owner, id, json)
    if ('problem' in checked) return yield* this.#replace(id, json, checked.problem)
    const { rule } = checked
    const wrong = yield* findingGroupsProblem(rule.criteria, this.#groups)
    if (wrong === null) return yield* this.#take(id, rule)
    const problem = formatProblem(wrong)
    const known = [...groupReferences(rule.criteria)].every(({ group }) => this.#groups.get(group).find)
    if (!known || !rule.enabled) return yield* this.#replace(id, json, problem)
    yield* this.#take(id, rule)
    this.#addProblem({ place: this.#placeOf(id), problem, effect: 'last-valid', direction: rule.direction })
  }

  *#readGroups(criteria: Criteria): InPieces<void> {
    for (const { group } of groupReferences(criteria)) yield* this.#groups.reading(group)
  }

  *#take(id: string, rule: Rule): InPieces<void> {
    if (!rule.enabled) return this.#takeOff(id)
    const compiled = yield* compilingRule(id, rule, this.#groups, this.#actions)
    this.#indexFor(rule.direction).add(compiled, this.#groups)
  }

  #takeOff(id: string): void {
    if (this.off) this.off.push(id)
    else this.off = [id]
  }

  #indexFor(direction: Direction): RuleIndex {
    return (this[direction] ??= new RuleIndex())
  }

  /** Puts something in the place of a broken entry. */
  *#replace(id: string, json: string, problem: string): InPieces<void> {
    const said = saidBy(json)
    const effect = yield* this.#standIn(id, said)
    this.#addProblem({ place: this.#placeOf(id), problem, effect, direction: said.direction ?? null })
  }

  *#standIn(id: string, said: Said): InPieces<Effect> {
    if (said.enabled === false) {
      this.#takeOff(id)
      return 'off'
    }
    this.#lastValid ??= yield* lastValidOf(this.#before)
    for (const direction of DIRECTIONS) {
      const last = this.#lastValid[direction].get(id)
      if (last === undefined || !canStandIn(last, said)) continue
      if (last === 'off') this.#takeOff(id)
      else yield* this.#takeAgain(direction, last)
      return 'last-valid'
    }
    return effectOf(said)
  }

  *#takeAgain(direction: Direction, last: CompiledRule): InPieces<void> {
    yield* this.#readGroups(criteriaOf(last))
    this.#indexFor(direction).add(yield* compilingAgain(last, this.#groups), this.#groups)
  }

  /** Where nothing can be read at all, what was known goes on. */
  *#keepAll(problem: string): InPieces<void> {
    const { off, outgoing, incoming, waits } = this.#before
    let kept = 0
    for (const [direction, index] of [['outgoing', outgoing] as const, ['incoming', incoming] as const]) {
      for (const rule of index?.rules ?? []) {
        yield* this.#takeAgain(direction, rule)
        if (++kept % RULES === 0) yield
      }
    }
    this.off = off && [...off]
    for (const each of new Set(Object.values(waits ?? {}))) if (each.place !== null) this.#addProblem(each)
    const known = outgoing ?? incoming ?? off
    this.#addProblem({ place: null, problem, effect: known ? 'last-valid' : 'waits', direction: null })
  }

  #placeOf(id: string): EntryPlace {
    return { key: 'rules', owner: this.owner, field: id }
  }

  /** A service matters only to those who have rules. */
  #addServiceProblem(): void {
    const { service } = this.#parts
    const { is, problem } = switchOf(this.#parts, this.#before.switch)
    const rules = this.outgoing ?? this.incoming ?? this.off ?? this.problems
    if (problem === null || rules === undefined) return
    const domain = serviceDomainOf(this.owner) ?? ''
    const place =
      service instanceof Unreadable ? null : ({ key: 'domains', owner: domain, field: domain } as const)
    const effect = is === 'unknown' ? 'waits' : is === 'off' ? 'off' : 'last-valid'
    const told = { place, problem, effect, direction: null } as const
    this.#note(told)
    if (is === 'unknown') this.serviceProblem = told
  }

  #addProblem(told: EntryProblem): void {
    // A domain that has rules and no service at all may have lost it: that is not as good as off.
    const asleep = this.switch === 'off'
    if (told.effect !== 'waits' || asleep)
      return this.#note(told.effect === 'waits' ? { ...told, effect: 'sleeps' } : told)
    this.#note(told)
    this.waits ??= {}
    for (const direction of told.direction === null ? DIRECTIONS : [told.direction])
      this.waits[direction] ??= told
  }

  #note(told: EntryProblem): void {
    this.problemCount++
    this.problems ??= []
    if (this.problems.length < PROBLEMS_MAX) this.problems.push(told)
  }
}
