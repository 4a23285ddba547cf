/** The ways to change a store, which all come down to one. */
import {
  namedChange,
  ruleChanges,
  type EntryChange,
  type RuleChange,
  type WriteOptions,
} from './entry-change.js'
import type { RuleStore } from './rule-store.js'

type Writes = Pick<RuleStore, 'writeService' | 'writeGroup' | 'writeRules' | 'writeAll'>

/** What stores have in common when they are written to. */
export abstract class EntryWriter implements Writes {
  /** As in `RuleStore`. */
  abstract writeAll(changes: readonly EntryChange[], options?: WriteOptions): Promise<void>

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
