/**
 * Rules that come back to a list in which others may have their positions by now. Each gets its old place: before the one
 * that has it, which moves down with those behind it as far as needed, so that no two share a position and the order never
 * depends on ids. Pure.
 */
import { parseRule } from '../rules/check-rule.js'
import { byPlace, type OwnedRule } from '../rules/owner-entries.js'
import { valueOf } from '../store/difference.js'
import { ruleChanges, type EntryChange } from '../store/entry-change.js'
import { sorting, type InPieces } from '../work/pieces.js'
import { AdminProblem } from './problem.js'

/** What is written then. */
export interface OwnPositions {
  readonly changes: readonly EntryChange[]
  /** Of each rule whose position another one has: where it stands now, in a sentence. */
  readonly places: readonly string[]
}

/**
 * Changes of one owner's rules, with a position for each rule.
 *
 * @param held the rules as they are, id to JSON
 * @throws {AdminProblem} where a rule would change sides with an entry that is not valid, and so cannot be moved
 */
export function* givingPositions(
  owner: string,
  held: ReadonlyMap<string, string>,
  changes: readonly EntryChange[],
): InPieces<OwnPositions> {
  const back = new Map(changes.flatMap(({ field, value }) => (value === null ? [] : [[field, value]])))
  const rules: OwnedRule[] = []
  const fixed: number[] = []
  const gone = new Set(changes.map(({ field }) => field))
  for (const [id, json] of [...[...held].filter(([each]) => !gone.has(each)), ...back]) {
    const checked = yield* parseRule(json)
    if ('rule' in checked) rules.push({ owner, id, rule: checked.rule })
    else fixed.push(Number((valueOf(json) as { position?: unknown } | null)?.position))
    yield
  }
  const place = ({ id, rule: { position } }: OwnedRule) => ({ id, position })
  const order = yield* sorting(rules, (a, b) =>
    a.rule.position === b.rule.position && back.has(a.id) !== back.has(b.id)
      ? Number(back.has(b.id)) - Number(back.has(a.id))
      : byPlace(place(a), place(b)),
  )
  const moved = new Map<string, number>()
  const places: string[] = []
  let last = 0
  for (const [index, each] of order.entries()) {
    const { id, rule } = each
    const above = order[index - 1]
    const isOurs = above !== undefined && (moved.has(above.id) || back.has(above.id) || back.has(id))
    const position = rule.position < last || (rule.position === last && isOurs) ? last + 1 : rule.position
    last = position
    if (position === rule.position) continue
    if (fixed.some((other) => rule.position <= other && other <= position))
      throw new AdminProblem({ code: 'no-position', owner, id, name: rule.name })
    moved.set(id, position)
    if (above && back.has(above.id) && !back.has(id))
      places.push(
        `Rule ${above.id} of ${owner} (${above.rule.name}) is number ${index} of ${order.length}, before rule ${id} (${rule.name}), which has had its position since.`,
      )
  }
  const written = changes.map((change) => {
    const position = moved.get(change.field)
    return position === undefined ? change : { ...change, value: at(position, change.value ?? '') }
  })
  const others = [...moved].flatMap(([id, position]) => {
    const expected = gone.has(id) ? undefined : held.get(id)
    return expected === undefined ? [] : [{ id, expected, value: at(position, expected) }]
  })
  return { changes: [...written, ...ruleChanges(owner, others)], places }
}

function at(position: number, json: string): string {
  return JSON.stringify({ ...(valueOf(json) as object), position })
}
