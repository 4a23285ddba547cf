/** The rules that refer to groups: while there is one, the group is needed. */
import { PIECE, type OwnerEntries } from '../rules/owner-entries.js'
import type { InPieces } from '../work/pieces.js'
import type { ReadStore } from '../store/rule-store.js'
import { inPieces } from '../work/turns.js'
import { groupsIn } from './document-scope.js'
import { readReadable } from './whole-store.js'

/** A rule that refers to groups. */
export interface ReferringRule {
  readonly owner: string
  readonly id: string
  readonly groups: readonly string[]
}

/** The rules that refer to a group. */
export interface Referring {
  readonly rules: readonly ReferringRule[]
  /** Why there may be more of them: what can't be read, each a sentence with its place. */
  readonly problems: readonly string[]
}

/** The rules that refer to a group, or with `null` to any. */
export async function referringRules(store: ReadStore, group: string | null): Promise<Referring> {
  const { entries, problems } = await readReadable(store, await store.owners())
  const rules: ReferringRule[] = []
  for (const each of entries) for (const rule of await inPieces(looking(each, group))) rules.push(rule)
  return { rules, problems }
}

function* looking({ owner, rules }: OwnerEntries, group: string | null): InPieces<ReferringRule[]> {
  const found: ReferringRule[] = []
  let read = 0
  for (const [id, json] of rules) {
    const groups = groupsIn(json)
    if (group === null ? groups.length > 0 : groups.includes(group)) found.push({ owner, id, groups })
    read += json.length
    if (read < PIECE) continue
    read = 0
    yield
  }
  return found
}
