/**
 * Runs the compiled test files with node:test: all of them, or those of the groups named on the command line
 * (`unit`, `store`, `cli`, `console`, `e2e`, `real-peers`; `e2e/cluster` names a single file). One file more at a
 * time than there are processors, since most of them wait most of the time. Exits 1 when a test fails or none was
 * found. Of the whole suite, up to three files with a failure run once more, one at a time; what passes then is named,
 * since a test that fails beside others is a race in it or in the product.
 */
import { readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, relative } from 'node:path'
import { finished } from 'node:stream/promises'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'

const FILE_TIMEOUT_MS = 5 * 60_000
const AT_A_TIME = availableParallelism() + 1
/** More than this is no bad luck. */
const MOST_AGAIN = 3

interface Outcome {
  /** The files. */
  readonly failed: readonly string[]
  readonly tests: number
}

function testFiles(wanted: readonly string[]): string[] {
  return readdirSync(__dirname, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.test.js'))
    .map((entry) => relative(__dirname, join(entry.parentPath, entry.name)))
    .filter((file) => wanted.length === 0 || wanted.some((name) => belongsTo(file, name)))
    .sort()
}

function belongsTo(file: string, name: string): boolean {
  return file.startsWith(`${name}/`) || file === `${name}.test.js`
}

/** Runs files, so many at a time; gives those with a failure, and counts tests. */
async function outcomeOf(files: readonly string[], concurrency: number): Promise<Outcome> {
  const failed = new Set<string>()
  let tests = 0
  const events = run({ files: [...files], concurrency, timeout: FILE_TIMEOUT_MS })
    .on('test:pass', () => tests++)
    .on('test:fail', ({ todo, file, name }) => {
      tests++
      if (todo === undefined || todo === false) failed.add(file ?? name)
    })
  const shown = new spec()
  events.pipe(shown).pipe(process.stdout, { end: false })
  await finished(shown)
  return { failed: [...failed], tests }
}

async function main(wanted: readonly string[]): Promise<number> {
  const files = testFiles(wanted).map((file) => join(__dirname, file))
  const { failed, tests } = files.length > 0 ? await outcomeOf(files, AT_A_TIME) : { failed: [], tests: 0 }
  if (tests === 0) {
    console.error(`no tests ${wanted.length === 0 ? 'at all' : `of ${wanted.join(', ')}`} in ${__dirname}`)
    return 1
  }
  if (failed.length === 0) return 0
  if (wanted.length > 0 || failed.length > MOST_AGAIN) return 1
  console.log(`\nOnce more, with nothing beside them:\n${failed.join('\n')}`)
  const again = await outcomeOf(failed, 1)
  if (again.failed.length > 0) return 1
  console.log(`\nPassed only with nothing beside them, which is a race to be found:\n${failed.join('\n')}`)
  return 0
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    console.error(error)
    process.exitCode = 1
  },
)
