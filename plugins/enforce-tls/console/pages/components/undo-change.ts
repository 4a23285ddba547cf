/** Takes a change of the history back, once it was asked about. */
import { part, request } from '../api.js'
import { texts } from '../texts.js'
import type { NamedEffect } from '../types.js'
import type { Confirm } from './impact.js'

/** What became of taking a change back. */
interface Undone {
  readonly effects: readonly NamedEffect[]
  /** Where rules stand whose place another one had. */
  readonly places: readonly string[]
}

/** Takes a change of the history back; `null` where that is not wanted. @throws {ApiError} */
export function undoChange(confirm: Confirm, id: string): Promise<Undone | null> {
  const asking = { change: { undo: id }, question: texts.impact.undo, yes: texts.impact.yes.undo }
  return confirm(
    asking,
    async (asked) => (await request<Undone>('POST', `history/${part(id)}/undo`, undefined, null, asked)).body,
  )
}
