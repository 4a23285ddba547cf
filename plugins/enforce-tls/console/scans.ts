/**
 * What looks through the rules of many owners, for a list or a search: whose rules it may look at, and when it is to stop.
 * What somebody may not see is not looked at. How many such requests run at a time says `search-limit.ts`.
 */
import { parseOwner } from '../rules/owner.js'
import { maySee } from './auth/permission.js'
import type { Call } from './route.js'

/** Says when a scan is to stop. @param patience in milliseconds, from now on */
export function stopAfter({ response }: Pick<Call, 'response'>, patience: number): () => boolean {
  const until = performance.now() + patience
  return () => performance.now() >= until || response.destroyed
}

/** All owners with rules that somebody may see, sorted: `*` first. */
export async function visibleOwners({ context, identity }: Call): Promise<readonly string[]> {
  const owners = await context.store.owners()
  return owners.filter((owner) => maySee(identity, owner) && isOwner(owner))
}

/** A key in the store may name anything. */
function isOwner(owner: string): boolean {
  const parsed = parseOwner(owner)
  return 'owner' in parsed && parsed.owner === owner
}
