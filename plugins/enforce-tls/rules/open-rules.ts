/**
 * Which rules could still make an explanation come out otherwise: those that look at a header which was not given,
 * stand above whatever decides, and lead to another requirement. Pure.
 */
import type { ExplainedOwner, ExplainedRule } from './explanation.js'
import { addUp, requirementOf, type Requirement } from './requirement.js'
import { actionOf } from './rule.js'

/** More ways than these are not gone through: the answer then counts as open. */
const WAYS_MAX = 1000

/**
 * The rules that could change what is required, in order; none where the answer is certain.
 *
 * @param domain of the recipient
 */
export function openRules(owners: readonly ExplainedOwner[], domain: string): readonly ExplainedRule[] {
  const ways = owners.map((owner) => waysOf(owner, domain))
  if (!canDiffer(ways)) return []
  return ways.flatMap((ofOwner) => {
    const [now] = ofOwner.slice(-1)
    return ofOwner.filter((way) => way !== now && way.key !== now?.key).flatMap(({ rule }) => rule ?? [])
  })
}

/** One way in which an owner's rules can come out. */
interface Way {
  /** The rule that decides then; `null` where none does. */
  readonly rule: ExplainedRule | null
  readonly requirement: Requirement | null
  readonly key: string
}

/** The ways from the top of the list; the last one is what holds where no open rule matches. */
function waysOf({ rules }: ExplainedOwner, domain: string): Way[] {
  const ways: Way[] = []
  for (const rule of rules) {
    const decides = rule.part === 'decides' || rule.part === 'exempts'
    const open = rule.state === 'not known' && rule.rule.mode !== 'report'
    if (decides || open) ways.push(wayOf(rule, domain))
    if (decides) return ways
  }
  return [...ways, { rule: null, requirement: null, key: keyOf(null) }]
}

function wayOf(rule: ExplainedRule, domain: string): Way {
  const { owner, id } = rule
  const { name } = rule.rule
  const action = actionOf(rule.rule)
  const requirement = action.level === 'none' ? null : requirementOf(action, domain, { owner, id, name })
  return { rule, requirement, key: keyOf(requirement) }
}

/** Whether the sum over all owners is another one for some choice of their ways. */
function canDiffer(ways: readonly (readonly Way[])[]): boolean {
  const distinct = ways.map((ofOwner) => [...new Map(ofOwner.map((way) => [way.key, way])).values()])
  if (distinct.reduce((product, { length }) => product * length, 1) > WAYS_MAX) return true
  let sums: (Requirement | null)[] = [null]
  for (const ofOwner of distinct)
    sums = sums.flatMap((sum) => ofOwner.map(({ requirement }) => addUp(sum, requirement)))
  return new Set(sums.map(keyOf)).size > 1
}

/** What is demanded, whoever demands it. */
function keyOf(requirement: Requirement | null): string {
  return JSON.stringify(requirement, (name, value: unknown) => (name === 'decidedBy' ? undefined : value))
}
