/** Moving a rule within its owner's list, which is numbered from 1 again. Pure. */
import type { OwnedRule } from './owner-entries.js'
import type { InPieces } from '../work/pieces.js'

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

/** A rule to be written because of a move. */
export interface MoveChange {
  readonly id: string
  readonly expected: string | null
  readonly value: string | null
}

/** So many rules are written between two yields. */
const PIECE = 100

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
 * What a move writes, in pieces.
 *
 * @param texts the rules as they stand in the store
 */
export function* moveChanges(
  before: readonly OwnedRule[],
  after: readonly OwnedRule[],
  texts: ReadonlyMap<string, string>,
): InPieces<MoveChange[]> {
  const positions = new Map(before.map(({ id, rule }) => [id, rule.position]))
  const changes: MoveChange[] = []
  // Rules that keep their position are asked for as well: somebody may have moved them meanwhile.
  for (const { id, rule } of after) {
    const expected = texts.get(id) ?? null
    const value = positions.get(id) === rule.position ? expected : JSON.stringify(rule)
    changes.push({ id, expected, value })
    if (changes.length % PIECE === 0) yield
  }
  return changes
}

function placeAmong(others: readonly OwnedRule[], { top, before, after }: MoveTo): number {
  if (top) return 0
  if (before !== undefined) return others.findIndex((rule) => rule.id === before)
  if (after !== undefined) return others.findIndex((rule) => rule.id === after) + 1
  return others.length
}
