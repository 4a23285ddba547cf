/** Moving a rule within its owner's list, which is numbered from 1 again. Pure. */
import type { OwnedRule } from './owner-entries.js'

/** Where to; exactly one of them, and a rule named here is in the list and another one. */
export interface MoveTo {
  readonly top?: true | undefined
  readonly bottom?: true | undefined
  readonly before?: string | undefined
  readonly after?: string | undefined
}

/** The list after a move. */
export interface Moved {
  /** The very same list where nothing changed. */
  readonly list: readonly OwnedRule[]
  readonly changed: boolean
}

/**
 * Moves a rule; a list whose order stays keeps its numbers too.
 *
 * @param others whether there are entries with places of their own between these rules: then their numbers are dealt
 *   out anew, so that none of them changes sides with an entry that is not moved
 */
export function movedRule(rules: readonly OwnedRule[], id: string, to: MoveTo, others = false): Moved {
  const moving = rules.filter((rule) => rule.id === id)
  const rest = rules.filter((rule) => rule.id !== id)
  const order = rest.toSpliced(placeAmong(rest, to), 0, ...moving)
  if (order.every((rule, index) => rule.id === rules[index]?.id)) return { list: rules, changed: false }
  const numbers = rules.map(({ rule }) => rule.position)
  const keeps = others && numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? 0))
  const list = order.map((owned, index) => {
    const position = (keeps ? numbers[index] : undefined) ?? index + 1
    return { ...owned, rule: { ...owned.rule, position } }
  })
  return { list, changed: true }
}

/**
 * What a move writes.
 *
 * @param texts the rules as they stand in the store
 */
export function moveChanges(
  before: readonly OwnedRule[],
  after: readonly OwnedRule[],
  texts: ReadonlyMap<string, string>,
): { readonly id: string; readonly expected: string | null; readonly value: string | null }[] {
  const positions = new Map(before.map(({ id, rule }) => [id, rule.position]))
  // Rules that keep their position are asked for as well: somebody may have moved them meanwhile.
  return after.map(({ id, rule }) => {
    const expected = texts.get(id) ?? null
    return { id, expected, value: positions.get(id) === rule.position ? expected : JSON.stringify(rule) }
  })
}

function placeAmong(others: readonly OwnedRule[], { top, before, after }: MoveTo): number {
  if (top) return 0
  if (before !== undefined) return others.findIndex((rule) => rule.id === before)
  if (after !== undefined) return others.findIndex((rule) => rule.id === after) + 1
  return others.length
}
