/** An owner's rules, each checked for itself: those that are valid, in order, and what is wrong with the others. Pure. */
import { atOnce, sorting, type InPieces } from '../work/pieces.js'
import { formatProblem } from './rule.js'
import { Groups } from './group.js'
import { findingGroupsProblem } from './match.js'
import {
  byPlace,
  checkingEntry,
  type EntryCheck,
  type OwnedRule,
  type OwnerEntries,
} from './owner-entries.js'

/** Rules, and what is wrong with others. */
export interface CheckedRules {
  /** By position, then by id. */
  readonly rules: readonly OwnedRule[]
  /** By id. */
  readonly problems: ReadonlyMap<string, string>
}

/** @param groups reads each group once, however many rules refer to it */
export function checkRules(owned: Pick<OwnerEntries, 'owner' | 'rules'>, groups: Groups): CheckedRules {
  return atOnce(checkingRules(owned, groups))
}

/** `checkRules`, in pieces. */
export function* checkingRules(
  { owner, rules }: Pick<OwnerEntries, 'owner' | 'rules'>,
  groups: Groups,
): InPieces<CheckedRules> {
  const valid: OwnedRule[] = []
  const problems = new Map<string, string>()
  for (const [id, json] of rules) {
    const checked = yield* checkingOne(owner, id, json, groups)
    yield
    if ('rule' in checked) valid.push(checked)
    else problems.set(id, checked.problem)
  }
  const place = ({ id, rule }: OwnedRule) => ({ id, position: rule.position })
  return { rules: yield* sorting(valid, (a, b) => byPlace(place(a), place(b))), problems }
}

/** One rule with the groups that it refers to, in pieces. */
export function* checkingOne(owner: string, id: string, json: string, groups: Groups): InPieces<EntryCheck> {
  const checked = yield* checkingEntry(owner, id, json)
  if ('problem' in checked) return checked
  const wrong = yield* findingGroupsProblem(checked.rule.criteria, groups)
  return wrong === null ? checked : { problem: formatProblem(wrong) }
}
