/**
 * Whether Haraka takes its rules from a store that somebody changes. What is written into one that has lost its rules, or
 * is another one than Haraka has seen, would look like all the rules that there are.
 */
import type { OnEmptyStore } from '../settings/types.js'
import { parseMarker } from '../store/marker.js'
import { StoreError, type RuleStore, type StoreHealth, type StoreIdentity } from '../store/rule-store.js'
import { holdsRules, nameOf, standingOf, type SeenStore } from '../store/standing.js'
import { AdminProblem } from './problem.js'

/** What a Haraka remembers of its store. */
export interface StoreMemory {
  /** The store that it has seen last; `null` for none. */
  readonly seen: () => SeenStore | null
  readonly onEmptyStore: () => OnEmptyStore
}

type Looked = Pick<RuleStore, 'description' | 'identity' | 'health'>

/** Whether Haraka takes its rules from a store. */
export interface Taking {
  /** Why it takes none, as a sentence without its end; `null` where it takes them. */
  readonly problem: string | null
  /** What should be mended, and stops nothing; sentences without their ends. */
  readonly warnings: readonly string[]
}

/** Looks at a store as Haraka does. Rejects as the store does where it does not answer. */
export async function takingOf(store: Looked, memory: StoreMemory | null): Promise<Taking> {
  try {
    const [identity, health] = await Promise.all([store.identity(), store.health()])
    const lost = memory && lossIn(store, identity, memory, mayLose(health))
    const problem = lost ?? health.behind
    return { problem: problem === null ? null : says(problem), warnings: risksIn(store, health) }
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    if (error.code === 'STORE_GONE' && memory?.onEmptyStore() === 'deliver')
      return { problem: null, warnings: [error.message] }
    if (error.code !== 'STORE_GONE' && error.code !== 'STORE_CORRUPT') throw error
    return { problem: says(error.message), warnings: [] }
  }
}

/** The same of the problem alone. */
export async function notTaken(store: Looked, memory: StoreMemory | null): Promise<string | null> {
  return (await takingOf(store, memory)).problem
}

function says(problem: string): string {
  return `Haraka takes no rules from this store: ${problem}`
}

function mayLose({ evicts, keys }: StoreHealth): boolean {
  return evicts !== null || keys.some(({ after }) => typeof after === 'number')
}

function risksIn({ description }: Looked, { evicts, keys }: StoreHealth): readonly string[] {
  const expiring = keys.filter(({ after }) => typeof after === 'number')
  return [
    ...(evicts === null ? [] : [evicts]),
    ...expiring.map(
      ({ key }) => `${description}: key ${key} expires, and its rules with it; keep it with PERSIST`,
    ),
  ]
}

/**
 * Keeps a change out of a store that Haraka takes no rules from.
 *
 * @param brought the marker of a document that is imported
 * @returns the marker that stands in the way of the one that is brought, as it stands; `null` where none does
 * @throws {AdminProblem} where the change is not what brings the rules back.
 */
export async function assertTaken(
  store: Looked,
  memory: StoreMemory,
  brought: string | undefined,
): Promise<string | null> {
  const identity = await store.identity()
  const seen = memory.seen()
  // The first change of a store that never had rules is what marks it.
  if (seen === null && identity.traces.length === 0) return null
  const problem = lossIn(store, identity, memory, false)
  if (problem === null) return null
  if (brought !== undefined && !holdsRules(identity) && isOf(brought, seen)) return identity.marker
  throw new AdminProblem({ code: 'store-gone', problem, wayOut: wayBack(identity, seen) })
}

function lossIn(
  { description }: Looked,
  identity: StoreIdentity,
  memory: StoreMemory,
  mayHaveLost: boolean,
): string | null {
  const [seen, onEmptyStore] = [memory.seen(), memory.onEmptyStore()]
  const standing = standingOf({ place: description, identity, seen, onEmptyStore, mayHaveLost })
  return standing.state === 'gone' ? standing.problem : null
}

/** What brings the rules back, or says that none are missing; a store that Haraka takes no rules from refuses other changes. */
export function wayBack(identity: StoreIdentity, seen: SeenStore | null): string {
  const backup = seen === null ? 'that has an id' : `with the id ${nameOf(seen)}`
  const restore = holdsRules(identity)
    ? ''
    : `enforce-tls import of a document ${backup} brings all rules back; `
  const accept = seen === null ? '' : ` --accept ${nameOf(seen)}`
  return `${restore}if this store is the right one as it is, run first: enforce-tls init${accept}`
}

/** Whether a marker is that of the store that was seen, or none was. */
function isOf(marker: string, seen: SeenStore | null): boolean {
  const parsed = parseMarker(marker)
  return !('problem' in parsed) && (seen === null || parsed.id === nameOf(seen))
}
