/** Compiling an owner's rules without keeping the event loop from its other work. */
import { RuleList } from '../rules/rule-list.js'
import type { ReadParts } from './read-parts.js'
import { inPieces } from '../work/turns.js'

/** `RuleList.compile`, for a list of any length. */
export async function compileInPieces(
  { parts, groups }: Pick<ReadParts, 'parts' | 'groups'>,
  before?: RuleList,
): Promise<RuleList> {
  return await inPieces(RuleList.compiling(parts, groups, before))
}
