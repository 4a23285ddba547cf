/**
 * An owner's rules, compiled and in order, and the decision for one message: the first enabled rule that
 * matches decides. Pure; what does not validate makes the whole list invalid, so that a broken rule never
 * weakens security.
 */
import { GROUP_PREFIX, Groups, type StoredGroups } from './group.js'
import { compilingCriteria, type CompiledCriteria, type MessageView } from './match.js'
import { acts, InvalidEntry, PIECE, readingRule, type OwnedRule, type OwnerEntries } from './owner-entries.js'
import { periodOf } from './period.js'
import { atOnce, type InPieces } from './pieces.js'
import { addUpAll, requirementOf, type Requirement } from './requirement.js'
import { formatProblem, type RelayWithTls, type Rule } from './rule.js'
import { RuleIndex, type CompiledRule, type Conditions, type Matches, type Search } from './rule-index.js'

export { InvalidEntry, type OwnedRule, type OwnerEntries, type Service } from './owner-entries.js'

/** What rules say of a message on its way to one recipient. */
export interface Verdict {
  /** `null`: nothing is required, or a rule exempts. */
  readonly requirement: Requirement | null
  /** What rules in mode `report` would have required, each for itself. */
  readonly reported: readonly Requirement[]
}

/** An owner's rules in force. Immutable. */
export class RuleList {
  static readonly empty = new RuleList('*')
  readonly #owner: string
  #outgoing: RuleIndex | undefined
  #incoming: RuleIndex | undefined

  private constructor(owner: string) {
    this.#owner = owner
  }

  /**
   * Checks and compiles all that a store holds of an owner. A list whose service is off is empty, but its
   * entries are checked all the same, so that a mistake shows before the switch is turned on.
   *
   * @param groups the store's groups; they are only looked at where a rule refers to them
   * @throws {InvalidEntry} for the first entry that does not validate.
   */
  static compile(entries: OwnerEntries, groups: StoredGroups): RuleList {
    return atOnce(RuleList.compiling(entries, groups))
  }

  /** `compile`, in pieces. */
  static *compiling(entries: OwnerEntries, groups: StoredGroups): InPieces<RuleList> {
    const known = new Groups(groups)
    const asleep = !acts(entries)
    const list = new RuleList(entries.owner)
    const actions = new Map<string, RelayWithTls>()
    let read = 0
    for (const [id, json] of entries.rules) {
      const owned = yield* readingRule(entries.owner, id, json)
      for (const group of groupsOf(owned.rule)) yield* known.reading(group)
      const conditions = yield* conditionsOf(owned, known)
      if (!asleep && owned.rule.enabled) {
        const { name, position, actions: does, direction } = owned.rule
        const action = shared(actions, does.relayWithTls)
        list.#indexFor(direction).add({ id, name, position, action, conditions }, owned.rule, known)
      }
      read += json.length
      if (read < PIECE) continue
      read = 0
      yield
    }
    for (const index of [list.#outgoing, list.#incoming]) yield* index?.finishing() ?? []
    return list.#outgoing || list.#incoming ? list : RuleList.empty
  }

  /** Whether a decision on outgoing mail needs the header of the message. */
  get needsHeaders(): boolean {
    return this.#outgoing?.needsHeaders === true
  }

  /** What this owner's rules say of a message; their domain's service is on. */
  verdictOn(message: MessageView): Verdict {
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
    return (message.direction === 'outgoing' ? this.#outgoing : this.#incoming)?.search(message) ?? null
  }

  /** What the rules that match come to. */
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

  #indexFor(direction: Rule['direction']): RuleIndex {
    if (direction === 'outgoing') return (this.#outgoing ??= new RuleIndex())
    return (this.#incoming ??= new RuleIndex())
  }

  #requirementOf({ id, name, action }: CompiledRule, { recipient }: MessageView): Requirement | null {
    if (action.level === 'none') return null
    return requirementOf(action, recipient.domain, { owner: this.#owner, id, name })
  }
}

const NOTHING: readonly Requirement[] = []
const NO_VERDICT: Verdict = { requirement: null, reported: NOTHING }
const NO_MATCHES: Matches = { decides: null, possible: [], reported: [] }

/**
 * A rule's criteria, ready.
 *
 * @throws {InvalidEntry} where the rule refers to a group that does not exist or is not valid.
 */
export function* criteriaOf({ owner, id, rule }: OwnedRule, groups: Groups): InPieces<CompiledCriteria> {
  const criteria = yield* compilingCriteria(rule.criteria, groups)
  if ('problem' in criteria)
    throw new InvalidEntry({ key: 'rules', owner, field: id }, formatProblem(criteria))
  return criteria
}

/** The names of the groups that a rule refers to. */
export function* groupsOf({ criteria: { to, from } }: Rule): Generator<string> {
  for (const texts of [to?.matchesAny, to?.matchesNone, from?.matchesAny, from?.matchesNone]) {
    for (const text of texts ?? []) if (text.startsWith(GROUP_PREFIX)) yield text.slice(GROUP_PREFIX.length)
  }
}

function* conditionsOf(owned: OwnedRule, groups: Groups): InPieces<Conditions | null> {
  const { rule } = owned
  const criteria = yield* criteriaOf(owned, groups)
  const report = rule.mode === 'report'
  const period = periodOf(rule)
  const always = period.from === -Infinity && period.until === Infinity
  return always && !report && isFoundByAddress(rule) ? null : { period, report, criteria }
}

/** Whether the address by which the index finds a rule is all that it asks for. */
function isFoundByAddress({ criteria }: Rule): boolean {
  const [field, ...others] = Object.keys(criteria)
  if (others.length > 0 || (field !== 'to' && field !== 'from')) return false
  return criteria[field]?.matchesNone === undefined
}

/** Most rules of a list do the same. */
function shared(actions: Map<string, RelayWithTls>, action: RelayWithTls): RelayWithTls {
  const key = JSON.stringify(action)
  const known = actions.get(key) ?? action
  actions.set(key, known)
  return known
}
