/** Reads what Haraka says: long turns, and words that no input may bring it to. */
import { readFileSync } from 'node:fs'
import type { Haraka } from '../support/haraka.js'
import type { Ledger } from './ledger.js'
import type { LongTurn } from './turn-profile.js'
import { TURN_MARK, TURN_MAX } from './watchdog.js'

const ALARMS: readonly RegExp[] = [
  // The one exception is how Haraka tells that a partner cut the connection.
  /^\[(?:CRIT|EMERG|ALERT)\](?!.*Socket write failed unexpectedly)/,
  /uncaught|unhandled/i,
  /^\[ERROR\].*enforce-tls.*(?:TypeError|RangeError|ReferenceError|is not a function|Maximum call stack)/,
]

/** A long turn with what was under way. */
export interface SeenTurn extends LongTurn {
  readonly underWay: readonly string[]
}

export class LogWatch {
  readonly turns: SeenTurn[] = []
  /** The lines of errors that our plugin logs, by shape. */
  readonly errors = new Map<string, number>()
  readonly #haraka: Haraka
  readonly #ledger: Ledger
  #read: number

  constructor(haraka: Haraka, ledger: Ledger) {
    this.#haraka = haraka
    this.#ledger = ledger
    this.#read = haraka.mark()
  }

  /** Reads on. */
  look(): void {
    const { log } = this.#haraka
    const end = log.lastIndexOf('\n') + 1
    if (end <= this.#read) return
    for (const line of log.slice(this.#read, end).split('\n')) this.#line(line)
    this.#read = end
  }

  #line(line: string): void {
    if (line.startsWith(TURN_MARK)) return this.#turn(line.slice(TURN_MARK.length))
    if (ALARMS.some((alarm) => alarm.test(line)))
      this.#ledger.violated(`Haraka logged: ${line.slice(0, 2000)}`, {
        kind: kindOf(line),
      })
    if (/^\[(?:ERROR|CRIT)\]/.test(line)) {
      const shape = line.replace(/[0-9A-F]{8}-[\w-]+(?:\.\d+)*|"(?:[^"\\]|\\.)*"|\d+/g, '…').slice(0, 160)
      this.errors.set(shape, (this.errors.get(shape) ?? 0) + 1)
    }
  }

  #turn(json: string): void {
    const turn = parse(json)
    if (turn === null) return
    const inputs = this.#ledger.before(turn.at)
    this.turns.push({
      ...turn,
      underWay: inputs.slice(-3).map(({ source, what }) => `${source} ${what.slice(0, 200)}`),
    })
    // Haraka's own work is Haraka's; a turn of many small pieces has none that is too long.
    const { ours = 0, longest = 0, stack = [], functions = [], entry = '' } = turn
    if (ours < TURN_MAX || longest < TURN_MAX) return
    const about = `${ours} ms of ${turn.took.toFixed(0)} ms are ours, the longest piece ${longest} ms`
    this.#ledger.violated(
      `a turn of ${turn.worked.toFixed(0)} ms of work: ${about}\n    ${functions.join('\n    ')}\n    stack: ${stack.join(' < ')}`,
      { kind: `turn in ${entry}`, at: turn.at },
    )
  }
}

/** What tells one cause from another: the error and the place in our code, or the line without its numbers. */
function kindOf(line: string): string {
  const thrown = /(\w+Error: .*?) {5}at .*?\/enforce-tls\/dist\/plugins\/([\w./-]+:\d+)/.exec(
    line.replaceAll('haraka-plugin-', ''),
  )
  return thrown
    ? `${thrown[1] ?? ''} at ${thrown[2] ?? ''}`
    : line.replace(/[0-9A-F-]{8,}|\d+/g, '').slice(0, 150)
}

function parse(json: string): LongTurn | null {
  try {
    return JSON.parse(json) as LongTurn
  } catch {
    return null
  }
}

/** Memory of a process in MiB; `null` where the system does not tell. */
export function memoryOf(pid: number): number | null {
  try {
    const pages = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return pages === undefined ? null : Math.round(Number(pages) / 1024)
  } catch {
    return null
  }
}
