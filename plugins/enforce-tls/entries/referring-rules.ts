/** The rules that refer to groups: while there is one, the group is needed. */
import type { ReadStore } from '../store/rule-store.js'
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
  const rules = entries.flatMap(({ owner, rules }) =>
    [...rules].flatMap(([id, json]) => {
      const groups = groupsIn(json)
      const refers = group === null ? groups.length > 0 : groups.includes(group)
      return refers ? [{ owner, id, groups }] : []
    }),
  )
  return { rules, problems }
}
