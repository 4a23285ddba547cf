/**
 * The history of a rules file, in a file of JSON lines beside it, oldest first. Reading it gives what can be
 * read; a file that is not there is an empty history.
 */
import { readFile } from 'node:fs/promises'
import { firstLineOf } from './dated-lines.js'
import type { InPieces } from '../../work/pieces.js'
import { newStepId, parseHistoryLine, recording, type HistoryChange, type HistoryEntry } from '../history.js'
import { inPieces } from '../../work/turns.js'

/** The most that is kept; the latest entry always is. */
export const HISTORY_MOST = { entries: 1000, megabytes: 16 } as const
/** In characters. */
const HISTORY_LENGTH_MAX = HISTORY_MOST.megabytes * 1024 * 1024

/** Where the history of a rules file is. */
export function historyFileOf(file: string): string {
  return `${file}.history.jsonl`
}

/** The text of a history file once changes are added to it. */
export async function historyText(
  file: string,
  changes: readonly HistoryChange[],
  by: string,
  now: Date,
): Promise<string> {
  const lines = await linesOf(file)
  return await inPieces(adding(lines, changes, by, now.toISOString()))
}

function* adding(
  lines: readonly string[],
  changes: readonly HistoryChange[],
  by: string,
  at: string,
): InPieces<string> {
  const recorded = yield* recording(changes)
  const step = newStepId()
  const latestFirst: string[] = []
  let length = 0
  const add = (line: string): boolean => {
    length += line.length + 1
    if (latestFirst.length > 0 && length > HISTORY_LENGTH_MAX) return false
    return latestFirst.push(line) < HISTORY_MOST.entries
  }
  for (const { change, leftOut } of recorded.toReversed()) {
    const { key, owner, field, expected, value } = change
    const texts = leftOut ? { leftOut } : { from: expected, to: value }
    const entry = { at, by, key, owner, field, ...texts, step, entries: recorded.length }
    if (!add(JSON.stringify(entry))) return joined(latestFirst)
    yield
  }
  for (let index = lines.length - 1; index >= 0; index--) if (!add(lines[index] ?? '')) break
  return joined(latestFirst)
}

function joined(latestFirst: readonly string[]): string {
  return latestFirst
    .toReversed()
    .map((line) => `${line}\n`)
    .join('')
}

/** All entries, latest first. */
export async function* readHistory(file: string): AsyncGenerator<HistoryEntry> {
  for (const line of (await linesOf(file)).toReversed()) {
    const entry = await inPieces(reading(line))
    if (entry !== null) yield entry
  }
}

/** When the oldest entry was made; `null` for an empty history. */
export async function historyBegins(file: string): Promise<string | null> {
  const first = await firstLineOf(file)
  return first === null ? null : ((await inPieces(reading(first)))?.at ?? null)
}

function* reading(line: string): InPieces<HistoryEntry | null> {
  yield
  return parseHistoryLine(line)
}

async function linesOf(file: string): Promise<string[]> {
  try {
    return (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
