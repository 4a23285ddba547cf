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
  /** Absent without rules: there may be a hundred thousand owners. */
  readonly outgoing?: RuleIndex
  readonly incoming?: RuleIndex
  /** Rules that are off, by id. */
  readonly off: readonly string[]
  /** The groups that rules refer to. */
  readonly groups: Finders
  /** The first of the broken entries. */
  readonly problems: readonly EntryProblem[]
  readonly problemCount: number
  /** Why all mail of a direction waits. */
  readonly waits: { readonly [direction in Direction]?: EntryProblem }
  /** Why mail that a rule covers waits: it is unknown whether rules act. */
  readonly serviceProblem: EntryProblem | null
}

const NO_GROUPS: Finders = new Map()

/** What an owner without any entry comes to. */
export const NO_ENTRIES: Compiled = {
  owner: EVERYONE,
  switch: 'none',
  off: [],
  groups: NO_GROUPS,
  problems: [],
  problemCount: 0,
  waits: {},
  serviceProblem: null,
}

/** Whether there is any rule. */
export function hasRules({ outgoing, incoming, off }: Compiled): boolean {
  return Boolean(outgoing ?? incoming) || off.length > 0
}

/** What was known, unchanged: also where there are many such reads in a row, this costs nothing. */
export function unread(before: Compiled, { owner, rules }: OwnerParts): Compiled {
  const known = hasRules(before)
  const text = rules instanceof Unreadable ? rules.problem : ''
  const problem: EntryProblem = {
    place: null,
    problem: text,
    effect: known ? 'last-valid' : 'waits',
    direction: null,
  }
  const unknown: Compiled = {
    ...NO_ENTRIES,
    owner,
    switch: 'unknown',
    waits: { outgoing: problem, incoming: problem },
  }
  return { ...(known ? before : unknown), problems: [problem], problemCount: 1 }
}

/** Whether there is nothing new to know of an owner. */
export function isAllUnreadable(
  { owner, rules, service }: OwnerParts,
  groups: StoredGroups | Unreadable,
): boolean {
  const parts = [rules, groups, ...(owner === EVERYONE ? [] : [service])]
  return parts.every((part) => part instanceof Unreadable)
}
