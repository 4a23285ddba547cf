/** The last valid versions of rules, and where they may stand in for a broken entry. Pure. */
import { BigMap } from './big-map.js'
import type { Compiled } from './compiled.js'
import type { Said } from './entry-problem.js'
import type { InPieces } from '../work/pieces.js'
import type { Direction } from './rule.js'
import type { CompiledRule } from './rule-index.js'

export const DIRECTIONS = ['outgoing', 'incoming'] as const

/** So many rules are looked through between two yields. */
const RULES = 2000

/** A rule as it was last compiled. */
export type LastValid = CompiledRule | 'off'

/** Rules by direction and id; those that were off count as outgoing. */
export type LastValidRules = { readonly [direction in Direction]: ReadonlyMap<string, LastValid> }

/** Looks up what was compiled last by id; only where it is needed, for there may be many rules. */
export function* lastValidOf({ outgoing, incoming, off }: Compiled): InPieces<LastValidRules> {
  const found = { outgoing: new BigMap<LastValid>(), incoming: new BigMap<LastValid>() }
  let looked = 0
  for (const id of off) {
    found.outgoing.set(id, 'off')
    if (++looked % RULES === 0) yield
  }
  for (const [direction, index] of [['outgoing', outgoing] as const, ['incoming', incoming] as const]) {
    for (const rule of index?.rules ?? []) {
      found[direction].set(rule.id, rule)
      if (++looked % RULES === 0) yield
    }
  }
  return found
}

/**
 * Whether a last valid version may stand in: not one that requires nothing by itself, where the entry says that it
 * is on and enforces, and not one that enforces, where it says that it only reports.
 */
export function canStandIn(last: LastValid, { enabled, mode }: Said): boolean {
  if (last === 'off') return enabled !== true
  return mode === undefined || (mode === 'report') === (last.conditions?.report === true)
}
