/**
 * An owner's entries, checked and compiled one by one. Pure. What is broken is replaced by what it still says of
 * itself or by its last valid version, and reported; the others are in force as if it were not there.
 */
import { compileAgain, compileRule } from './compile-rule.js'
import { hasRules, NO_ENTRIES, type Compiled } from './compiled.js'
import {
  effectOfBroken,
  saidBy,
  Unreadable,
  type Effect,
  type EntryPlace,
  type EntryProblem,
  type Said,
} from './entry-problem.js'
import type { Groups } from './group.js'
import { canStandIn, DIRECTIONS, lastValidOf, type LastValidRules } from './last-valid.js'
import { groupReferences, groupsProblem } from './match.js'
import { checkEntry, PIECE, type OwnedRule, type OwnerParts, type Switch } from './owner-entries.js'
import { serviceDomainOf } from './owner.js'
import type { InPieces } from '../work/pieces.js'
import type { Criteria, Direction, RelayWithTls, Rule } from './rule.js'
import { formatProblem } from './format-problem.js'
import { RuleIndex, type CompiledRule } from './rule-index.js'

/** So many broken entries of an owner are reported one by one. */
const PROBLEMS_MAX = 20
/** So many rules are looked through between two yields. */
const RULES = 2000

interface Result extends Compiled {
  outgoing?: RuleIndex
  incoming?: RuleIndex
  readonly off: string[]
  readonly problems: EntryProblem[]
  problemCount: number
  readonly waits: { [direction in Direction]?: EntryProblem }
  serviceProblem: EntryProblem | null
}

/** One compilation of an owner: entries in, then the result. */
export class Compilation {
  readonly #owner: string
  readonly #groups: Groups
  readonly #before: Compiled
  readonly #result: Result
  readonly #actions = new Map<string, RelayWithTls>()
  #lastValid: LastValidRules | undefined

  /**
   * @param groups with the finders of `before` for those that are broken
   * @param before what was compiled last
   */
  constructor(owner: string, is: Switch, groups: Groups, before: Compiled) {
    this.#owner = owner
    this.#groups = groups
    this.#before = before
    this.#result = {
      owner,
      switch: is,
      off: [],
      groups: new Map(),
      problems: [],
      problemCount: 0,
      waits: {},
      serviceProblem: null,
    }
  }

  /** Takes all entries, in pieces. @param onValid gets each rule that validates, also those that are off */
  *takeEntries(rules: OwnerParts['rules'], onValid?: (rule: OwnedRule) => void): InPieces<void> {
    if (rules instanceof Unreadable) return yield* this.#takeAllAgain(rules.problem)
    let read = 0
    for (const [id, json] of rules) {
      yield* this.#takeEntry(id, json, onValid)
      read += json.length
      if (read < PIECE) continue
      read = 0
      yield
    }
  }

  /** Takes a rule that validates, in pieces. */
  *take(id: string, rule: Rule): InPieces<void> {
    if (!rule.enabled) this.#result.off.push(id)
    else yield* this.#add(rule.direction, yield* compileRule(id, rule, this.#groups, this.#actions))
  }

  /** What all that was taken comes to. */
  *finish(): InPieces<Compiled> {
    const { outgoing, incoming } = this.#result
    for (const index of [outgoing, incoming]) yield* index?.finish() ?? []
    return withShared({ ...this.#result, groups: this.#groups.finders })
  }

  *#takeEntry(id: string, json: string, onValid?: (rule: OwnedRule) => void): InPieces<void> {
    const checked = yield* checkEntry(this.#owner, id, json)
    if ('problem' in checked) return yield* this.#replace(id, json, checked.problem)
    const { rule } = checked
    const wrong = yield* groupsProblem(rule.criteria, this.#groups)
    if (wrong === null) {
      onValid?.(checked)
      return yield* this.take(id, rule)
    }
    const problem = formatProblem(wrong)
    if (!rule.enabled || !(yield* this.#knowsGroups(rule.criteria)))
      return yield* this.#replace(id, json, problem)
    yield* this.take(id, rule)
    this.#addProblem({ place: this.#placeOf(id), problem, effect: 'last-valid', direction: rule.direction })
  }

  *#knowsGroups(criteria: Criteria): InPieces<boolean> {
    for (const { group } of groupReferences(criteria))
      if ((yield* this.#groups.get(group)).find === null) return false
    return true
  }

  *#add(direction: Direction, rule: CompiledRule): InPieces<void> {
    yield* (this.#result[direction] ??= new RuleIndex()).add(rule, this.#groups)
  }

  /** Puts something in the place of a broken entry. */
  *#replace(id: string, json: string, problem: string): InPieces<void> {
    const said = saidBy(json)
    const effect = yield* this.#standIn(id, said)
    this.#addProblem({ place: this.#placeOf(id), problem, effect, direction: said.direction ?? null })
  }

  *#standIn(id: string, said: Said): InPieces<Effect> {
    if (said.enabled === false) {
      this.#result.off.push(id)
      return 'off'
    }
    this.#lastValid ??= yield* lastValidOf(this.#before)
    for (const direction of DIRECTIONS) {
      const last = this.#lastValid[direction].get(id)
      if (last === undefined || !canStandIn(last, said)) continue
      if (last === 'off') this.#result.off.push(id)
      else yield* this.#add(direction, yield* compileAgain(last, this.#groups))
      return 'last-valid'
    }
    return effectOfBroken(said)
  }

  /** Where nothing can be read at all, what was known stays in force. */
  *#takeAllAgain(problem: string): InPieces<void> {
    let taken = 0
    for (const direction of DIRECTIONS) {
      for (const rule of this.#before[direction]?.rules ?? []) {
        yield* this.#add(direction, yield* compileAgain(rule, this.#groups))
        if (++taken % RULES === 0) yield
      }
    }
    for (const id of this.#before.off) this.#result.off.push(id)
    for (const each of new Set(Object.values(this.#before.waits)))
      if (each.place !== null) this.#addProblem(each)
    const effect = hasRules(this.#before) ? 'last-valid' : 'waits'
    this.#addProblem({ place: null, problem, effect, direction: null })
  }

  #placeOf(id: string): EntryPlace {
    return { key: 'rules', owner: this.#owner, field: id }
  }

  /** Reports what is wrong with the service behind the switch, which matters only to those who have rules. */
  reportService({ service }: Pick<OwnerParts, 'service'>, problem: string): void {
    if (!hasRules(this.#result) && this.#result.problemCount === 0) return
    const domain = serviceDomainOf(this.#owner) ?? ''
    const place =
      service instanceof Unreadable ? null : ({ key: 'domains', owner: domain, field: domain } as const)
    const { switch: is } = this.#result
    const effect = is === 'unknown' ? 'waits' : is === 'off' ? 'off' : 'last-valid'
    const broken = { place, problem, effect, direction: null } as const
    this.#report(broken)
    if (is === 'unknown') this.#result.serviceProblem = broken
  }

  #addProblem(broken: EntryProblem): void {
    if (broken.effect !== 'waits') return this.#report(broken)
    // A domain that has rules and no service at all may have lost it: that is not as good as off.
    if (this.#result.switch === 'off') return this.#report({ ...broken, effect: 'sleeps' })
    this.#report(broken)
    for (const direction of broken.direction === null ? DIRECTIONS : [broken.direction])
      this.#result.waits[direction] ??= broken
  }

  #report(broken: EntryProblem): void {
    if (++this.#result.problemCount <= PROBLEMS_MAX) this.#result.problems.push(broken)
  }
}

/** What most owners have nothing of they share: there may be a hundred thousand. */
function withShared(compiled: Compiled): Compiled {
  const { off, groups, problems, waits } = NO_ENTRIES
  return {
    ...compiled,
    ...(compiled.off.length === 0 && { off }),
    ...(compiled.groups.size === 0 && { groups }),
    ...(compiled.problemCount === 0 && { problems, waits }),
  }
}
