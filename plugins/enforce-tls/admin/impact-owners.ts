/** Whose rules a change of entries may concern: few, where a group changes that thousands of owners could refer to. */
import { GROUP_PREFIX } from '../rules/group-name.js'
import type { OwnerEntries } from '../rules/owner-entries.js'
import { serviceDomainOf } from '../rules/owner.js'
import type { EntryChange } from '../store/entry-change.js'
import type { ReadStore } from '../store/rule-store.js'
import { readReadable } from './whole-store.js'

/** Their entries; those that can't be read are left out. @throws {StoreError} where the store can't be read at all. */
export async function concernedBy(
  store: ReadStore,
  changes: readonly EntryChange[],
): Promise<readonly OwnerEntries[]> {
  const groups = changes.flatMap(({ key, field }) => (key === 'groups' ? [field] : []))
  const { named, others } = await ownersOf(store, changes, groups.length > 0)
  return [
    ...(await readReadable(store, named)).entries,
    ...(await readReadable(store, others)).entries.filter((each) => mayName(each, groups)),
  ]
}

/** Those that a change names, and, where a group changes, all others. */
async function ownersOf(
  store: ReadStore,
  changes: readonly EntryChange[],
  anyGroup: boolean,
): Promise<{ readonly named: readonly string[]; readonly others: readonly string[] }> {
  const named = new Set(changes.flatMap(({ key, owner }) => (key === 'rules' ? [owner] : [])))
  const domains = new Set(changes.flatMap(({ key, field }) => (key === 'domains' ? [field] : [])))
  if (!anyGroup && domains.size === 0) return { named: [...named], others: [] }
  const stored = await store.owners()
  for (const owner of stored) if (domains.has(serviceDomainOf(owner) ?? '')) named.add(owner)
  return { named: [...named], others: anyGroup ? stored.filter((owner) => !named.has(owner)) : [] }
}

/** Whether rules may refer to one of these groups, by their texts alone; JSON can spell a letter in other ways. */
function mayName({ rules }: OwnerEntries, groups: readonly string[]): boolean {
  const names = groups.map((name) => `${GROUP_PREFIX}${name}`)
  return [...rules.values()].some((json) => json.includes('\\') || names.some((name) => json.includes(name)))
}
