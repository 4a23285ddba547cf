/** The end of a domain: its switch, its rules and those of its senders go in one step, which can be taken back as one. */
import { serviceDomainOf } from '../rules/owner.js'
import { namedChange, ruleChanges, type EntryChange } from '../store/entry-change.js'
import type { ReadStore } from '../store/rule-store.js'
import type { Editor } from './editor.js'

/**
 * What removing a domain writes; nothing where it is not there.
 *
 * @throws {StoreError} where a part of it can't be read: what is unknown is not deleted.
 */
export async function plannedRemoval(store: ReadStore, domain: string): Promise<readonly EntryChange[]> {
  const others = (await store.owners()).filter(
    (owner) => serviceDomainOf(owner) === domain && owner !== domain,
  )
  const changes: EntryChange[] = []
  for (const name of [domain, ...others]) {
    const { rules, service } = await store.readOwner(name)
    if (name === domain && service !== null) changes.push(namedChange('domains', domain, service, null))
    const deleted = [...rules].map(([id, expected]) => ({ id, expected, value: null }))
    changes.push(...ruleChanges(name, deleted))
  }
  return changes
}

/**
 * Removes a domain.
 *
 * @param seen what somebody has seen of `plannedRemoval`; without it, all that is there goes
 * @throws {StoreError} `STORE_CONFLICT` where any of it was changed meanwhile.
 * @returns how many rules went
 */
export async function removeDomain(
  { store, write }: Editor,
  domain: string,
  seen?: readonly EntryChange[],
): Promise<number> {
  const changes = seen ?? (await plannedRemoval(store, domain))
  if (changes.length > 0) await write(changes)
  return changes.filter(({ key }) => key === 'rules').length
}
