/** What an account may see and change. Pure. */
import { EVERYONE, serviceDomainOf } from '../../rules/owner.js'
import type { Rights } from './account.js'

/** Whether everything may be seen. */
export function seesAll({ role, domains }: Rights): boolean {
  return role === 'admin' || (role === 'viewer' && domains.length === 0)
}

/** Whether an owner's rules may be seen: a sender belongs to its domain, `*` to nobody's domain. */
export function maySee(rights: Rights, owner: string): boolean {
  const domain = serviceDomainOf(owner)
  return seesAll(rights) || (domain !== null && domainsOf(rights).has(domain))
}

/** Whether an owner's rules may be changed. */
export function mayChange(rights: Rights, owner: string): boolean {
  if (rights.role === 'admin') return true
  return rights.role === 'domain-admin' && owner !== EVERYONE && maySee(rights, owner)
}

/** An account may have thousands of domains, and a list checks each of its entries. */
const sets = new WeakMap<readonly string[], ReadonlySet<string>>()

function domainsOf({ domains }: Rights): ReadonlySet<string> {
  const known = sets.get(domains) ?? new Set(domains)
  sets.set(domains, known)
  return known
}
