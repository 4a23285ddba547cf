/** Compiling an owner's rules without keeping the event loop from its other work. */
import type { Unreadable } from '../rules/entry-problem.js'
import type { StoredGroups } from '../rules/group.js'
import type { OwnerParts } from '../rules/owner-entries.js'
import { RuleList } from '../rules/rule-list.js'
import { inPieces } from '../work/turns.js'

/** `RuleList.compile`, for a list of any length: it yields by itself. */
export async function compile(
  entries: OwnerParts,
  groups: StoredGroups | Unreadable,
  before?: RuleList,
): Promise<RuleList> {
  return await inPieces(RuleList.compile(entries, groups, before))
}
