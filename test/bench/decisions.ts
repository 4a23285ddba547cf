/** Part a: the time of a decision and the memory of a rule, beside a list in Haraka and a table of Postfix. */
import { join } from 'node:path'
import { runToEnd } from '../support/watched-process.js'
import type { BenchPart, BenchRun, BenchTable } from './bench-part.js'
import { numbersBelow, partner } from './bench-rules.js'
import type { Result, Task } from './decisions-child.js'
import { timePostfixTable, type PostfixTime } from './postfix-table.js'
import { shownCount, shownTime, shownVerdict } from './statistics.js'

/** The median and the 99th percentile that are aimed at, in nanoseconds. */
const P50_TARGET = 5000
const P99_TARGET = 50_000
/** In bytes: of each rule where an owner has many, and of an owner who has one. */
const RULE_TARGET = 500
const OWNER_TARGET = 1500

/** A size with what was measured at it. */
interface Measured extends Result {
  readonly rules: number
  readonly owners: number
  readonly met: boolean
}

/** As many entries in each of the three. */
interface Compared {
  readonly entries: number
  readonly haraka: Result
  readonly postfix: PostfixTime | null
}

export const decisions: BenchPart = { id: 'a', title: 'Decisions', run }

async function run({ quick, progress }: BenchRun): Promise<readonly BenchTable[]> {
  const sizes = quick ? [1000] : [1000, 100_000, 1_000_000]
  const calls = quick ? 2000 : 300_000
  const spreads = sizes.flatMap((rules) =>
    [1, 1000, 100_000].filter((owners) => owners <= rules).map((owners) => ({ rules, owners })),
  )
  progress.start(spreads.length + 2 * sizes.length)
  const measured: Measured[] = []
  for (const { rules, owners } of spreads) {
    const result = await inChild({ kind: 'plugin', rules, owners, calls })
    measured.push({ rules, owners, ...result, met: isMet(rules, owners, result) })
    progress.step(`${shownCount(rules)} rules of ${shownCount(owners)} owners`)
  }
  const compared: Compared[] = []
  for (const entries of sizes) {
    const haraka = await inChild({ kind: 'haraka', rules: entries, owners: 1, calls })
    progress.step(`${shownCount(entries)} hosts in Haraka`)
    const names = [...numbersBelow(entries, quick ? 2000 : 200_000, 5)].map(partner)
    compared.push({ entries, haraka, postfix: timePostfixTable(entries, names) })
    progress.step(`${shownCount(entries)} entries in Postfix`)
  }
  return [decisionTable(measured), comparison(measured, compared)]
}

async function inChild(task: Task): Promise<Result> {
  const args = ['--expose-gc', join(__dirname, 'decisions-child.js'), JSON.stringify(task)]
  const said = await runToEnd(process.execPath, args)
  return JSON.parse(said.trim().split('\n').at(-1) ?? '') as Result
}

function isMet(rules: number, owners: number, { p50, p99, bytesPerRule }: Result): boolean {
  const bytes = rules === owners ? OWNER_TARGET : RULE_TARGET
  return p50 <= P50_TARGET && p99 <= P99_TARGET && (bytesPerRule ?? 0) <= bytes
}

function decisionTable(measured: readonly Measured[]): BenchTable {
  return {
    title: 'Decision for one recipient, rules in memory',
    columns: [
      'rules',
      'owners',
      'covered: p50',
      'p99',
      'look-ups alone',
      'not covered: p50',
      'memory for a rule',
      'target',
    ],
    rows: measured.map(({ rules, owners, p50, p99, p50OfMaps, p50OfOthers, bytesPerRule, met }) => [
      shownCount(rules),
      shownCount(owners),
      shownTime(p50),
      shownTime(p99),
      shownTime(p50OfMaps ?? NaN),
      shownTime(p50OfOthers ?? NaN),
      `${(bytesPerRule ?? 0).toFixed(0)} bytes`,
      shownVerdict(met),
    ]),
    note:
      'Each size in a fresh process. Every rule is for a domain of its own; messages come in no order, half ' +
      'of the series to domains of rules (covered) and half to others, their addresses made just before. ' +
      'Single calls, less the time of reading the clock (the median of empty readings). Look-ups alone: p50 of ' +
      'four look-ups for the same addresses in plain Maps as large. Memory: the heap ' +
      'after a garbage collection, with the rules less without them, what an owner takes included. Targets: ' +
      'p50 at most 5 µs, p99 at most 50 µs; at most 500 bytes a rule, 1500 where each owner has one.',
    data: measured,
  }
}

function comparison(measured: readonly Measured[], compared: readonly Compared[]): BenchTable {
  const kind = compared[0]?.postfix?.kind
  return {
    title: 'The same look-ups elsewhere (of what is there)',
    columns: [
      'entries',
      'this plugin, p50',
      "Haraka's force_tls_hosts, p50",
      `Postfix, ${kind ?? 'no'} table`,
    ],
    rows: compared.map(({ entries, haraka, postfix }) => [
      shownCount(entries),
      shownTime(measured.find(({ rules }) => rules === entries)?.p50 ?? NaN),
      shownTime(haraka.p50),
      postfix ? shownTime(postfix.perLookUp) : 'not here',
    ]),
    note:
      "Haraka: its outbound item's own get_force_tls, called as for an MX host that DNS told of. Postfix: " +
      'all look-ups in one postmap -q -, total time by number, so that the start of the process and the ' +
      'reading and writing of the names are part of it; the median of 5 runs.',
    data: compared,
  }
}
