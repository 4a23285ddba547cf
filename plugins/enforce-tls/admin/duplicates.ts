/** Rules of an owner that have the same criteria as another one, as the store holds them. */
import { inOrder } from '../rules/checked-rules.js'
import { duplicatesAmong, type SameAs } from '../rules/duplicates.js'
import { checkEntry, type OwnedRule, type OwnerEntries } from '../rules/owner-entries.js'
import type { ReadStore } from '../store/rule-store.js'
import { inPieces } from '../work/turns.js'
import type { InPieces } from '../work/pieces.js'

/** Of owners with more rules they are not looked for. */
export const COMPARED_MAX = 5000

const NONE: ReadonlyMap<string, SameAs> = new Map()

/** By id. @throws {StoreError} where the store can't be read. */
export async function duplicatesOf(
  store: Pick<ReadStore, 'readOwner'>,
  owner: string,
): Promise<ReadonlyMap<string, SameAs>> {
  return inPieces(findingDuplicates(await store.readOwner(owner)))
}

/** The same of entries that were read, in pieces; rules that are not valid are compared with none. */
export function* findingDuplicates({
  owner,
  rules,
}: Pick<OwnerEntries, 'owner' | 'rules'>): InPieces<ReadonlyMap<string, SameAs>> {
  if (rules.size < 2 || rules.size > COMPARED_MAX) return NONE
  const valid: OwnedRule[] = []
  for (const [id, json] of rules) {
    const checked = yield* checkEntry(owner, id, json)
    yield
    if ('rule' in checked) valid.push(checked)
  }
  return yield* duplicatesAmong(yield* inOrder(valid))
}
