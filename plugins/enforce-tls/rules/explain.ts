/**
 * The answer to "what would happen to this message, and why?": the ruling as a delivery gets it, and for each
 * rule what became of it. Pure; as a process decides that has no last valid version of entries that are broken.
 */
import { inOrder } from './checked-rules.js'
import { addUpRulings } from './decide.js'
import type { Unreadable } from './entry-problem.js'
import type { ExplainedOwner, ExplainedRule, Explanation } from './explanation.js'
import { Groups, type StoredGroups } from './group.js'
import { compileCriteria, type MessageView } from './match.js'
import { openRules } from './open-rules.js'
import { mayAct, switchOf, type OwnedRule, type OwnerParts, type Switch } from './owner-entries.js'
import { periodOf } from './period.js'
import type { InPieces } from '../work/pieces.js'
import { RuleList } from './rule-list.js'
import type { Matches } from './rule-index.js'
import { actionOf } from './rule.js'

/**
 * Explains what the rules say of a message, in pieces.
 *
 * @param parts of all owners whose rules it is subject to, widest first
 */
export function* explain(
  parts: readonly OwnerParts[],
  groups: StoredGroups | Unreadable,
  message: MessageView,
): InPieces<Explanation> {
  const read = new Groups(groups)
  const owners: ExplainedOwner[] = []
  for (const ofOwner of parts) owners.push(yield* explainOwner(ofOwner, groups, read, message))
  const waits = owners.some(({ waitsFor }) => waitsFor !== null)
  return {
    owners,
    ruling: waits ? null : addUpRulings(owners.map(({ ruling }) => ruling)),
    open: openRules(owners, message.recipient.domain),
  }
}

/** @param read the same groups, read once for all owners */
function* explainOwner(
  parts: OwnerParts,
  groups: StoredGroups | Unreadable,
  read: Groups,
  message: MessageView,
): InPieces<ExplainedOwner> {
  const valid: OwnedRule[] = []
  const list = yield* RuleList.compile(parts, groups, RuleList.empty, (owned) => void valid.push(owned))
  const service = switchOf(parts, 'unknown').is
  const matches = yield* list.match(message)
  const partOf = partsIn(matches)
  const rules: ExplainedRule[] = []
  for (const owned of yield* inOrder(valid)) {
    const judged = yield* judge(owned, service, message, read)
    rules.push({ ...owned, ...judged, part: partOf(owned) })
    yield
  }
  const { problems, problemCount } = list.compiled
  return {
    owner: parts.owner,
    awake: mayAct(service),
    rules,
    problems,
    problemCount,
    waitsFor: list.waitsFor(message.direction, matches),
    ruling: list.rulingOf(matches, message),
  }
}

/** Which part each rule has in what these matches come to. */
function partsIn({ decides, possible, reported }: Matches): (owned: OwnedRule) => ExplainedRule['part'] {
  const deciding = new Set([decides, ...possible].map((rule) => rule?.id))
  const reports = new Set(reported.map(({ id }) => id))
  return ({ id, rule }) => {
    const exempts = actionOf(rule).level === 'none'
    if (deciding.has(id)) return exempts ? 'exempts' : 'decides'
    return reports.has(id) && !exempts ? 'reports' : null
  }
}

function* judge(
  owned: OwnedRule,
  service: Switch,
  message: MessageView,
  groups: Groups,
): InPieces<Pick<ExplainedRule, 'state' | 'fields'>> {
  const { rule } = owned
  if (rule.direction !== message.direction) return { state: 'other direction', fields: [] }
  const criteria = yield* compileCriteria(rule.criteria, groups)
  const fields = yield* criteria.judge(message)
  const { from, until } = periodOf(rule)
  if (!rule.enabled) return { state: 'off', fields }
  if (!mayAct(service)) return { state: 'asleep', fields }
  if (message.now < from) return { state: 'not yet', fields }
  if (message.now >= until) return { state: 'expired', fields }
  if (fields.some(({ met }) => met === false)) return { state: 'not matched', fields }
  const unknown = fields.find(({ met }) => met === null)
  if (unknown === undefined) return { state: 'matched', fields }
  return { state: unknown.why === undefined ? 'not known' : 'unknown', fields }
}
