/** The decision for a message: what each recipient requires, over all owners of its sender. Pure. */
import type { MessageView } from './match.js'
import type { InPieces } from '../work/pieces.js'
import { addUpAll } from './requirement.js'
import type { RuleList, Ruling } from './rule-list.js'

/**
 * What several owners' rules say of a message, in pieces; requirements add up, strictest wins.
 *
 * @throws {InvalidEntry} where a broken entry keeps one of them from deciding.
 */
export function* decide(lists: readonly RuleList[], message: MessageView): InPieces<Ruling> {
  const rulings: Ruling[] = []
  for (const list of lists) rulings.push(yield* list.rulingOn(message))
  return addUpRulings(rulings)
}

/** The sum of what several owners' rules say. */
export function addUpRulings(rulings: readonly Ruling[]): Ruling {
  return {
    requirement: addUpAll(rulings.map(({ requirement }) => requirement)),
    reported: rulings.flatMap(({ reported }) => reported),
    covered: rulings.some(({ covered }) => covered),
  }
}
