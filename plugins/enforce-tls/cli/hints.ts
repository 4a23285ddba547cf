/** "Did you mean": names near to the one that somebody wrote and that is not there. */
import type { ReadStore } from '../store/rule-store.js'
import type { ProblemData } from '../admin/problem.js'
import { parseRule } from '../rules/check-rule.js'
import { listed } from '../text/list.js'
import { didYouMean, nearest } from '../text/nearest.js'
import { quote } from '../text/quote.js'
import { atOnce } from '../work/pieces.js'

/** The end of a sentence on an owner or domain that a store does not know; nothing where it does, or none is near. */
export async function ownerHint(store: ReadStore, owner: string): Promise<string> {
  const [owners, services] = await Promise.all([store.owners(), store.services()])
  if (services.has(owner) || owners.includes(owner)) return ''
  return didYouMean(nearest(owner, new Set([...owners, ...services.keys()]), Infinity))
}

/** The end of a sentence on a rule or a group that is not there: what may be meant, or what there is. */
export function missingHint(data: ProblemData): string {
  switch (data.code) {
    case 'no-rule':
      return (
        ruleHint(data.known, data.value) || others(data.known, `${data.owner} has no rules`, 'its rules are')
      )
    case 'no-group':
      return (
        didYouMean(nearest(data.value, data.known.keys())) ||
        others(data.known, 'there are no groups', 'the groups are')
      )
    case 'no-place':
      return missingHint(data.cause)
    default:
      return ''
  }
}

function others(known: ReadonlyMap<string, string>, none: string, some: string): string {
  return known.size === 0 ? `; ${none}` : `; ${some}: ${listed([...known.keys()].sort(), 20)}`
}

/** A rule with such an id, or such a name. */
function ruleHint(rules: ReadonlyMap<string, string>, given: string): string {
  const names = new Map<string, string>()
  for (const [id, json] of rules) {
    const read = atOnce(parseRule(json))
    if ('rule' in read) names.set(read.rule.name, id)
  }
  const name = names.has(given) ? given : nearest(given, names.keys())
  if (name === null) return didYouMean(nearest(given, rules.keys()))
  return `; did you mean ${names.get(name) ?? ''} (${quote(name).slice(1, -1)})?`
}
