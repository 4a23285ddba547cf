/** The decision for a message: what each recipient requires, over all owners of its sender. Pure. */
import type { MessageView } from './match.js'
import { addUp } from './requirement.js'
import { RuleList, type Verdict } from './rule-list.js'

/** The verdict of several owners; requirements add up, strictest wins. */
export function decide(lists: readonly RuleList[], message: MessageView): Verdict {
  let sum: Verdict = NOTHING
  for (const list of lists) {
    // Most senders have no rules of their own.
    if (list === RuleList.empty) continue
    const verdict = list.verdictOn(message)
    if (sum === NOTHING) {
      sum = verdict
      continue
    }
    if (verdict.requirement === null && verdict.reported.length === 0) continue
    sum = {
      requirement: addUp(sum.requirement, verdict.requirement),
      reported: verdict.reported.length === 0 ? sum.reported : [...sum.reported, ...verdict.reported],
    }
  }
  return sum
}

const NOTHING: Verdict = { requirement: null, reported: [] }
