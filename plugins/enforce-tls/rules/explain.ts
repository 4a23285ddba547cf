/**
 * The answer to "what would happen to this message, and why?": the verdict as a delivery gets it, and for each
 * rule what became of it. Pure; as a process decides that has no last valid version of entries that are broken.
 */
import { checkingRules } from './checked-rules.js'
import { Decision } from './decide.js'
import { Unreadable, type EntryProblem } from './entry-problem.js'
import { Groups, type StoredGroups } from './group.js'
import { compilingCriteria, type FieldOutcome, type MessageView } from './match.js'
import { openRules } from './open-rules.js'
import { switchOf, type OwnedRule, type OwnerParts, type Switch } from './owner-entries.js'
import { periodOf } from './period.js'
import { atOnce, type InPieces } from './pieces.js'
import { RuleList, type Verdict } from './rule-list.js'

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
  /** Entries that are broken: all of them but for rules beyond the first few. */
  readonly problems: readonly EntryProblem[]
  readonly problemCount: number
  /** The one of them that makes the message wait. */
  readonly waitsFor: EntryProblem | null
  /** What they come to, where no broken entry keeps them from deciding. */
  readonly verdict: Verdict
}

/** The whole answer. */
export interface Explanation {
  /** In the order given. */
  readonly owners: readonly ExplainedOwner[]
  /** What holds for the message; `null`: that is unknown, and the message waits. */
  readonly verdict: Verdict | null
  /** Rules that look at a header which was not given, and could change what is required. */
  readonly open: readonly ExplainedRule[]
}

/**
 * Explains the verdict on a message.
 *
 * @param owners all whose rules it is subject to, widest first
 */
export function explain(
  owners: readonly OwnerParts[],
  groups: StoredGroups | Unreadable,
  message: MessageView,
): Explanation {
  return atOnce(explaining(owners, groups, message))
}

/** Where nobody knows whether a service is on, its rules are explained as if it were. */
function isAwake(is: Switch): boolean {
  return is === 'on' || is === 'unknown'
}

/** `explain`, in pieces. */
export function* explaining(
  parts: readonly OwnerParts[],
  groups: StoredGroups | Unreadable,
  message: MessageView,
): InPieces<Explanation> {
  const compiled: (readonly [OwnerParts, RuleList])[] = []
  for (const ofOwner of parts) compiled.push([ofOwner, yield* RuleList.compiling(ofOwner, groups)])
  const read = new Groups(groups)
  const owners: ExplainedOwner[] = []
  for (const [ofOwner, list] of compiled) {
    const { owner, rules: stored } = ofOwner
    const service = switchOf(ofOwner, 'unknown').is
    const matches = yield* list.matching(message)
    const { decides, possible, reported } = matches
    const deciding = new Set([decides, ...possible].map((rule) => rule?.id))
    const reports = new Set(reported.map(({ id }) => id))
    const valid =
      stored instanceof Unreadable ? [] : (yield* checkingRules({ owner, rules: stored }, read)).rules
    const rules: ExplainedRule[] = []
    for (const owned of valid) {
      const exempts = owned.rule.actions.relayWithTls.level === 'none'
      const { state, fields } = yield* judging(owned, service, message, read)
      let part: ExplainedRule['part'] = null
      if (deciding.has(owned.id)) part = exempts ? 'exempts' : 'decides'
      else if (reports.has(owned.id) && !exempts) part = 'reports'
      rules.push({ ...owned, state, fields, part })
      yield
    }
    const { problems = [], problemCount } = list
    owners.push({
      owner,
      awake: isAwake(service),
      rules,
      problems,
      problemCount,
      waitsFor: list.waitsFor(message),
      verdict: list.verdictOf(matches, message),
    })
  }
  const open = openRules(owners, message.recipient.domain)
  if (owners.some(({ waitsFor }) => waitsFor !== null)) return { owners, verdict: null, open }
  const decision = new Decision(
    compiled.map(([, list]) => list),
    message,
  )
  yield* decision.finishing()
  return { owners, verdict: decision.verdict, open }
}

function* judging(
  owned: OwnedRule,
  service: Switch,
  message: MessageView,
  groups: Groups,
): InPieces<Pick<ExplainedRule, 'state' | 'fields'>> {
  const { rule } = owned
  if (rule.direction !== message.direction) return { state: 'other direction', fields: [] }
  const criteria = yield* compilingCriteria(rule.criteria, groups)
  const fields = yield* criteria.judging(message)
  const { from, until } = periodOf(rule)
  if (!rule.enabled) return { state: 'off', fields }
  if (!isAwake(service)) return { state: 'asleep', fields }
  if (message.now < from) return { state: 'not yet', fields }
  if (message.now >= until) return { state: 'expired', fields }
  if (fields.some(({ met }) => met === false)) return { state: 'not matched', fields }
  const unknown = fields.find(({ met }) => met === null)
  if (unknown === undefined) return { state: 'matched', fields }
  return { state: unknown.why === undefined ? 'not known' : 'unknown', fields }
}
