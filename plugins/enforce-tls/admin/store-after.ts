/** A store as it would be after changes, for whoever looks before they are made. */
import { serviceDomainOf } from '../rules/owner.js'
import type { EntryChange } from '../store/entry-change.js'
import type { ReadStore } from '../store/rule-store.js'

/** What rules are looked at with. */
export type RulesView = Pick<ReadStore, 'readOwner' | 'owners' | 'groups' | 'services'>

/** The same store, with other entries in the places of some. */
export function storeAfter(store: RulesView, changes: readonly EntryChange[]): RulesView {
  const applied = (key: EntryChange['key'], owner: string | null, held: ReadonlyMap<string, string>) => {
    const after = new Map(held)
    for (const change of changes) {
      if (change.key !== key || (owner !== null && change.owner !== owner)) continue
      if (change.value === null) after.delete(change.field)
      else after.set(change.field, change.value)
    }
    return after
  }
  return {
    groups: async () => applied('groups', null, await store.groups()),
    services: async () => applied('domains', null, await store.services()),
    owners: async () => [
      ...new Set([
        ...(await store.owners()),
        ...changes.flatMap((change) => (change.key === 'rules' ? [change.owner] : [])),
      ]),
    ],
    readOwner: async (owner) => {
      const { rules, service } = await store.readOwner(owner)
      const domain = serviceDomainOf(owner) ?? ''
      const held = new Map(service === null ? [] : [[domain, service]])
      return {
        owner,
        rules: applied('rules', owner, rules),
        service: applied('domains', domain, held).get(domain) ?? null,
      }
    },
  }
}
