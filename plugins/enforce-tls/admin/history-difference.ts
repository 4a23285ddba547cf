/** What a change in the history has changed, in short lines for a person. Pure. */
import type { InPieces } from '../work/pieces.js'
import type { HistoryEntry } from '../store/history.js'
import { comparingTexts } from '../store/difference.js'

/** Stands for texts that are not there. */
const NOT_KEPT = 'the texts before and after are not kept, because together they are longer than 4 MB'

/** The differences, in pieces. */
export function* comparingEntry({ key, from, to, leftOut }: HistoryEntry): InPieces<readonly string[]> {
  if (leftOut !== null) return [...leftOut, NOT_KEPT]
  // A service comes into being by being switched on.
  return yield* comparingTexts(key === 'domains' && to !== null ? (from ?? '{}') : from, to)
}
