/**
 * Looks how long a process keeps its event loop. What counts is CPU time of the main thread within one round of the
 * loop: on a busy machine a round takes long on the clock although nothing of ours runs.
 *
 * A program is started with `watchdogEnvironment`; then every longer round is a line on its stdout.
 */
import { openSync, readSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'

const VARIABLE = 'TEST_LOOP_WATCHDOG'
/** Rounds that are shorter are not told, in ms. */
const TOLD = 20

/** What a Node.js program needs in its environment to be watched. */
export function watchdogEnvironment(): NodeJS.ProcessEnv {
  return { NODE_OPTIONS: `--require ${__filename}`, [VARIABLE]: String(TOLD) }
}

/** The longest round that a log of a watched program tells, from a place on, in ms; 0 where all were short. */
export function longestRound(log: string, from = 0): number {
  const told = [...log.slice(from).matchAll(/^watchdog: a round of (\d+) ms$/gm)]
  return Math.max(0, ...told.map(([, ms]) => Number(ms)))
}

function watch(tell: (round: number) => void): void {
  // The first number: nanoseconds on a processor, of the main thread alone.
  const file = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r')
  const buffer = Buffer.alloc(64)
  const spent = (): number =>
    Number.parseInt(buffer.toString('latin1', 0, readSync(file, buffer, 0, 64, 0)), 10)
  let before = spent()
  setInterval(() => {
    const now = spent()
    tell((now - before) / 1e6)
    before = now
  }, 1).unref()
}

const told = Number(process.env[VARIABLE] ?? 0)
if (told > 0 && isMainThread)
  watch((round) => {
    if (round > told) process.stdout.write(`watchdog: a round of ${Math.round(round)} ms\n`)
  })
