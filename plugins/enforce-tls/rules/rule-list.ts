/**
 * An owner's rules, compiled and in order, and what they say of one message: the first enabled rule that matches
 * decides. Pure. While nothing can stand in for a broken entry, mail that it might cover has no decision.
 */
import { Compilation } from './compilation.js'
import { hasRules, isAllUnreadable, NO_ENTRIES, unread, type Compiled } from './compiled.js'
import { InvalidEntry, type EntryProblem, type Unreadable } from './entry-problem.js'
import { Groups, type StoredGroups } from './group.js'
import type { MessageView } from './match.js'
import { mayAct, switchOf, type OwnedRule, type OwnerParts } from './owner-entries.js'
import type { InPieces } from '../work/pieces.js'
import { addUpAll, requirementOf, type Requirement } from './requirement.js'
import type { Direction } from './rule.js'
import { NO_MATCHES, type CompiledRule, type Matches } from './rule-index.js'

export { InvalidEntry } from './entry-problem.js'
export type { OwnedRule, OwnerEntries, Service } from './owner-entries.js'

/** What rules say of a message on its way to one recipient. */
export interface Ruling {
  /** `null`: nothing is required, or a rule exempts. */
  readonly requirement: Requirement | null
  /** What rules in mode `report` would have required, each for itself. */
  readonly reported: readonly Requirement[]
  /** Whether any rule is about it, be it one that exempts. */
  readonly covered: boolean
}

/** An owner's rules in force. Immutable. */
export class RuleList {
  /** Of every owner without any entry. */
  static readonly empty = new RuleList(NO_ENTRIES)

  constructor(readonly compiled: Compiled) {}

  /**
   * Checks and compiles all that a store holds of an owner, entry by entry, in pieces.
   *
   * @param groups the store's groups; they are only looked at where a rule refers to them
   * @param before what was compiled last, for the last valid versions of entries that are broken now
   * @param onValid gets each rule that validates, also those that are off
   */
  static *compile(
    parts: OwnerParts,
    groups: StoredGroups | Unreadable,
    before = RuleList.empty,
    onValid?: (rule: OwnedRule) => void,
  ): InPieces<RuleList> {
    if (isAllUnreadable(parts, groups)) return new RuleList(unread(before.compiled, parts))
    const { is, problem } = switchOf(parts, before.compiled.switch)
    const known = new Groups(groups, before.compiled.groups)
    const compilation = new Compilation(parts.owner, is, known, before.compiled)
    yield* compilation.takeEntries(parts.rules, onValid)
    if (problem !== null) compilation.reportService(parts, problem)
    const compiled = yield* compilation.finish()
    return hasRules(compiled) || compiled.problemCount > 0 ? new RuleList(compiled) : RuleList.empty
  }

  /** Whether a decision on outgoing mail needs the header of the message. */
  get needsHeaders(): boolean {
    return mayAct(this.compiled.switch) && this.compiled.outgoing?.needsHeaders === true
  }

  /**
   * What this owner's rules say of a message, in pieces.
   *
   * @throws {InvalidEntry} where a broken entry keeps it from having a decision.
   */
  *rulingOn(message: MessageView): InPieces<Ruling> {
    const matches = yield* this.match(message)
    const broken = this.waitsFor(message.direction, matches)
    if (broken) throw new InvalidEntry(broken)
    return this.rulingOf(matches, message)
  }

  /** The rules that match, in pieces. */
  *match(message: MessageView): InPieces<Matches> {
    const index = mayAct(this.compiled.switch) ? this.compiled[message.direction] : undefined
    return index ? yield* index.match(message) : NO_MATCHES
  }

  /** The broken entry that keeps a message which matches these rules from having a decision; `null` for none. */
  waitsFor(direction: Direction, { decides, possible }: Matches): EntryProblem | null {
    const { waits, serviceProblem } = this.compiled
    const requires = possible.length > 0 || (decides !== null && decides.action.level !== 'none')
    return waits[direction] ?? (requires ? serviceProblem : null)
  }

  /** What the rules that match come to, where no broken entry keeps them from deciding. */
  rulingOf({ decides, possible, reported }: Matches, message: MessageView): Ruling {
    return {
      requirement: this.#sumOf(possible, decides, message),
      reported: reported.flatMap((rule) => this.#requirementOf(rule, message) ?? []),
      covered: isCovered({ decides, possible, reported }),
    }
  }

  /** All that may be required: one of these rules decides, and it is unknown which. */
  #sumOf(
    possible: readonly CompiledRule[],
    decides: CompiledRule | null,
    message: MessageView,
  ): Requirement | null {
    const last = decides && this.#requirementOf(decides, message)
    if (possible.length === 0) return last
    // Of rules that do the same the first one is named, since there may be thousands.
    const first = new Map(possible.toReversed().map((rule) => [rule.action, rule]))
    if (decides) first.delete(decides.action)
    const before = possible.filter((rule) => first.get(rule.action) === rule)
    return addUpAll([...before.map((rule) => this.#requirementOf(rule, message)), last])
  }

  #requirementOf({ id, name, action }: CompiledRule, { recipient }: MessageView): Requirement | null {
    if (action.level === 'none') return null
    return requirementOf(action, recipient.domain, { owner: this.compiled.owner, id, name })
  }
}

/** Whether any rule is about a message that these match. */
export function isCovered({ decides, possible, reported }: Matches): boolean {
  return decides !== null || possible.length > 0 || reported.length > 0
}
