/** The part of a document that belongs to one owner. Pure. */
import { GROUP_PREFIX } from '../rules/group-name.js'
import { parseRule } from '../rules/check-rule.js'
import type { Rule } from '../rules/rule.js'
import type { RulesDocument } from '../store/rules-document.js'
import { atOnce } from '../work/pieces.js'

/**
 * An owner's rules, the service of the domain if the owner is one, and the groups that the rules refer to. The marker
 * of a store is not for a part of it.
 *
 * @param owner `undefined`: the whole document
 */
export function partOf(document: RulesDocument, owner: string | undefined): RulesDocument {
  if (owner === undefined) return document
  const rules = document.rules.get(owner) ?? new Map<string, string>()
  const referred = new Set([...rules.values()].flatMap(groupsIn))
  const groups = [...document.groups].filter(([group]) => referred.has(group))
  const domains = [...document.domains].filter(([domain]) => domain === owner)
  return { domains: new Map(domains), groups: new Map(groups), rules: new Map([[owner, rules]]), store: null }
}

/** The groups that a rule refers to; none for what is no rule. */
export function groupsIn(json: string): string[] {
  const checked = atOnce(parseRule(json))
  return 'rule' in checked ? groupsOf(checked.rule) : []
}

/** The groups that a rule refers to. */
export function groupsOf({ criteria: { to, from } }: Rule): string[] {
  return [to, from]
    .flatMap((lists) => [...(lists?.matchesAny ?? []), ...(lists?.matchesNone ?? [])])
    .flatMap((text) => (text.startsWith(GROUP_PREFIX) ? [text.slice(GROUP_PREFIX.length)] : []))
}
