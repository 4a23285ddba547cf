/** Rules that are to be written: checked with their groups and with their place in the list. */
import { checkRule } from '../rules/check-rule.js'
import { Groups } from '../rules/group.js'
import { groupsProblem } from '../rules/match.js'
import type { OwnedRule } from '../rules/owner-entries.js'
import type { Rule } from '../rules/rule.js'
import { quote } from '../text/quote.js'
import { inPieces } from '../work/turns.js'
import type { OwnerRead } from './owner-state.js'
import { AdminProblem } from './problem.js'

/** A rule after a change. */
export interface ChangedRule {
  readonly owned: OwnedRule
  /** Whether anything was written. */
  readonly changed: boolean
  /** What is there now. */
  readonly read: OwnerRead
}

/**
 * A rule out of what somebody gives as one, with the groups that it refers to.
 *
 * @throws {AdminProblem} for what does not validate.
 */
export async function checkedRule(value: unknown, { groups }: Pick<OwnerRead, 'groups'>): Promise<Rule> {
  const rule = await wellFormedRule(value)
  const wrong = await inPieces(groupsProblem(rule.criteria, new Groups(groups)))
  if (wrong !== null) throw new AdminProblem({ code: 'invalid', what: 'rule', problem: wrong })
  return rule
}

/** The same, without a look at the groups of a store. */
export async function wellFormedRule(value: unknown): Promise<Rule> {
  const checked = await inPieces(checkRule(value))
  if ('rule' in checked) return checked.rule
  throw new AdminProblem({ code: 'invalid', what: 'rule', problem: checked })
}

/** @throws {AdminProblem} where a rule would get a position that one of these others has already. */
export function assertOwnPosition(others: readonly OwnedRule[], { position }: Rule): void {
  const holder = others.find(({ rule }) => rule.position === position)
  if (!holder) return
  const problem = {
    field: 'position',
    problem: `${position} is the position of rule ${quote(holder.id)} (${holder.rule.name})`,
    expected: 'a position of its own, or use rule move, which renumbers the list',
  }
  throw new AdminProblem({ code: 'invalid', what: 'rule', problem })
}

/** What is there once a rule is written. */
export function readAfter({ entries, groups }: OwnerRead, id: string, json: string | null): OwnerRead {
  const rules = new Map(entries.rules)
  if (json === null) rules.delete(id)
  else rules.set(id, json)
  return { entries: { ...entries, rules }, groups }
}
