/** What an owner's entries come to, and what that is where none of them can be read. Pure. */
import { Unreadable, type EntryProblem } from './entry-problem.js'
import type { Finders, StoredGroups } from './group.js'
import type { OwnerParts, Switch } from './owner-entries.js'
import { EVERYONE } from './owner.js'
import type { Direction } from './rule.js'
import type { RuleIndex } from './rule-index.js'

/** What an owner's entries come to. */
export interface Compiled {
  readonly owner: string
  readonly switch: Switch
  readonly outgoing: RuleIndex | undefined
  readonly incoming: RuleIndex | undefined
  /** Rules that are off, by id. */
  readonly off: readonly string[] | undefined
  /** The groups that rules refer to. */
  readonly groups: Finders | undefined
  /** The first of the broken entries. */
  readonly problems: readonly EntryProblem[] | undefined
  readonly problemCount: number
  /** Why all mail of a direction waits. */
  readonly waits: Waits | undefined
  /** Why mail that a rule covers waits: nobody knows whether rules act. */
  readonly serviceProblem: EntryProblem | undefined
}

export type Waits = { readonly [direction in Direction]?: EntryProblem }

/** What an owner without any entry comes to. */
export const NO_ENTRIES: Compiled = {
  owner: '*',
  switch: 'none',
  outgoing: undefined,
  incoming: undefined,
  off: undefined,
  groups: undefined,
  problems: undefined,
  problemCount: 0,
  waits: undefined,
  serviceProblem: undefined,
}

/** What was known, unchanged: also where there are many such reads in a row, this costs nothing. */
export function unread(before: Compiled, { owner, rules }: OwnerParts): Compiled {
  const known = before.outgoing ?? before.incoming ?? before.off
  const problem = rules instanceof Unreadable ? rules.problem : ''
  const told = { place: null, problem, effect: known ? 'last-valid' : 'waits', direction: null } as const
  const unknown = {
    ...NO_ENTRIES,
    owner,
    switch: 'unknown',
    waits: { outgoing: told, incoming: told },
  } as const
  return { ...(known ? before : unknown), problems: [told], problemCount: 1 }
}

/** Whether there is nothing new to know of an owner. */
export function isAllUnreadable(
  { owner, rules, service }: OwnerParts,
  groups: StoredGroups | Unreadable,
): boolean {
  const parts = [rules, groups, ...(owner === EVERYONE ? [] : [service])]
  return parts.every((part) => part instanceof Unreadable)
}
