/**
 * Rules of one owner that are about the very same mail as another one: same direction and the same criteria, whatever
 * the order of their lists. Pure. Where the first one is on, the others have no effect; where it is off, nothing but
 * this tells.
 */
import { createHash } from 'node:crypto'
import type { OwnedRule } from './owner-entries.js'
import type { Criteria, Rule } from './rule.js'
import type { InPieces } from '../work/pieces.js'

/** The first rule with the same criteria. */
export interface SameAs {
  readonly id: string
  readonly name: string
}

/** More patterns than that are compared by themselves between two yields. */
const PIECE = 500

/** Of each rule that comes after one with the same criteria, by id: that one. @param rules in their order */
export function* duplicatesAmong(rules: Iterable<OwnedRule>): InPieces<ReadonlyMap<string, SameAs>> {
  const first = new Map<string, SameAs>()
  const found = new Map<string, SameAs>()
  let compared = 0
  for (const { id, rule } of rules) {
    const key = keyOf(rule)
    const before = first.get(key)
    if (before) found.set(id, before)
    else first.set(key, { id, name: rule.name })
    compared += sizeOf(rule.criteria)
    if (compared < PIECE) continue
    compared = 0
    yield
  }
  return found
}

function sizeOf({ to, from, subject, header = [] }: Criteria): number {
  return [to, from, subject, ...header].reduce(
    (sum, lists) => sum + (lists?.matchesAny?.length ?? 0) + (lists?.matchesNone?.length ?? 0),
    1,
  )
}

/** The same for all rules that are about the same mail; a hash, since lists may be long. */
function keyOf({ direction, criteria: { to, from, subject, header = [] } }: Rule): string {
  const lists = (of: Criteria['to']) => [of?.matchesAny ?? null, of?.matchesNone ?? null].map(inOrder)
  const fields = header.map((each) => JSON.stringify([each.name.toLowerCase(), lists(each)])).sort()
  const text = JSON.stringify([direction, lists(to), lists(from), lists(subject), fields])
  return createHash('sha256').update(text).digest('base64')
}

function inOrder(values: readonly string[] | null): readonly string[] | null {
  return values && [...new Set(values)].sort()
}
