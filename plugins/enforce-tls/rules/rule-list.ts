/**
 * An owner's rules, compiled and in order, and the decision for one message: the first enabled rule that
 * matches decides. Pure. While nothing can stand in for a broken entry, mail that it might cover has no decision.
 */
import { Compilation } from './compilation.js'
import { isAllUnreadable, NO_ENTRIES, unread, type Compiled, type Waits } from './compiled.js'
import { InvalidEntry, type EntryProblem, type Unreadable } from './entry-problem.js'
import { Groups, type Finders, type StoredGroups } from './group.js'
import type { MessageView } from './match.js'
import type { OwnerParts, Switch } from './owner-entries.js'
import { atOnce, type InPieces } from '../work/pieces.js'
import { addUpAll, requirementOf, type Requirement } from './requirement.js'
import type { CompiledRule, Matches, RuleIndex, Search } from './rule-index.js'

export { InvalidEntry } from './entry-problem.js'
export type { OwnedRule, OwnerEntries, Service } from './owner-entries.js'

/** What rules say of a message on its way to one recipient. */
export interface Verdict {
  /** `null`: nothing is required, or a rule exempts. */
  readonly requirement: Requirement | null
  /** What rules in mode `report` would have required, each for itself. */
  readonly reported: readonly Requirement[]
}

/** An owner's rules in force. Immutable. */
export class RuleList implements Compiled {
  /** Of every owner without any entry. */
  static readonly empty = new RuleList(NO_ENTRIES)
  readonly owner: string
  readonly switch: Switch
  readonly outgoing: RuleIndex | undefined
  readonly incoming: RuleIndex | undefined
  readonly off: readonly string[] | undefined
  readonly groups: Finders | undefined
  readonly problems: readonly EntryProblem[] | undefined
  readonly problemCount: number
  readonly waits: Waits | undefined
  readonly serviceProblem: EntryProblem | undefined
  /** Also where that is not known: then `waitsFor` keeps what rules cover. */
  readonly #acts: boolean

  private constructor(compiled: Compiled) {
    this.owner = compiled.owner
    this.switch = compiled.switch
    this.outgoing = compiled.outgoing
    this.incoming = compiled.incoming
    this.off = compiled.off
    this.groups = compiled.groups
    this.problems = compiled.problems
    this.problemCount = compiled.problemCount
    this.waits = compiled.waits
    this.serviceProblem = compiled.serviceProblem
    this.#acts = compiled.switch === 'on' || compiled.switch === 'unknown'
  }

  /**
   * Checks and compiles all that a store holds of an owner, entry by entry.
   *
   * @param groups the store's groups; they are only looked at where a rule refers to them
   * @param before what was compiled last, for the last valid versions of entries that are broken now
   */
  static compile(parts: OwnerParts, groups: StoredGroups | Unreadable, before?: RuleList): RuleList {
    return atOnce(RuleList.compiling(parts, groups, before))
  }

  /** `compile`, in pieces. */
  static *compiling(
    parts: OwnerParts,
    groups: StoredGroups | Unreadable,
    before = RuleList.empty,
  ): InPieces<RuleList> {
    if (isAllUnreadable(parts, groups)) return new RuleList(unread(before, parts))
    const compilation = new Compilation(parts, new Groups(groups, before.groups), before)
    yield* compilation.run()
    const { outgoing, incoming, off, problems } = compilation
    return (outgoing ?? incoming ?? off ?? problems) ? new RuleList(compilation) : RuleList.empty
  }

  /** Whether a decision on outgoing mail needs the header of the message. */
  get needsHeaders(): boolean {
    return this.#acts && this.outgoing?.needsHeaders === true
  }

  /** Whether there may be mail without a decision. */
  get isUncertain(): boolean {
    return this.waits !== undefined || this.serviceProblem !== undefined
  }

  /** The broken entry that keeps a message from having a decision; `null` for none. */
  waitsFor(message: MessageView): EntryProblem | null {
    const broken = this.waits?.[message.direction]
    if (broken || !this.serviceProblem) return broken ?? null
    const { decides, possible } = this.matches(message)
    const requires = possible.length > 0 || (decides !== null && decides.action.level !== 'none')
    return requires ? this.serviceProblem : null
  }

  /**
   * What this owner's rules say of a message.
   *
   * @throws {InvalidEntry} where a broken entry keeps it from having a decision.
   */
  verdictOn(message: MessageView): Verdict {
    const waits = this.waitsFor(message)
    if (waits) throw new InvalidEntry(waits)
    return this.verdictOf(this.matches(message), message)
  }

  /** The rules behind the verdict. */
  matches(message: MessageView): Matches {
    return atOnce(this.matching(message))
  }

  /** `matches`, in pieces. */
  *matching(message: MessageView): InPieces<Matches> {
    const search = this.search(message)
    yield* search?.finishing() ?? []
    return search ?? NO_MATCHES
  }

  /** The search for `matches`, which may be open yet; `null` where nothing can match. */
  search(message: MessageView): Search | null {
    return (this.#acts && this[message.direction]?.search(message)) || null
  }

  /** What the rules that match come to, where no broken entry keeps them from deciding. */
  verdictOf({ decides, possible, reported }: Matches, message: MessageView): Verdict {
    if (decides === null && possible.length === 0 && reported.length === 0) return NO_VERDICT
    const requirement = this.#sumOf(possible, decides, message)
    if (reported.length === 0) return { requirement, reported: NOTHING }
    return { requirement, reported: reported.flatMap((rule) => this.#requirementOf(rule, message) ?? []) }
  }

  /** All that may be required: one of these rules decides, and it is unknown which. */
  #sumOf(
    possible: readonly CompiledRule[],
    decides: CompiledRule | null,
    message: MessageView,
  ): Requirement | null {
    const last = decides && this.#requirementOf(decides, message)
    if (possible.length === 0) return last
    // Rules that do the same are told by the first of them, since there may be thousands.
    const first = new Map(possible.toReversed().map((rule) => [rule.action, rule]))
    if (decides) first.delete(decides.action)
    const before = possible.filter((rule) => first.get(rule.action) === rule)
    return addUpAll([...before.map((rule) => this.#requirementOf(rule, message)), last])
  }

  #requirementOf({ id, name, action }: CompiledRule, { recipient }: MessageView): Requirement | null {
    if (action.level === 'none') return null
    return requirementOf(action, recipient.domain, { owner: this.owner, id, name })
  }
}

const NOTHING: readonly Requirement[] = []
const NO_VERDICT: Verdict = { requirement: null, reported: NOTHING }
const NO_MATCHES: Matches = { decides: null, possible: [], reported: [] }
