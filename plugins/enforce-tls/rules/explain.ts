/**
 * The answer to "what would happen to this message, and why?": the verdict as a delivery gets it, and for each
 * rule what became of it. Pure; as a process decides that has no last valid version of entries that are broken.
 */
import { decide } from './decide.js'
import { checkRules } from './checked-rules.js'
import { Unreadable, type EntryProblem } from './entry-problem.js'
import { Groups, type StoredGroups } from './group.js'
import { compileCriteria, type FieldOutcome, type MessageView } from './match.js'
import { switchOf, type OwnedRule, type OwnerParts, type Switch } from './owner-entries.js'
import { periodOf } from './period.js'
import { RuleList, type Verdict } from './rule-list.js'

/** What became of a rule. */
export type RuleState =
  | 'matched'
  | 'not matched'
  /** It asks for subject or header, and these were not given. */
  | 'not known'
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
   * `decides`: the first match. `exempts`: that of level none. `reports`: it would have required something.
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
}

/** The whole answer. */
export interface Explanation {
  /** In the order given. */
  readonly owners: readonly ExplainedOwner[]
  /** What holds for the message; `null`: that is unknown, and the message waits. */
  readonly verdict: Verdict | null
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
  const compiled = owners.map((parts) => [parts, RuleList.compile(parts, groups)] as const)
  const read = new Groups(groups)
  const explained = compiled.map(([parts, list]): ExplainedOwner => {
    const { owner, rules: stored } = parts
    const service = switchOf(parts, 'unknown').is
    const { decides, reported } = list.matches(message)
    const reports = new Set(reported.map(({ id }) => id))
    const valid = stored instanceof Unreadable ? [] : checkRules({ owner, rules: stored }, read).rules
    const rules = valid.map((owned): ExplainedRule => {
      const exempts = owned.rule.actions.relayWithTls.level === 'none'
      const { state, fields } = judged(owned, service, message, read)
      let part: ExplainedRule['part'] = null
      if (decides?.id === owned.id) part = exempts ? 'exempts' : 'decides'
      else if (reports.has(owned.id) && !exempts) part = 'reports'
      return { ...owned, state, fields, part }
    })
    const { problems = [], problemCount } = list
    return {
      owner,
      awake: isAwake(service),
      rules,
      problems,
      problemCount,
      waitsFor: list.waitsFor(message),
    }
  })
  const waits = explained.some(({ waitsFor }) => waitsFor !== null)
  const lists = compiled.map(([, list]) => list)
  return { owners: explained, verdict: waits ? null : decide(lists, message) }
}

/** Where nobody knows whether a service is on, its rules are explained as if it were. */
function isAwake(is: Switch): boolean {
  return is === 'on' || is === 'unknown'
}

function judged(
  owned: OwnedRule,
  service: Switch,
  message: MessageView,
  groups: Groups,
): Pick<ExplainedRule, 'state' | 'fields'> {
  const { rule } = owned
  if (rule.direction !== message.direction) return { state: 'other direction', fields: [] }
  const fields = compileCriteria(rule.criteria, groups).judge(message)
  const { from, until } = periodOf(rule)
  if (!rule.enabled) return { state: 'off', fields }
  if (!isAwake(service)) return { state: 'asleep', fields }
  if (message.now < from) return { state: 'not yet', fields }
  if (message.now >= until) return { state: 'expired', fields }
  if (fields.some(({ met }) => met === false)) return { state: 'not matched', fields }
  return { state: fields.some(({ met }) => met === null) ? 'not known' : 'matched', fields }
}
