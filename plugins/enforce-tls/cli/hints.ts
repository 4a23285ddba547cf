/** "Did you mean": names near to the one that somebody wrote and that is not there. */
import type { ReadStore } from '../store/rule-store.js'
import { didYouMean, nearest } from '../text/nearest.js'
import type { OwnerEntries } from '../rules/owner-entries.js'
import { parseRule } from '../rules/check-rule.js'
import { quote } from '../text/quote.js'
import { atOnce } from '../work/pieces.js'

/** The end of a sentence on an owner or domain that a store does not know; nothing where it does, or none is near. */
export async function ownerHint(store: ReadStore, owner: string): Promise<string> {
  const [owners, services] = await Promise.all([store.owners(), store.services()])
  if (services.has(owner) || owners.includes(owner)) return ''
  return didYouMean(nearest(owner, new Set([...owners, ...services.keys()]), Infinity))
}

/** The end of a sentence on a rule that an owner does not have: one with such an id, or such a name. */
export function ruleHint({ rules }: Pick<OwnerEntries, 'rules'>, given: string): string {
  const names = new Map<string, string>()
  for (const [id, json] of rules) {
    const read = atOnce(parseRule(json))
    if ('rule' in read) names.set(read.rule.name, id)
  }
  const name = names.has(given) ? given : nearest(given, names.keys())
  const id = name === null ? nearest(given, rules.keys()) : (names.get(name) ?? null)
  return id === null || name === null ? didYouMean(id) : `; did you mean ${id} (${quote(name).slice(1, -1)})?`
}
