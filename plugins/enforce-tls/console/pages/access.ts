/** What a user may change: the pages show only what will be permitted; the server decides. */
import type { Session } from './types.js'

/** Whether an owner's rules may be changed. */
export function mayChange({ role, domains }: Session, owner: string): boolean {
  if (role === 'admin') return true
  return role === 'domain-admin' && owner !== '*' && domains.includes(owner.slice(owner.lastIndexOf('@') + 1))
}
