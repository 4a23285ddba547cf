/** Tables for a terminal: as wide as it, or than 80 columns where there is none. Pure. */
import Table from 'cli-table3'
import { oneLine } from '../text/one-line.js'
import { columnsOf, words, wrap } from '../text/wrap.js'

/** What stands in a cell of a table: words that wrap, or lines. */
export type Cell = string | readonly string[]

/** The width of a table that no terminal limits, and the narrowest one that is drawn. */
export const DEFAULT_WIDTH = 80
const NARROWEST = 60
/** Longer text than any valid entry holds is cut. */
export const TEXT_MAX = 1000

/** A table as text. Cells wrap; no control character of theirs gets through. */
export function drawTable(
  head: readonly string[],
  rows: readonly (readonly Cell[])[],
  columns?: number,
  colours = false,
): string {
  const texts = rows.map((row) => row.map((cell) => [cell].flat().map((line) => oneLine(line, TEXT_MAX))))
  const widths = columnWidths([head.map((name) => [name]), ...texts], columns)
  const table = new Table({
    head: head.map((name, column) => linesOf(name, widths[column] ?? 1).join('\n')),
    colWidths: widths.map((width) => width + 2),
    style: colours ? { head: ['bold'], border: ['grey'] } : { head: [], border: [] },
  })
  for (const row of texts) {
    table.push(
      row.map((lines, column) => lines.flatMap((line) => linesOf(line, widths[column] ?? 1)).join('\n')),
    )
  }
  return `${table.toString()}\n`
}

/**
 * Columns as wide as their longest line; where that is too much, the widest ones share what is left. No column is
 * narrower than its longest word where there is room for that: a name that is cut looks like another name. Where there is
 * not, the longest names share what the others leave; names of columns wrap before anything else does.
 */
function columnWidths(
  rows: readonly (readonly (readonly string[])[])[],
  terminalWidth: number | undefined,
): number[] {
  const longest = (rows[0] ?? []).map(() => 0)
  const [longestWords, cells] = [[...longest], [...longest]]
  for (const [place, row] of rows.entries()) {
    for (const [column, lines] of row.entries())
      for (const line of lines) {
        longest[column] = Math.max(longest[column] ?? 0, columnsOf(line))
        if (place > 0) cells[column] = Math.max(cells[column] ?? 0, columnsOf(line))
        longestWords[column] = Math.max(longestWords[column] ?? 0, ...words(line).map(columnsOf))
      }
  }
  const borders = longest.length * 3 + 1
  // A pseudo-terminal that nobody looks at says 0.
  const width = terminalWidth || DEFAULT_WIDTH
  const room = Math.max(width, NARROWEST) - borders
  const taken = longestWords.reduce((sum, word) => sum + word, 0)
  if (taken > room) {
    const fair = Math.floor(room / longest.length)
    const wanted = longestWords.map((word, column) => Math.max(word, Math.min(fair, cells[column] ?? 0)))
    return shares(wanted, room)
  }
  const more = shares(
    longest.map((most, column) => most - (longestWords[column] ?? 0)),
    room - taken,
  )
  return longestWords.map((word, column) => word + (more[column] ?? 0))
}

/** Divides columns of a terminal by what each wants: those that want little get it, the others the same. */
function shares(wanted: readonly number[], room: number): number[] {
  let left = room
  const widths = [...wanted]
  const least = [...wanted.keys()].sort((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0))
  for (const [done, column] of least.entries()) {
    const width = Math.min(wanted[column] ?? 0, Math.floor(left / (least.length - done)))
    widths[column] = width
    left -= width
  }
  return widths
}

/** The lines of a cell; only here a word that is longer than a line is broken, since the table would cut it off. */
function linesOf(text: string, width: number): string[] {
  return wrap(text, width).flatMap((line) => (columnsOf(line) > width ? broken(line, width) : [line]))
}

function broken(word: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const character of word) {
    if (line !== '' && columnsOf(line) + columnsOf(character) > width) {
      lines.push(line)
      line = ''
    }
    line += character
  }
  return [...lines, line]
}
