/** An owner's rules, each checked for itself: those that are valid, in order, and what is wrong with the others. Pure. */
import { formatProblem } from './rule.js'
import { Groups } from './group.js'
import { groupsProblem } from './match.js'
import { byPlace, checkEntry, type OwnedRule, type OwnerEntries } from './owner-entries.js'

/** Rules, and what is wrong with others. */
export interface CheckedRules {
  /** By position, then by id. */
  readonly rules: readonly OwnedRule[]
  /** By id. */
  readonly problems: ReadonlyMap<string, string>
}

/** @param groups reads each group once, however many rules refer to it */
export function checkRules(
  { owner, rules }: Pick<OwnerEntries, 'owner' | 'rules'>,
  groups: Groups,
): CheckedRules {
  const valid: OwnedRule[] = []
  const problems = new Map<string, string>()
  for (const [id, json] of rules) {
    const checked = checkOne(owner, id, json, groups)
    if ('rule' in checked) valid.push(checked)
    else problems.set(id, checked.problem)
  }
  const place = ({ id, rule }: OwnedRule) => ({ id, position: rule.position })
  return { rules: valid.sort((a, b) => byPlace(place(a), place(b))), problems }
}

/** One rule with the groups that it refers to. */
export function checkOne(
  owner: string,
  id: string,
  json: string,
  groups: Groups,
): OwnedRule | { readonly problem: string } {
  const checked = checkEntry(owner, id, json)
  if ('problem' in checked) return checked
  const wrong = groupsProblem(checked.rule.criteria, groups)
  return wrong === null ? checked : { problem: formatProblem(wrong) }
}
