/**
 * How many rules of the whole store are in which state. Counting reads all of them, so it is done beside everything
 * else, only while somebody scrapes, and seldom: a store that takes long to count is counted again after a hundred
 * times as long.
 */
import { checkingRule } from '../../admin/entry-problems.js'
import { Groups } from '../../rules/group.js'
import { Unreadable } from '../../rules/entry-problem.js'
import { switchOf, type EntryCheck, type OwnerEntries } from '../../rules/owner-entries.js'
import type { InPieces } from '../../work/pieces.js'
import { RULE_STATES, stateOf, type RuleState } from '../../rules/rule-state.js'
import type { ReadStore } from '../../store/rule-store.js'
import { readable, readOwnerParts, type PartsStore } from '../../policy/read-parts.js'
import { inPieces } from '../../work/turns.js'

/** `sleeping`: on, but the service of its domain is off. */
export const COUNTED_STATES = [...RULE_STATES, 'sleeping', 'invalid'] as const

export type CountedState = (typeof COUNTED_STATES)[number]

/** Counts by state. */
export type RuleCounts = Readonly<Record<CountedState, number>>

/** What is needed of the store. */
export type CountedStore = PartsStore & Pick<ReadStore, 'owners'>

/** The least time between two counts, in milliseconds. */
const PAUSE = 60_000
const REST = 100

/** Counts rules, now and then. */
export class RuleStates {
  readonly #store: CountedStore
  #counts: RuleCounts | null = null
  #nextAt = -Infinity
  #counting = false

  constructor(store: CountedStore) {
    this.#store = store
  }

  /**
   * What was counted last; begins to count anew where it is time to.
   *
   * @returns `null` while that is not known, or can't be read: with the least rights Haraka may not list owners.
   */
  latest(): RuleCounts | null {
    if (!this.#counting && performance.now() >= this.#nextAt) {
      this.#counting = true
      void this.#countAnew().finally(() => (this.#counting = false))
    }
    return this.#counts
  }

  async #countAnew(): Promise<void> {
    const begun = performance.now()
    try {
      this.#counts = await countRules(this.#store, Date.now())
    } catch {
      // The metric is absent then; whether the store answers is another metric's business, and the log's.
      this.#counts = null
    }
    const took = performance.now() - begun
    this.#nextAt = performance.now() + Math.max(PAUSE, REST * took)
  }
}

/**
 * Counts all rules.
 *
 * @param now in milliseconds since 1970
 * @throws {StoreError} where the store can't be read.
 */
export async function countRules(store: CountedStore, now: number): Promise<RuleCounts> {
  const counts = Object.fromEntries(COUNTED_STATES.map((state) => [state, 0])) as Record<CountedState, number>
  const groups = new Groups(await readable(store.groups()))
  for (const owner of await store.owners()) {
    const { rules, service } = await readOwnerParts(store, owner)
    // Of a key that can't be read it is unknown how many rules it was to hold.
    if (rules instanceof Unreadable) counts.invalid++
    else {
      const awake = switchOf({ owner, service }, 'unknown').is === 'on'
      await inPieces(counting({ owner, rules }, awake, groups, now, counts))
    }
  }
  return counts
}

function* counting(
  entries: Pick<OwnerEntries, 'owner' | 'rules'>,
  awake: boolean,
  groups: Groups,
  now: number,
  counts: Record<CountedState, number>,
): InPieces<void> {
  for (const [id, json] of entries.rules) {
    counts[countedState(yield* checkingRule(entries.owner, id, json, groups), now, awake)]++
    yield
  }
}

function countedState(checked: EntryCheck, now: number, awake: boolean): CountedState {
  if ('problem' in checked) return 'invalid'
  const state: RuleState = stateOf(checked.rule, now)
  return !awake && (state === 'on' || state === 'report') ? 'sleeping' : state
}
