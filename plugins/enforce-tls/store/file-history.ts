/**
 * The history of a rules file, in a file of JSON lines beside it, oldest first. Reading it gives what can be
 * read; a file that is not there is an empty history.
 */
import { readFile } from 'node:fs/promises'
import type { EntryChange } from './entry-change.js'
import { isAskedFor, parseHistoryLine, recordsOf, type HistoryEntry, type HistoryQuery } from './history.js'

/** The most entries that are kept. */
const HISTORY_MAX = 1000

/** Where the history of a rules file is. */
export function historyFileOf(file: string): string {
  return `${file}.history.jsonl`
}

/** The text of a history file once changes are added to it. */
export async function historyText(
  file: string,
  changes: readonly EntryChange[],
  by: string,
  now: Date,
): Promise<string> {
  const lines = [
    ...(await linesOf(file)),
    ...recordsOf(changes, by, now).map((entry) => JSON.stringify(entry)),
  ]
  return lines
    .slice(-HISTORY_MAX)
    .map((line) => `${line}\n`)
    .join('')
}

/** The entries that are asked for, latest first. */
export async function readHistory(file: string, query: HistoryQuery): Promise<HistoryEntry[]> {
  return (await linesOf(file))
    .map(parseHistoryLine)
    .filter((entry) => entry !== null)
    .filter((entry) => isAskedFor(entry, query))
    .reverse()
    .slice(0, query.limit)
}

async function linesOf(file: string): Promise<string[]> {
  try {
    return (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
