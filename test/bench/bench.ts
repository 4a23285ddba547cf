/** `npm run bench`: all parts of the benchmark, or some; tables for people, or JSON. Exits 1 when a part fails. */
import { Command, Option } from '@commander-js/extra-typings'
import { SingleBar } from 'cli-progress'
import Table from 'cli-table3'
import type { BenchPart, BenchRun, BenchTable } from './bench-part.js'
import { delivery } from './delivery.js'
import { SCENES } from './delivery/scenes.js'
import { describeMachine, type Machine } from './machine.js'
import { PARTS } from './parts.js'
import { errorMessage } from '../../plugins/enforce-tls/text/error-message.js'

const WIDTH = 100

interface Done {
  readonly part: BenchPart
  readonly tables: readonly BenchTable[]
}

const program = new Command('bench')
  .description('Measures decisions (a), deliveries (b), changes (c) and start-up (d).')
  .addOption(
    new Option('--part <id>', 'only this part; may be given several times')
      .choices(PARTS.map(({ id }) => id))
      .argParser(oneMore('part', PARTS)),
  )
  .addOption(
    new Option('--scene <id>', 'only this scene of part b; may be given several times')
      .choices(SCENES.map(({ id }) => id))
      .argParser(oneMore('scene', SCENES)),
  )
  .option('--quick', 'few messages and look-ups: to see that it works, not to compare')
  .option('--json', 'print data only')
  .action(async ({ part: parts, scene: scenes, quick = false, json = false }) => {
    const chosen = parts ?? (scenes === undefined ? undefined : [delivery.id])
    const wanted = PARTS.filter(({ id }) => chosen === undefined || chosen.includes(id))
    const done: Done[] = []
    for (const one of wanted)
      done.push({ part: one, tables: await runPart(one, { quick, ...(scenes && { scenes }) }) })
    print(describeMachine(), done, json)
  })

/** Collects the values of an option that may be given several times. */
function oneMore(what: string, known: readonly { readonly id: string }[]) {
  return (id: string, before: readonly string[] | undefined): readonly string[] => {
    if (known.some((each) => each.id === id)) return [...(before ?? []), id]
    const ids = known.map((each) => each.id).join(', ')
    return program.error(`error: there is no ${what} ${JSON.stringify(id)}; there are ${ids}`)
  }
}

/** The bar is on stderr, and only where that is a terminal. */
async function runPart(part: BenchPart, options: Omit<BenchRun, 'progress'>): Promise<readonly BenchTable[]> {
  const bar = new SingleBar({
    format: `${part.title} [{bar}] {percentage}% {what}`,
    noTTYOutput: false,
    clearOnComplete: true,
  })
  const progress: BenchRun['progress'] = {
    start: (steps) => bar.start(steps, 0, { what: '' }),
    step: (what) => bar.increment({ what }),
  }
  try {
    return await part.run({ ...options, progress })
  } finally {
    bar.stop()
  }
}

function print(machine: Machine, done: readonly Done[], json: boolean): void {
  if (json) {
    const parts = done.map(({ part: { id, title }, tables }) => ({
      id,
      title,
      tables: tables.map((table) => ({ title: table.title, data: table.data })),
    }))
    console.log(JSON.stringify({ machine, parts }, null, 2))
    return
  }
  const words = Object.entries(machine).map(([name, value]) => `${name} ${value}`)
  console.log(wrapped(words.join(', ')))
  for (const { title, columns, rows, note } of done.flatMap(({ tables }) => tables)) {
    const table = new Table({ head: [...columns], style: { head: [], border: [] } })
    table.push(...rows.map((row) => [...row]))
    console.log(`\n${title}\n${table.toString()}\n${wrapped(note)}`)
  }
}

function wrapped(text: string): string {
  return text.replace(new RegExp(`(.{1,${WIDTH}})(?: |$)`, 'g'), '$1\n').trimEnd()
}

program.parseAsync().catch((error: unknown) => {
  console.error(`The benchmark failed: ${errorMessage(error)}`)
  process.exitCode = 1
})
