/** A store as somebody changes it. */
import type { Confirmation } from './asked.js'
import { readOwner, type OwnerRead } from './owner-state.js'
import { AdminProblem } from './problem.js'
import { assertTaken, type StoreMemory } from './store-memory.js'
import { StoreError, type ReadStore, type RuleStore, type WriteOptions } from '../store/rule-store.js'
import type { EntryChange } from '../store/entry-change.js'

/** What every change works with. */
export interface Editor {
  readonly store: ReadStore
  /**
   * Writes entries, all or none, and records them; as `RuleStore.writeAll`.
   *
   * @throws {AdminProblem} where Haraka takes no rules from the store, or the changes do something else than was confirmed.
   */
  readonly write: (changes: readonly EntryChange[], options?: Pick<WriteOptions, 'marker'>) => Promise<void>
}

/**
 * @param by who makes the changes
 * @param memory what Haraka remembers of its store; `null` where there is no Haraka
 * @param confirmed what they said yes to; `null` where nobody was asked
 */
export function editorOf(
  store: RuleStore,
  by: string,
  memory: StoreMemory | null,
  confirmed: () => Confirmation | null,
): Editor {
  return {
    store,
    write: (changes, more = {}) =>
      inTurn(store, async () => {
        const yes = confirmed()
        if (yes !== null && (await yes.askedNow(changes)) !== yes.asked)
          throw new AdminProblem({ code: 'asks-anew' })
        const inTheWay = memory && (await assertTaken(store, memory, more.marker))
        await store.writeAll(changes, { by, ...more })
        // Rules first: a store that is the right one, and empty, would let mail pass.
        if (inTheWay !== null && more.marker !== undefined) await store.writeMarker(inTheWay, more.marker)
      }),
  }
}

/** The last write of each store. */
const lastWrites = new WeakMap<RuleStore, Promise<unknown>>()

/** One write after the other: what is asked about one must know of the one before. Other processes are not waited for. */
function inTurn<T>(store: RuleStore, work: () => Promise<T>): Promise<T> {
  const turn = (lastWrites.get(store) ?? Promise.resolve()).then(work, work)
  lastWrites.set(store, turn)
  return turn
}

const TRIES = 6

/**
 * Repeats work that reads, decides and writes while somebody else changes the same entry.
 *
 * @throws {StoreError} `STORE_CONFLICT` when that does not end.
 */
export async function retryConflicts<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work()
    } catch (error) {
      if (!isConflict(error) || tries === TRIES) throw error
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 20 * tries))
    }
  }
}

/**
 * Changes something of an owner.
 *
 * @param seen what whoever asks has seen, and wants changed as that; without it, the change is made on what is there
 * @throws {StoreError} `STORE_CONFLICT` where it is something else than was seen.
 */
export function changing<T>(
  { store }: Pick<Editor, 'store'>,
  owner: string,
  seen: OwnerRead | undefined,
  work: (read: OwnerRead) => Promise<T>,
): Promise<T> {
  return seen ? work(seen) : retryConflicts(async () => work(await readOwner(store, owner)))
}

/** Whether somebody else was faster. */
export function isConflict(error: unknown): boolean {
  return error instanceof StoreError && error.code === 'STORE_CONFLICT'
}
