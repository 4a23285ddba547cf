/**
 * Runs the compiled test files with node:test: all of them, or those of the groups named on the command line
 * (`unit`, `store`, `cli`, `console`, `e2e`, `real-peers`; `e2e/cluster` names a single file). One file more at a
 * time than there are processors, since most of them wait most of the time. Exits 1 when a test fails or none was
 * found.
 */
import { readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, relative } from 'node:path'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'

const FILE_TIMEOUT_MS = 5 * 60_000
const AT_A_TIME = availableParallelism() + 1

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

const wanted = process.argv.slice(2)
const files = testFiles(wanted)
let ran = 0
process.once('exit', () => {
  if (ran > 0) return
  console.error(`no tests ${wanted.length === 0 ? 'at all' : `of ${wanted.join(', ')}`} in ${__dirname}`)
  process.exitCode = 1
})

if (files.length > 0) {
  run({ files: files.map((file) => join(__dirname, file)), concurrency: AT_A_TIME, timeout: FILE_TIMEOUT_MS })
    .on('test:pass', () => ran++)
    .on('test:fail', ({ todo }) => {
      ran++
      if (todo === undefined || todo === false) process.exitCode = 1
    })
    .pipe(new spec())
    .pipe(process.stdout)
}
