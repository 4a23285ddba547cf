/** A rule with the members of its groups in their places. A group that is not there, or not valid, has none. */
import { parseGroup, type StoredGroups } from '../rules/group.js'
import { GROUP_PREFIX } from '../rules/group-name.js'
import type { AddressCriterion, Rule } from '../rules/rule.js'
import { inPieces } from '../work/turns.js'
import { groupsOf } from './document-scope.js'

/** The rule with the members of its groups in their places. */
export async function expanded(rule: Rule, groups: StoredGroups): Promise<Rule> {
  if (groupsOf(rule).length === 0) return rule
  const { to, from, ...others } = rule.criteria
  const criteria = {
    ...others,
    ...(to && { to: await withMembers(to, groups) }),
    ...(from && { from: await withMembers(from, groups) }),
  }
  return { ...rule, criteria }
}

async function withMembers(lists: AddressCriterion, groups: StoredGroups): Promise<AddressCriterion> {
  const { matchesAny, matchesNone } = lists
  return {
    ...(matchesAny && { matchesAny: await members(matchesAny, groups) }),
    ...(matchesNone && { matchesNone: await members(matchesNone, groups) }),
  }
}

async function members(patterns: readonly string[], groups: StoredGroups): Promise<readonly string[]> {
  const found = new Set<string>()
  for (const pattern of patterns) {
    if (!pattern.startsWith(GROUP_PREFIX)) found.add(pattern)
    else for (const member of await membersOf(groups, pattern.slice(GROUP_PREFIX.length))) found.add(member)
  }
  return [...found]
}

/** The patterns of a group as it is stored; none where it is not there, or not valid. */
export async function membersOf(groups: StoredGroups, name: string): Promise<readonly string[]> {
  const json = groups.get(name)
  const checked = json === undefined ? null : await inPieces(parseGroup(json))
  return checked && 'patterns' in checked ? checked.patterns : []
}
