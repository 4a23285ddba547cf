/** What is said of a group that is not there. */
import { didYouMean, nearest } from '../text/nearest.js'
import { quote } from '../text/quote.js'
import { listed } from '../text/list.js'
import { Refusal } from './refusal.js'

/** Names the group that may be meant, or those that there are. */
export function noGroup(groups: ReadonlyMap<string, string>, name: string): Refusal {
  const names = [...groups.keys()].sort()
  const hint = didYouMean(nearest(name, names))
  const others = names.length === 0 ? 'there are no groups' : `the groups are: ${listed(names, 20)}`
  return new Refusal([`there is no group ${quote(name)}${hint === '' ? `; ${others}` : hint}`])
}
