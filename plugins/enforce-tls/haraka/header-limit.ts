/**
 * Haraka drops lines of a header beyond a limit (`connection.ini [headers] max_lines`, 1000) and keeps no trace of
 * them. What a rule looks for may have been there, so the message is marked while that is still known; the mark
 * goes into the queue file.
 */
import type { HarakaTransaction } from './types.js'

const MARK = 'enforce_tls_header_cut'
const MAX_LINES = 1000

/** Why fields may be missing. */
export const HEADER_CUT = 'it may be in header lines that Haraka dropped'

/** Marks a message whose header may have been cut. */
export function markHeader({ header_lines, cfg, notes }: HarakaTransaction): void {
  if ((header_lines?.length ?? 0) >= (cfg?.headers?.max_lines ?? MAX_LINES)) notes[MARK] = true
}

/** Whether a message was marked. */
export function isHeaderCut(notes: Readonly<Record<string, unknown>>): boolean {
  return notes[MARK] === true
}
