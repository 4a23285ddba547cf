/** A view of the store that reads each part of it once: for one answer about many rules, never longer than that. */
import type { RulesView } from './store-after.js'

/** What cannot be read fails for all who ask for it. */
export function readOnce(store: RulesView): RulesView {
  const owners = new Map<string, ReturnType<RulesView['readOwner']>>()
  let groups: ReturnType<RulesView['groups']> | undefined
  let services: ReturnType<RulesView['services']> | undefined
  let names: ReturnType<RulesView['owners']> | undefined
  return {
    readOwner: (owner) => {
      const known = owners.get(owner) ?? store.readOwner(owner)
      owners.set(owner, known)
      return known
    },
    groups: () => (groups ??= store.groups()),
    services: () => (services ??= store.services()),
    owners: () => (names ??= store.owners()),
  }
}
