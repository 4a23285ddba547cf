/** The ways to change a store, which all come down to one, and to read its history. */
import {
  namedChange,
  ruleChanges,
  type EntryChange,
  type RuleChange,
  type WriteOptions,
} from './entry-change.js'
import type { HistoryEntry, HistoryQuery } from './history.js'
import type { RuleStore } from './rule-store.js'

type Writes = Pick<RuleStore, 'writeService' | 'writeGroup' | 'writeRules' | 'writeAll' | 'history'>

/** What stores have in common. */
export abstract class EntryWriter implements Writes {
  /** As in `RuleStore`. */
  abstract writeAll(changes: readonly EntryChange[], options?: WriteOptions): Promise<void>

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
