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

/**
 * What cannot be read, as sentences: the store's own words are for administrators of all, and whose rules one may not see is
 * not named.
 *
 * @param leftOut why, by owner
 */
export function unreadFor(
  { identity }: Pick<Call, 'identity'>,
  leftOut: ReadonlyMap<string, string>,
): readonly string[] {
  if (identity.role === 'admin') return [...leftOut.values()].map((problem) => `${problem}.`)
  const owners = [...leftOut.keys()]
  const visible = owners.filter((owner) => maySee(identity, owner))
  return [
    ...visible.map((owner) => `The rules of ${owner} cannot be read. Ask an administrator.`),
    ...(visible.length < owners.length ? ['Some rules of others cannot be read.'] : []),
  ]
}

/** A key in the store may name anything. */
function isOwner(owner: string): boolean {
  const parsed = parseOwner(owner)
  return 'owner' in parsed && parsed.owner === owner
}
