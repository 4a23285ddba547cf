/**
 * What became of each change of the history: whether it is the latest of its entry, and else whether the next one took
 * it back. Entries are passed latest first, all that concern one place; texts are kept as hashes, since they may be long.
 */
import { createHash } from 'node:crypto'
import type { HistoryEntry } from '../store/history.js'
import { isEventKey } from './format-event.js'

/** How a change stands. */
export interface Standing {
  /**
   * `event`: it changed no entry. `undone`: the next change of the entry brought back what was before, and not for
   * this entry alone where others were changed with it.
   */
  readonly standing: 'latest' | 'undone' | 'changed' | 'event'
  /** The next change of the same entry. */
  readonly next: { readonly by: string; readonly at: string } | null
}

interface Later {
  readonly by: string
  readonly at: string
  readonly texts: string
  /** How many entries changed in the same step. */
  readonly entries: number
}

/** What came after, by entry. */
export class Successors {
  readonly #later = new Map<string, Later>()

  /** Says how a change stands, and remembers it for those before it. */
  pass({ key, owner, field, from, to, leftOut, by, at, step }: HistoryEntry): Standing {
    if (isEventKey(key)) return { standing: 'event', next: null }
    const place = JSON.stringify([key, owner, field])
    const later = this.#later.get(place)
    const known = leftOut === null
    const entries = step?.entries ?? 1
    this.#later.set(place, { by, at, texts: known ? hashOf(from, to) : '', entries })
    if (later === undefined) return { standing: 'latest', next: null }
    const undone = known && later.texts === hashOf(to, from) && later.entries >= entries
    return { standing: undone ? 'undone' : 'changed', next: { by: later.by, at: later.at } }
  }
}

function hashOf(...texts: readonly (string | null)[]): string {
  const hash = createHash('sha256')
  for (const text of texts) hash.update(text === null ? '-' : `${text.length}:${text}`)
  return hash.digest('base64url')
}
