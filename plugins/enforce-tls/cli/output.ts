/**
 * All that the command prints: data, sentences and tables on standard output, errors on standard error.
 * What comes out of a store may hold anything, so nothing reaches the terminal with control characters. On a terminal
 * sentences wrap; elsewhere each is one line, for scripts.
 */
import { oneLine } from '../text/one-line.js'
import { columnsOf, wrap } from '../text/wrap.js'
import { DEFAULT_WIDTH, drawTable, TEXT_MAX, type Cell } from './table.js'

/** What the command needs of the process that it runs in. */
export type Terminal = Pick<NodeJS.Process, 'stdin' | 'stdout' | 'stderr' | 'env' | 'cwd'>

/** Prose in longer lines is hard to read, whatever the terminal has room for. */
const PROSE_WIDTH = 100
/** What other lines of a sentence stand behind. */
const LABEL = /^(?:\d+\. |Note: |Next: )/
/** A sentence that ends with what is to be copied. */
const WITH_COMMAND = /^(.*:) (enforce-tls .*)$/

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
    if (!this.json) this.terminal.stdout.write(prose(this.terminal.stdout, text))
  }

  /** One of several things that belong to the sentence before. */
  item(text: string, depth = 1): void {
    if (!this.json) this.terminal.stdout.write(prose(this.terminal.stdout, text, '  '.repeat(depth), 2))
  }

  /** One of several things that are to be copied, or read by a program: a line of its own, however long. */
  code(text: string, depth = 1): void {
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
      const hang = typeof values === 'string' ? 0 : 2
      for (const [index, value] of [values].flat().entries()) {
        const left = (index === 0 ? name : '').padEnd(margin)
        if (!this.json) this.terminal.stdout.write(prose(this.terminal.stdout, value, `  ${left}`, hang))
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

/** Writes error sentences, and the commands that help, to standard error. */
export function printError(
  terminal: Terminal,
  sentences: readonly string[],
  commands: readonly string[] = [],
): void {
  for (const sentence of sentences) terminal.stderr.write(prose(terminal.stderr, sentence, 'enforce-tls: '))
  for (const command of commands) terminal.stderr.write(`  ${oneLine(command, TEXT_MAX)}\n`)
}

/** Writes a warning, and the command that helps, to standard error: what was asked for is done all the same. */
export function printWarning(terminal: Terminal, sentence: string, command?: string): void {
  printError(terminal, [`warning: ${sentence}`], command === undefined ? [] : [command])
}

/**
 * A sentence as it is printed.
 *
 * @param left what stands before it; the other lines have a margin as wide
 * @param hang columns that the other lines have more, where the sentence has no label
 */
export function prose(
  stream: Pick<NodeJS.WriteStream, 'isTTY' | 'columns'>,
  text: string,
  left = '',
  hang = 0,
): string {
  const whole = oneLine(text, TEXT_MAX)
  const width = Math.min(stream.columns || DEFAULT_WIDTH, PROSE_WIDTH)
  if (!stream.isTTY || left.length + columnsOf(whole) <= width) return `${left}${whole}\n`
  const [, sentence = whole, command] = WITH_COMMAND.exec(whole) ?? []
  const margin = LABEL.exec(sentence)?.[0].length ?? hang
  const lines = wrap(sentence, width - left.length, margin)
  if (command !== undefined) lines.push(`  ${command}`)
  return lines.map((line, index) => `${index === 0 ? left : ' '.repeat(left.length)}${line}\n`).join('')
}
