/**
 * All that the command prints: data, sentences and tables on standard output, errors on standard error.
 * What comes out of a store may hold anything, so nothing reaches the terminal with control characters.
 */
import Table from 'cli-table3'
import { oneLine } from '../text/one-line.js'

/** What the command needs of the process that it runs in. */
export type Terminal = Pick<NodeJS.Process, 'stdin' | 'stdout' | 'stderr' | 'env' | 'cwd'>

/** What stands in a cell of a table: words that wrap, or lines. */
export type Cell = string | readonly string[]

/** The width of a table that no terminal limits, and the narrowest one that is drawn. */
const DEFAULT_WIDTH = 80
const NARROWEST = 60
/** Longer text than any valid entry holds is cut. */
const TEXT_MAX = 1000

/** Where the results of one command go. With `json`, sentences and tables are left out. */
export class Output {
  constructor(
    readonly terminal: Terminal,
    readonly json: boolean,
  ) {}

  /** The result as data; only for `--json`. */
  data(value: unknown): void {
    if (this.json) this.terminal.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
  }

  /** A sentence for a person. */
  line(text: string): void {
    if (!this.json) this.terminal.stdout.write(`${oneLine(text, TEXT_MAX)}\n`)
  }

  /** One of several things that belong to the sentence before. */
  item(text: string, depth = 1): void {
    if (!this.json) this.terminal.stdout.write(`${'  '.repeat(depth)}${oneLine(text, TEXT_MAX)}\n`)
  }

  /** Text that is printed as it is, by a command whose result is a text for a program. */
  raw(text: string): void {
    this.terminal.stdout.write(text)
  }

  /** Named facts, one a line; a list has one line for each of its values. */
  facts(facts: Readonly<Record<string, string | readonly string[]>>): void {
    const margin = Math.max(...Object.keys(facts).map((name) => name.length)) + 2
    for (const [name, values] of Object.entries(facts)) {
      for (const [index, value] of [values].flat().entries()) {
        const left = (index === 0 ? name : '').padEnd(margin)
        if (!this.json) this.terminal.stdout.write(`  ${left}${oneLine(value, TEXT_MAX)}\n`)
      }
    }
  }

  /** A table no wider than the terminal, or than 80 characters where there is none. Cells wrap. */
  table(head: readonly string[], rows: readonly (readonly Cell[])[]): void {
    if (this.json) return
    const { stdout, env } = this.terminal
    const colours = stdout.isTTY && !env['NO_COLOR']
    stdout.write(drawTable(head, rows, stdout.columns, colours))
  }
}

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
    head: [...head],
    colWidths: widths.map((width) => width + 2),
    wordWrap: true,
    style: colours ? { head: ['bold'], border: ['grey'] } : { head: [], border: [] },
  })
  for (const row of texts) {
    table.push(
      row.map((lines, column) => lines.map((line) => breakable(line, widths[column] ?? 1)).join('\n')),
    )
  }
  return `${table.toString()}\n`
}

/** Writes error sentences, and the commands that help, to standard error. */
export function printError(
  terminal: Terminal,
  sentences: readonly string[],
  commands: readonly string[] = [],
): void {
  for (const sentence of sentences) terminal.stderr.write(`enforce-tls: ${oneLine(sentence, TEXT_MAX)}\n`)
  for (const command of commands) terminal.stderr.write(`  ${oneLine(command, TEXT_MAX)}\n`)
}

/** Writes a warning, and the command that helps, to standard error: what was asked for is done all the same. */
export function printWarning(terminal: Terminal, sentence: string, command?: string): void {
  printError(terminal, [`warning: ${sentence}`], command === undefined ? [] : [command])
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
  const [words, cells] = [[...longest], [...longest]]
  for (const [place, row] of rows.entries()) {
    for (const [column, lines] of row.entries())
      for (const line of lines) {
        longest[column] = Math.max(longest[column] ?? 0, columnsOf(line))
        if (place > 0) cells[column] = Math.max(cells[column] ?? 0, columnsOf(line))
        words[column] = Math.max(words[column] ?? 0, ...line.split(' ').map(columnsOf))
      }
  }
  const borders = longest.length * 3 + 1
  // A pseudo-terminal that nobody looks at says 0.
  const width = terminalWidth === undefined || terminalWidth === 0 ? DEFAULT_WIDTH : terminalWidth
  const room = Math.max(width, NARROWEST) - borders
  const taken = words.reduce((sum, word) => sum + word, 0)
  if (taken > room) {
    const fair = Math.floor(room / longest.length)
    const wanted = words.map((word, column) => Math.max(word, Math.min(fair, cells[column] ?? 0)))
    return shares(wanted, room)
  }
  const more = shares(
    longest.map((most, column) => most - (words[column] ?? 0)),
    room - taken,
  )
  return words.map((word, column) => word + (more[column] ?? 0))
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

/** Breaks the words that are longer than a line of the cell: the table itself would cut them off. */
function breakable(text: string, width: number): string {
  return text
    .split(' ')
    .map((word) => {
      let broken = ''
      let used = 0
      for (const character of word) {
        const wide = columnsOf(character)
        if (used + wide > width) {
          broken += ' '
          used = 0
        }
        broken += character
        used += wide
      }
      return broken
    })
    .join(' ')
}

/** Columns that a text takes at most: a character beyond the alphabets of Europe may take two. */
function columnsOf(text: string): number {
  let columns = 0
  for (const character of text) columns += character < '\u1100' ? 1 : 2
  return columns
}
