/**
 * The answer to "what would happen to this message, and why?": the verdict as a delivery gets it, and for each
 * rule what became of it. Pure; as a process decides that has no last valid version of entries that are broken.
 */
import { checkingRules } from './checked-rules.js'
import { Decision } from './decide.js'
import { Unreadable } from './entry-problem.js'
import { ExplainedOwner, ExplainedRule, Explanation } from './explanation.js'
import { Groups, type StoredGroups } from './group.js'
import { compilingCriteria, type MessageView } from './match.js'
import { openRules } from './open-rules.js'
import { switchOf, type OwnedRule, type OwnerParts, type Switch } from './owner-entries.js'
import { periodOf } from './period.js'
import { atOnce, type InPieces } from '../work/pieces.js'
import { RuleList } from './rule-list.js'

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
