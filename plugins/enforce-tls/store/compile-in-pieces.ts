/** Compiling an owner's rules without keeping the event loop from its other work. */
import type { StoredGroups } from '../rules/group.js'
import type { OwnerEntries } from '../rules/owner-entries.js'
import { RuleList } from '../rules/rule-list.js'
import { inPieces } from './turns.js'

/**
 * `RuleList.compile`, for a list of any length.
 *
 * @throws {InvalidEntry} as that does
 */
export async function compileInPieces(entries: OwnerEntries, groups: StoredGroups): Promise<RuleList> {
  return await inPieces(RuleList.compiling(entries, groups))
}
