/**
 * Looks through the rules of many owners, for a list or a search: few at a time in a process, each for a bounded time,
 * and none for somebody who does not wait for it any more. What they may not see is not looked at.
 */
import pLimit from 'p-limit'
import { parseOwner } from '../rules/owner.js'
import { maySee } from './auth/permission.js'
import { Problem } from './problem.js'
import type { Call } from './route.js'

/** How many run at a time in a process, and how many may wait. */
const AT_A_TIME = 2
const WAITING_MAX = 20

const limit = pLimit(AT_A_TIME)

/** Runs one. @throws {Problem} 429 where too many wait already. */
export function scan<T>(work: () => Promise<T>): Promise<T> {
  if (limit.pendingCount >= WAITING_MAX)
    throw new Problem(429, 'busy', 'Too many searches are running. Try again in a few seconds.', {
      retryAfter: 5,
    })
  return limit(work)
}

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
