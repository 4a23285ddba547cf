/**
 * Runs the compiled test files with node:test: all of them, or those of the groups named on the command line
 * (`unit`, `store`, `cli`, `console`, `e2e`, `real-peers`; `e2e/cluster` names a single file), two at a time for each
 * processor: some wait for servers most of the time, the others compute, and both kinds run beside each other. With
 * `--times` the longest files are named at the end. Exits 1 when a test fails or none was found. Of the whole suite, up to three files with a failure run once more, one at a time; what passes then is named,
 * since a test that fails beside others is a race in it or in the product.
 */
import { readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, relative } from 'node:path'
import { finished } from 'node:stream/promises'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'

const FILE_TIMEOUT_MS = 5 * 60_000
const AT_A_TIME = 2 * availableParallelism()
/** More than this is no bad luck. */
const MOST_AGAIN = 3

/** Of which a test waits more than it computes. */
const WAITING = /^(?:e2e|store|real-peers)\//
/** Of a minute and more: what begins last must not be one of them. */
const LONGEST = [
  'e2e/redis-acl',
  'e2e/store-memory',
  'e2e/waiting-mail',
  'e2e/soak-short',
  'console/long-lists',
  'e2e/store-gone',
].map((name) => `${name}.test.js`)
const TIMES_SHOWN = 30

interface Outcome {
  /** The files. */
  readonly failed: readonly string[]
  readonly tests: number
  /** Of the tests of each file, in milliseconds. */
  readonly times: ReadonlyMap<string, number>
}

/** What `test:pass` and `test:fail` tell. */
interface TestEvent {
  readonly file?: string | undefined
  readonly nesting: number
  readonly details: { readonly duration_ms: number }
}

function testFiles(wanted: readonly string[]): string[] {
  return readdirSync(__dirname, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.test.js'))
    .map((entry) => relative(__dirname, join(entry.parentPath, entry.name)))
    .filter((file) => wanted.length === 0 || wanted.some((name) => belongsTo(file, name)))
    .sort((a, b) => Number(LONGEST.includes(b)) - Number(LONGEST.includes(a)) || (a < b ? -1 : 1))
}

/** Two kinds of files, each in its order, spread evenly over the whole. */
function mixed(files: readonly string[]): string[] {
  const kinds = [true, false].map((waits) => files.filter((file) => WAITING.test(file) === waits))
  return kinds
    .flatMap((kind) => kind.map((file, n) => ({ file, place: (n + 0.5) / kind.length })))
    .sort((a, b) => a.place - b.place)
    .map(({ file }) => file)
}

function belongsTo(file: string, name: string): boolean {
  return file.startsWith(`${name}/`) || file === `${name}.test.js`
}

/** Runs files, so many at a time; gives those with a failure, and counts tests. */
async function outcomeOf(files: readonly string[], concurrency: number): Promise<Outcome> {
  const failed = new Set<string>()
  const times = new Map<string, number>()
  let tests = 0
  const count = ({ file = '', nesting, details }: TestEvent) => {
    tests++
    if (nesting === 0) times.set(file, (times.get(file) ?? 0) + details.duration_ms)
  }
  const events = run({ files: [...files], concurrency, timeout: FILE_TIMEOUT_MS })
    .on('test:pass', count)
    .on('test:fail', (event) => {
      count(event)
      const { todo, file, name } = event
      if (todo === undefined || todo === false) failed.add(file ?? name)
    })
  const shown = new spec()
  events.pipe(shown).pipe(process.stdout, { end: false })
  await finished(shown)
  return { failed: [...failed], tests, times }
}

function showTimes(times: Outcome['times']): void {
  const longest = [...times].sort(([, a], [, b]) => b - a).slice(0, TIMES_SHOWN)
  console.log(`\nThe longest files, in seconds:`)
  for (const [file, time] of longest)
    console.log(`${(time / 1000).toFixed(1).padStart(6)}  ${relative(__dirname, file)}`)
}

async function main(words: readonly string[]): Promise<number> {
  const wanted = words.filter((word) => word !== '--times')
  const files = mixed(testFiles(wanted)).map((file) => join(__dirname, file))
  const { failed, tests, times } =
    files.length > 0 ? await outcomeOf(files, AT_A_TIME) : { failed: [], tests: 0, times: new Map() }
  if (wanted.length < words.length) showTimes(times)
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
