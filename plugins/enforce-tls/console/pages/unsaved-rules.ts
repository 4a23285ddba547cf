/** Rules that are not saved yet, or not as they were typed: stored for this tab; lists that show them are updated. */
import type { Mistake } from './components/chips.js'
import { newRule } from './rule-draft.js'
import type { Direction, Rule, StoredRule } from './types.js'
import { keep, recall } from './unsaved.js'

/** Entries that are not taken, by the list that they were typed into. */
export type Mistakes = Readonly<Record<string, readonly Mistake[]>>

/** A rule as it was left. */
export interface UnsavedRule {
  readonly draft: Rule
  readonly mistakes: Mistakes
  /** As it was in the store then; `null` for a new one. */
  readonly base: StoredRule | null
}

/** What is being saved at this moment, by the names under which it is stored. */
export const underWay = new Set<string>()

/** Called after every try to save, wherever one is then. */
export const savedListeners = new Set<() => void>()

/** Begins a rule that is saved as soon as it has a criterion. */
export function beginRule(owner: string, direction: Direction, name: string): void {
  const draft = newRule(direction, name)
  keep(unsavedName(owner, direction, null), { draft, mistakes: {}, base: null } satisfies UnsavedRule)
}

/** The name of a rule that was begun and is not saved yet. */
export function begunRule(owner: string, direction: Direction): string | null {
  return (recall(unsavedName(owner, direction, null)) as UnsavedRule | null)?.draft.name ?? null
}

/** Whether a rule has changes that could not be saved. */
export function hasUnsaved(owner: string, id: string): boolean {
  const name = unsavedName(owner, 'outgoing', id)
  return !underWay.has(name) && recall(name) !== null
}

/** The name under which a rule is stored; the id of a new one is `null`. */
export function unsavedName(owner: string, direction: Direction, id: string | null): string {
  return id === null ? `new:${owner}:${direction}` : `rule:${owner}:${id}`
}
