/**
 * Loaded into a process by `TurnWatch`: notes each turn of its event loop that takes long. A turn counts no more
 * than the processor time it took, so that a busy machine, on which a process waits for its turn, is not blamed
 * on the process.
 */
import { appendFileSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'

/** What is shorter is not noted, in ms. */
const NOTED_MS = 10

const file = process.env['TEST_TURNS_FILE']
if (file !== undefined && isMainThread) watch(file)

function watch(file: string): void {
  let since = performance.now()
  let used = process.cpuUsage()
  const look = (): void => {
    const { user, system } = process.cpuUsage(used)
    const turn = Math.min(performance.now() - since, (user + system) / 1000)
    if (turn > NOTED_MS) appendFileSync(file, `${process.pid} ${turn.toFixed(1)}\n`)
    since = performance.now()
    used = process.cpuUsage()
    setTimeout(look, 1).unref()
  }
  look()
}
