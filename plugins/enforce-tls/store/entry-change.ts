/**
 * A change of one entry of a store, whatever its kind, and the check before it is made. Pure; a caller that
 * passes a name which no delivery would ever look up gets a `TypeError`.
 */
import { assertGroupName } from '../rules/group-name.js'
import { assertOwner } from '../rules/owner-entries.js'
import type { EntryPlace } from '../rules/entry-problem.js'
import { EVERYONE } from '../rules/owner.js'

/** One entry to write: what the writer last saw there, and what shall be there. `null` is "no such entry". */
export interface EntryChange extends EntryPlace {
  readonly expected: string | null
  readonly value: string | null
}

/** One rule to write. */
export interface RuleChange {
  readonly id: string
  readonly expected: string | null
  readonly value: string | null
}

/** What a change carries besides the new values. */
export interface WriteOptions {
  /** Who makes it; goes into the history. Without it, the change is not recorded. */
  readonly by?: string | undefined
  /** The marker for a store that has none yet, as JSON. @default a new one */
  readonly marker?: string | undefined
}

/** Changes of an owner's rules. */
export function ruleChanges(owner: string, changes: readonly RuleChange[]): EntryChange[] {
  return changes.map(({ id, expected, value }) => ({ key: 'rules', owner, field: id, expected, value }))
}

/** A change of an entry that has a name of its own: a domain's service, or a group. */
export function namedChange(
  key: 'domains' | 'groups',
  name: string,
  expected: string | null,
  value: string | null,
): EntryChange {
  return { key, owner: key === 'groups' ? EVERYONE : name, field: name, expected, value }
}

/**
 * Looks that what is written will be found again. Removing is always allowed: it is the way out of a bad name.
 *
 * @throws {TypeError} where owner or domain is not normalised, or a group's name is none.
 */
export function assertWritable({ key, owner, field, value }: EntryChange): void {
  if (value === null) return
  if (key === 'groups') assertGroupName(field)
  else assertOwner(owner)
}

/** Whether a change makes a difference; one that does not asks only that the entry is as expected. */
export function isChange({ expected, value }: Pick<EntryChange, 'expected' | 'value'>): boolean {
  return expected !== value
}
