/** The decision for a message: what each recipient requires, over all owners of its sender. Pure. */
import type { MailAddress } from './address.js'
import { addUp, type Requirement } from './requirement.js'
import type { RuleList } from './rule-list.js'

/** The requirement for a recipient under the rules of several owners; they add up, strictest wins. */
export function requirementUnder(lists: readonly RuleList[], recipient: MailAddress): Requirement | null {
  return lists.reduce<Requirement | null>((sum, list) => addUp(sum, list.requirementFor(recipient)), null)
}
