/**
 * An owner's entries, checked and compiled one by one. Pure. What is broken is replaced by what it still says of
 * itself or by its last valid version, and told; the others are in force as if it were not there.
 */
import { BigMap } from './big-map.js'
import { effectOf, saidBy, Unreadable, type Effect, type EntryProblem, type Said } from './entry-problem.js'
import type { Finders, Groups, StoredGroups } from './group.js'
import { compileCriteria, groupReferences, groupsProblem } from './match.js'
import {
  checkEntry,
  PIECE,
  switchOf,
  type EntryPlace,
  type OwnerParts,
  type Switch,
} from './owner-entries.js'
import { EVERYONE, serviceDomainOf } from './owner.js'
import { periodOf } from './period.js'
import type { InPieces } from './pieces.js'
import { formatProblem, type Criteria, type Direction, type RelayWithTls, type Rule } from './rule.js'
import { criteriaOf, RuleIndex, type CompiledRule, type Conditions } from './rule-index.js'

/** What an owner's entries come to. */
export interface Compiled {
  readonly owner: string
  readonly switch: Switch
  readonly outgoing: RuleIndex | undefined
  readonly incoming: RuleIndex | undefined
  /** Rules that are off, by id. */
  readonly off: readonly string[] | undefined
  /** The groups that rules refer to. */
  readonly groups: Finders | undefined
  /** The first of the broken entries. */
  readonly problems: readonly EntryProblem[] | undefined
  readonly problemCount: number
  /** Why all mail of a direction waits. */
  readonly waits: Waits | undefined
  /** Why mail that a rule covers waits: nobody knows whether rules act. */
  readonly serviceProblem: EntryProblem | undefined
}

export type Waits = { readonly [direction in Direction]?: EntryProblem }

/** So many broken entries of an owner are kept to be told. */
const PROBLEMS_MAX = 20
/** So many rules are looked through between two yields. */
const RULES = 2000

type LastValid = CompiledRule | 'off'

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
  #lastValid: { readonly [direction in Direction]: ReadonlyMap<string, LastValid> } | undefined
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
    this.#tellOfService()
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
    const checked = checkEntry(this.owner, id, json)
    if ('problem' in checked) return yield* this.#replace(id, json, checked.problem)
    const { rule } = checked
    yield* this.#readGroups(rule.criteria)
    const wrong = groupsProblem(rule.criteria, this.#groups)
    if (wrong === null) return this.#take(id, rule)
    const problem = formatProblem(wrong)
    const known = [...groupReferences(rule.criteria)].every(({ group }) => this.#groups.get(group).find)
    if (!known || !rule.enabled) return yield* this.#replace(id, json, problem)
    this.#take(id, rule)
    this.#tell({ place: this.#placeOf(id), problem, effect: 'last-valid', direction: rule.direction })
  }

  *#readGroups(criteria: Criteria): InPieces<void> {
    for (const { group } of groupReferences(criteria)) yield* this.#groups.reading(group)
  }

  #take(id: string, rule: Rule): void {
    if (!rule.enabled) return this.#takeOff(id)
    const { name, position, actions, direction, criteria } = rule
    const action = shared(this.#actions, actions.relayWithTls)
    const source = onlyRecipient(criteria) ?? criteria
    const conditions = conditionsOf(rule, this.#groups)
    this.#indexFor(direction).add({ id, name, position, action, conditions, source }, this.#groups)
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
    this.#tell({ place: this.#placeOf(id), problem, effect, direction: said.direction ?? null })
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

  /** With the groups as they are now: what was added to one since holds for this rule too. */
  *#takeAgain(direction: Direction, last: CompiledRule): InPieces<void> {
    const criteria = criteriaOf(last)
    yield* this.#readGroups(criteria)
    const { conditions } = last
    const again = conditions && { ...conditions, criteria: compileCriteria(criteria, this.#groups) }
    this.#indexFor(direction).add({ ...last, conditions: again }, this.#groups)
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
    for (const each of new Set(Object.values(waits ?? {}))) if (each.place !== null) this.#tell(each)
    const known = outgoing ?? incoming ?? off
    this.#tell({ place: null, problem, effect: known ? 'last-valid' : 'waits', direction: null })
  }

  #placeOf(id: string): EntryPlace {
    return { key: 'rules', owner: this.owner, field: id }
  }

  /** A service matters only to those who have rules. */
  #tellOfService(): void {
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

  #tell(told: EntryProblem): void {
    const asleep = this.switch === 'off' || this.switch === 'none'
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

/** What an owner without any entry comes to. */
export const NO_ENTRIES: Compiled = {
  owner: '*',
  switch: 'none',
  outgoing: undefined,
  incoming: undefined,
  off: undefined,
  groups: undefined,
  problems: undefined,
  problemCount: 0,
  waits: undefined,
  serviceProblem: undefined,
}

/** What was known, unchanged: also where there are many such reads in a row, this costs nothing. */
export function unread(before: Compiled, { owner, rules }: OwnerParts): Compiled {
  const known = before.outgoing ?? before.incoming ?? before.off
  const problem = rules instanceof Unreadable ? rules.problem : ''
  const told = { place: null, problem, effect: known ? 'last-valid' : 'waits', direction: null } as const
  const unknown = {
    ...NO_ENTRIES,
    owner,
    switch: 'unknown',
    waits: { outgoing: told, incoming: told },
  } as const
  return { ...(known ? before : unknown), problems: [told], problemCount: 1 }
}

/** Whether there is nothing new to know of an owner. */
export function isAllUnreadable(
  { owner, rules, service }: OwnerParts,
  groups: StoredGroups | Unreadable,
): boolean {
  const parts = [rules, groups, ...(owner === EVERYONE ? [] : [service])]
  return parts.every((part) => part instanceof Unreadable)
}

const DIRECTIONS = ['outgoing', 'incoming'] as const

/** Looks up what was compiled last by id; only where it is needed, for there may be many rules. */
function* lastValidOf({
  outgoing,
  incoming,
  off,
}: Compiled): InPieces<{ readonly [direction in Direction]: ReadonlyMap<string, LastValid> }> {
  const found = { outgoing: new BigMap<LastValid>(), incoming: new BigMap<LastValid>() }
  let looked = 0
  for (const id of off ?? []) {
    found.outgoing.set(id, 'off')
    if (++looked % RULES === 0) yield
  }
  for (const [direction, index] of [['outgoing', outgoing] as const, ['incoming', incoming] as const]) {
    for (const rule of index?.rules ?? []) {
      found[direction].set(rule.id, rule)
      if (++looked % RULES === 0) yield
    }
  }
  return found
}

/**
 * Whether a last valid version may stand in: not one that requires nothing by itself, where the entry says that it
 * is on and enforces, and not one that enforces, where it says that it only reports.
 */
function canStandIn(last: LastValid, { enabled, mode }: Said): boolean {
  if (last === 'off') return enabled !== true
  return mode === undefined || (mode === 'report') === (last.conditions?.report === true)
}

function conditionsOf(rule: Rule, groups: Groups): Conditions | null {
  const report = rule.mode === 'report'
  const period = periodOf(rule)
  const always = period.from === -Infinity && period.until === Infinity
  if (always && !report && isFoundByAddress(rule.criteria)) return null
  return { period, report, criteria: compileCriteria(rule.criteria, groups) }
}

/** Whether the address by which the index finds a rule is all that it asks for. */
function isFoundByAddress(criteria: Criteria): boolean {
  const [field, ...others] = Object.keys(criteria)
  if (others.length > 0 || (field !== 'to' && field !== 'from')) return false
  return criteria[field]?.matchesNone === undefined
}

/** The one recipient pattern that is all that most rules ask for. */
function onlyRecipient(criteria: Criteria): string | undefined {
  const { matchesAny = [], matchesNone } = criteria.to ?? {}
  if (matchesAny.length !== 1 || matchesNone !== undefined || !isFoundByAddress(criteria)) return undefined
  return matchesAny[0]
}

/** Most rules of a list do the same. */
function shared(actions: Map<string, RelayWithTls>, action: RelayWithTls): RelayWithTls {
  const key = JSON.stringify(action)
  const known = actions.get(key) ?? action
  actions.set(key, known)
  return known
}
