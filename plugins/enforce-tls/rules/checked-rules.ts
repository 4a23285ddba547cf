/** An owner's rules, each checked for itself: those that are valid, in order, and what is wrong with the others. Pure. */
import { sorting, type InPieces } from '../work/pieces.js'
import { formatProblem } from './format-problem.js'
import type { Groups } from './group.js'
import { groupsProblem } from './match.js'
import { byPlace, checkEntry, type EntryCheck, type OwnedRule, type OwnerEntries } from './owner-entries.js'

/** Rules, and what is wrong with others. */
export interface CheckedRules {
  /** By position, then by id. */
  readonly rules: readonly OwnedRule[]
  /** By id. */
  readonly problems: ReadonlyMap<string, string>
}

/** Checks all rules of an owner, in pieces. @param groups reads each group once, however many rules refer to it */
export function* checkRules(
  { owner, rules }: Pick<OwnerEntries, 'owner' | 'rules'>,
  groups: Groups,
): InPieces<CheckedRules> {
  const valid: OwnedRule[] = []
  const problems = new Map<string, string>()
  for (const [id, json] of rules) {
    const checked = yield* checkWithGroups(owner, id, json, groups)
    yield
    if ('rule' in checked) valid.push(checked)
    else problems.set(id, checked.problem)
  }
  return { rules: yield* inOrder(valid), problems }
}

/** One rule with the groups that it refers to, in pieces. */
export function* checkWithGroups(
  owner: string,
  id: string,
  json: string,
  groups: Groups,
): InPieces<EntryCheck> {
  const checked = yield* checkEntry(owner, id, json)
  if ('problem' in checked) return checked
  const wrong = yield* groupsProblem(checked.rule.criteria, groups)
  return wrong === null ? checked : { problem: formatProblem(wrong) }
}

/** Rules by position, then by id; in pieces. */
export function inOrder(rules: readonly OwnedRule[]): InPieces<readonly OwnedRule[]> {
  return sorting(rules, (a, b) => byPlace(placeOf(a), placeOf(b)))
}

/** Where a rule stands. */
export function placeOf({ id, rule: { position } }: OwnedRule): { id: string; position: number } {
  return { id, position }
}
