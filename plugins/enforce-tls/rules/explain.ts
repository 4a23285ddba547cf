/**
 * The answer to "what would happen to this message, and why?": the verdict as a delivery gets it, and for each
 * rule what became of it. Pure; entries that do not validate throw, as they would make a delivery wait.
 */
import { Decision } from './decide.js'
import { Groups, type StoredGroups } from './group.js'
import type { FieldOutcome, MessageView } from './match.js'
import { openRules } from './open-rules.js'
import { acts, orderingRules, type OwnedRule, type OwnerEntries } from './owner-entries.js'
import { periodOf } from './period.js'
import { atOnce, type InPieces } from './pieces.js'
import { criteriaOf, RuleList, type Verdict } from './rule-list.js'

/** What became of a rule. */
export type RuleState =
  | 'matched'
  | 'not matched'
  /** It asks for subject or header, and these were not given. */
  | 'not known'
  /** They were given and can't be told for sure: a match where the rule requires something, else none. */
  | 'unknown'
  | 'off'
  /** The service of the owner's domain is off. */
  | 'asleep'
  | 'not yet'
  | 'expired'
  | 'other direction'

/** One rule of an explanation. */
export interface ExplainedRule extends OwnedRule {
  readonly state: RuleState
  /** What became of each field of its criteria, whatever the state; empty for a rule of the other direction. */
  readonly fields: readonly FieldOutcome[]
  /**
   * `decides`: the first match, and above it each rule that may be it. `exempts`: that of level none. `reports`: it would have required something.
   * `null`: it has no part in the verdict, as a match below the first one.
   */
  readonly part: 'decides' | 'exempts' | 'reports' | null
}

/** One owner of an explanation. */
export interface ExplainedOwner {
  readonly owner: string
  /** Whether the service of the owner's domain is on; `*` needs none. */
  readonly awake: boolean
  /** In the order in which they decide. */
  readonly rules: readonly ExplainedRule[]
  /** What this owner's rules alone come to. */
  readonly verdict: Verdict
}

/** The whole answer. */
export interface Explanation {
  /** In the order given. */
  readonly owners: readonly ExplainedOwner[]
  /** What holds for the message. */
  readonly verdict: Verdict
  /** Rules that look at a header which was not given, and could change what is required. */
  readonly open: readonly ExplainedRule[]
}

/**
 * Explains the verdict on a message.
 *
 * @param entries of all owners whose rules it is subject to, widest first
 * @throws {InvalidEntry} for the first entry that does not validate.
 */
export function explain(
  entries: readonly OwnerEntries[],
  groups: StoredGroups,
  message: MessageView,
): Explanation {
  return atOnce(explaining(entries, groups, message))
}

/** `explain`, in pieces. */
export function* explaining(
  entries: readonly OwnerEntries[],
  groups: StoredGroups,
  message: MessageView,
): InPieces<Explanation> {
  const compiled: (readonly [OwnerEntries, RuleList])[] = []
  for (const ofOwner of entries) compiled.push([ofOwner, yield* RuleList.compiling(ofOwner, groups)])
  const read = new Groups(groups)
  const owners: ExplainedOwner[] = []
  for (const [ofOwner, list] of compiled) {
    const awake = acts(ofOwner)
    const matches = yield* list.matching(message)
    const { decides, possible, reported } = matches
    const deciding = new Set([decides, ...possible].map((rule) => rule?.id))
    const reports = new Set(reported.map(({ id }) => id))
    const rules: ExplainedRule[] = []
    for (const owned of yield* orderingRules(ofOwner)) {
      const exempts = owned.rule.actions.relayWithTls.level === 'none'
      const { state, fields } = yield* judging(owned, awake, message, read)
      let part: ExplainedRule['part'] = null
      if (deciding.has(owned.id)) part = exempts ? 'exempts' : 'decides'
      else if (reports.has(owned.id) && !exempts) part = 'reports'
      rules.push({ ...owned, state, fields, part })
      yield
    }
    owners.push({ owner: ofOwner.owner, awake, rules, verdict: list.verdictOf(matches, message) })
  }
  const decision = new Decision(
    compiled.map(([, list]) => list),
    message,
  )
  yield* decision.finishing()
  return { owners, verdict: decision.verdict, open: openRules(owners, message.recipient.domain) }
}

function* judging(
  owned: OwnedRule,
  awake: boolean,
  message: MessageView,
  groups: Groups,
): InPieces<Pick<ExplainedRule, 'state' | 'fields'>> {
  const { rule } = owned
  if (rule.direction !== message.direction) return { state: 'other direction', fields: [] }
  const criteria = yield* criteriaOf(owned, groups)
  const fields = yield* criteria.judging(message)
  const { from, until } = periodOf(rule)
  if (!rule.enabled) return { state: 'off', fields }
  if (!awake) return { state: 'asleep', fields }
  if (message.now < from) return { state: 'not yet', fields }
  if (message.now >= until) return { state: 'expired', fields }
  if (fields.some(({ met }) => met === false)) return { state: 'not matched', fields }
  const unknown = fields.find(({ met }) => met === null)
  if (unknown === undefined) return { state: 'matched', fields }
  return { state: unknown.why === undefined ? 'not known' : 'unknown', fields }
}
