/** The words at the end of a fuzz. Pure. */
import type { FuzzResult } from './run-fuzz.js'
import type { SeenTurn } from './log-watch.js'

const TURNS_TOLD = 10
const ERRORS_TOLD = 15

export function summary({ ledger, turns, memory, errors }: FuzzResult): string {
  const counts = [...ledger.counts].map(([source, count]) => `${source} ${count}`).join(', ')
  const longest = [...turns].sort((a, b) => b.worked - a.worked).slice(0, TURNS_TOLD)
  const kinds = [...ledger.byKind].sort(([, a], [, b]) => b - a)
  const logged = [...errors].sort(([, a], [, b]) => b - a).slice(0, ERRORS_TOLD)
  return [
    `inputs: ${counts}`,
    `memory of the worker: ${String(memory.start)} MiB at the start, ${String(memory.end)} MiB at the end`,
    `turns of more than 50 ms of work: ${turns.length}; the longest:`,
    ...longest.flatMap(turnLines),
    `errors logged:`,
    ...logged.map(([shape, count]) => `  ${count} x ${shape}`),
    `violations: ${ledger.violations.length}`,
    ...kinds.map(([kind, count]) => `  ${count} x ${kind}`),
  ].join('\n')
}

function turnLines({ took, worked, ours, collector, longest, functions = [], underWay }: SeenTurn): string[] {
  const parts =
    ours === undefined
      ? 'not profiled'
      : `ours ${ours}, garbage collector ${collector ?? 0}, longest piece ${longest ?? 0}`
  return [
    `  ${worked.toFixed(0)} ms of work in ${took.toFixed(0)} ms (${parts})`,
    ...functions.slice(0, 6).map((each) => `      ${each}`),
    ...underWay.map((each) => `    under way: ${each}`),
  ]
}
