/** What is wrong with an entry of the store, as the end of a sentence that names its place. Pure. */
import { formatFlaw } from '../rules/format-problem.js'
import { parseDomain } from '../rules/address.js'
import { Groups, parseGroup, type StoredGroups } from '../rules/group.js'
import { formatGroupProblem } from '../rules/format-problem.js'
import { groupNameProblem } from '../rules/group-name.js'
import { parseOwner } from '../rules/owner.js'
import { readSenderHelp } from '../rules/sender-help.js'
import { quote } from '../text/quote.js'
import { checkWithGroups } from '../rules/checked-rules.js'
import { parseService, type EntryCheck } from '../rules/owner-entries.js'
import { atOnce, type InPieces } from '../work/pieces.js'

/**
 * What is wrong with a rule, the groups that it refers to included, or `null`.
 *
 * @param groups as `Groups` where many rules are looked at: a group is then read once
 */
export function ruleProblem(
  owner: string,
  id: string,
  json: string,
  groups: StoredGroups | Groups,
): string | null {
  return atOnce(findingRuleProblem(owner, id, json, groups))
}

/** `ruleProblem`, in pieces. */
export function* findingRuleProblem(
  owner: string,
  id: string,
  json: string,
  groups: StoredGroups | Groups,
): InPieces<string | null> {
  const checked = yield* checkingRule(owner, id, json, groups)
  return 'problem' in checked ? checked.problem : null
}

/** A rule as it stands, checked with the groups that it refers to, or what is wrong with it; in pieces. */
export function checkingRule(
  owner: string,
  id: string,
  json: string,
  groups: StoredGroups | Groups,
): InPieces<EntryCheck> {
  return checkWithGroups(owner, id, json, groups instanceof Groups ? groups : new Groups(groups))
}

/** What is wrong with a group, or `null`. */
export function groupProblem(name: string, json: string): string | null {
  return atOnce(findingGroupProblem(name, json))
}

/** `groupProblem`, in pieces. */
export function* findingGroupProblem(name: string, json: string): InPieces<string | null> {
  const problem = groupNameProblem(name)
  if (problem !== null) return problem
  const checked = yield* parseGroup(json)
  return 'problem' in checked ? formatGroupProblem(checked) : null
}

/** What is wrong with a domain's service, or `null`. */
export function serviceProblem(domain: string, json: string): string | null {
  const parsed = parseDomain(domain)
  if ('problem' in parsed) return formatFlaw(parsed)
  if (parsed.domain !== domain) return `is never looked up; expected: ${parsed.domain}`
  const service = parseService(json)
  return 'problem' in service ? formatFlaw(service) : null
}

/** What is wrong with what a domain's entry says beside its service: it is left out of bounces. */
export function helpProblems(json: string): readonly string[] {
  return readSenderHelp(json).flaws.map(formatFlaw)
}

/** What is wrong with an owner's name, as a whole sentence, or `null`. */
export function ownerProblem(owner: string): string | null {
  const parsed = parseOwner(owner)
  if ('problem' in parsed) return formatFlaw(parsed)
  return parsed.owner === owner ? null : `owner ${quote(owner)} is never looked up; expected: ${parsed.owner}`
}
