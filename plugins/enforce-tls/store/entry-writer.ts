/** The ways to change a store, which all come down to one, the check before it, and how its history is read. */
import {
  assertWritable,
  namedChange,
  ruleChanges,
  type EntryChange,
  type RuleChange,
  type WriteOptions,
} from './entry-change.js'
import type { EntryPlace } from '../rules/entry-problem.js'
import type { HistoryEntry, HistoryQuery } from './history.js'
import type { ChangeCheck } from './reads-back.js'
import { StoreError, type RuleStore } from './rule-store.js'
import { inPieces } from '../work/turns.js'

type Writes = Pick<RuleStore, 'writeService' | 'writeGroup' | 'writeRules' | 'writeAll' | 'history'>

/** What stores have in common. */
export abstract class EntryWriter implements Writes {
  readonly #check: ChangeCheck | undefined

  /** @param check looks at the meaning of every change; a store itself knows only texts and places */
  protected constructor(check?: ChangeCheck) {
    this.#check = check
  }

  /** As in `RuleStore`. */
  abstract placeOf(place: EntryPlace): string

  /** As in `RuleStore`. */
  abstract writeAll(changes: readonly EntryChange[], options?: WriteOptions): Promise<void>

  /**
   * To be called before anything is written.
   *
   * @throws {TypeError} for a name that no delivery would ever look up.
   * @throws {StoreError} `STORE_REFUSED` for the first change that does not pass the check.
   */
  protected async assertAcceptable(changes: readonly EntryChange[]): Promise<void> {
    for (const change of changes) {
      assertWritable(change)
      const problem = this.#check ? await inPieces(this.#check(change)) : null
      if (problem !== null)
        throw new StoreError('STORE_REFUSED', `${this.placeOf(change)} is not written: ${problem}`)
    }
  }

  /** As in `RuleStore`. */
  abstract historyEntries(query: Omit<HistoryQuery, 'limit'>): AsyncIterable<HistoryEntry>

  /** As in `RuleStore`. */
  async history({ limit, ...query }: HistoryQuery): Promise<readonly HistoryEntry[]> {
    const found: HistoryEntry[] = []
    for await (const entry of this.historyEntries(query)) {
      found.push(entry)
      if (found.length >= limit) break
    }
    return found
  }

  writeService(
    domain: string,
    expected: string | null,
    value: string | null,
    options?: WriteOptions,
  ): Promise<void> {
    return this.writeAll([namedChange('domains', domain, expected, value)], options)
  }

  writeGroup(
    name: string,
    expected: string | null,
    value: string | null,
    options?: WriteOptions,
  ): Promise<void> {
    return this.writeAll([namedChange('groups', name, expected, value)], options)
  }

  writeRules(owner: string, changes: readonly RuleChange[], options?: WriteOptions): Promise<void> {
    return this.writeAll(ruleChanges(owner, changes), options)
  }
}
