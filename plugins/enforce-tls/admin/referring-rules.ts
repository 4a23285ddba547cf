/** The rules that refer to groups: while there is one, the group is needed. */
import { GROUP_PREFIX } from '../rules/group-name.js'
import { parseRule } from '../rules/check-rule.js'
import type { OwnedRule, OwnerEntries } from '../rules/owner-entries.js'
import type { InPieces } from '../work/pieces.js'
import type { ReadStore } from '../store/rule-store.js'
import { inPieces } from '../work/turns.js'
import { groupsOf } from './document-scope.js'
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
  /** The same, each as a whole. */
  readonly owned: readonly OwnedRule[]
  /** Rules that are not valid, and name the group somewhere. */
  readonly broken: readonly ReferringRule[]
  /** Why there may be more of them: what can't be read, each a sentence with its place. */
  readonly problems: readonly string[]
  /** The same by owner, of those whose rules can't be read at all. */
  readonly leftOut: ReadonlyMap<string, string>
}

/** The rules that refer to a group, or with `null` to any. */
export async function referringRules(store: ReadStore, group: string | null): Promise<Referring> {
  const { entries, problems, leftOut } = await readReadable(store, await store.owners())
  const found: Found = { rules: [], owned: [], broken: [] }
  for (const each of entries) await inPieces(looking(each, group, found))
  return { ...found, problems, leftOut }
}

/** How many rules refer to a group, and whose they are. */
export interface GroupUse {
  rules: number
  readonly owners: Set<string>
}

/** The use of each group that rules refer to, sorted by name. */
export function usesByGroup(rules: readonly ReferringRule[]): ReadonlyMap<string, GroupUse> {
  const uses = new Map<string, GroupUse>()
  for (const { owner, groups } of rules)
    for (const group of new Set(groups)) {
      const use = uses.get(group) ?? { rules: 0, owners: new Set<string>() }
      use.rules++
      use.owners.add(owner)
      uses.set(group, use)
    }
  return new Map([...uses].sort(([a], [b]) => (a < b ? -1 : 1)))
}

interface Found {
  readonly rules: ReferringRule[]
  readonly owned: OwnedRule[]
  readonly broken: ReferringRule[]
}

function* looking({ owner, rules }: OwnerEntries, group: string | null, found: Found): InPieces<void> {
  for (const [id, json] of rules) {
    const named = groupsNamedIn(json)
    yield
    if (named.length === 0) continue
    const checked = yield* parseRule(json)
    const groups = 'rule' in checked ? groupsOf(checked.rule) : named
    if (group === null ? groups.length === 0 : !groups.includes(group)) continue
    found['rule' in checked ? 'rules' : 'broken'].push({ owner, id, groups })
    if ('rule' in checked) found.owned.push({ owner, id, rule: checked.rule })
  }
}

/** The groups that a text names anywhere, since a broken rule may need them too; JSON can spell a letter as \uXXXX. */
export function groupsNamedIn(json: string): readonly string[] {
  const text = json.replace(/\\u([0-9a-f]{4})/gi, (_, digits: string) =>
    String.fromCharCode(parseInt(digits, 16)),
  )
  return [...text.matchAll(NAMED)].map(([, name = '']) => name)
}

const NAMED = new RegExp(`${GROUP_PREFIX}([a-z0-9._-]+)`, 'g')
