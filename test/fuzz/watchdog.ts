/**
 * A watchdog inside a process of Haraka: says on stdout which turns of its event loop took longer than 50 ms, waiting
 * not counted, in time and in time on a processor, and with what, as a CPU profile tells. A busy machine makes turns
 * long in time only.
 */
import { openSync, readSync } from 'node:fs'
import { Session, type Profiler } from 'node:inspector'
import { performance } from 'node:perf_hooks'
import { spentOn, type LongTurn } from './turn-profile.js'

/** The longest turn, in milliseconds. */
export const TURN_MAX = 50
/** What a line of a long turn begins with; JSON follows. */
export const TURN_MARK = 'fuzz-turn '

const SAMPLE_EVERY_US = 1000
/** So long a profile goes on before it is thrown away, in milliseconds. */
const PROFILE_FOR = 20_000
/** A profile costs time itself: between two there is at least this, in milliseconds. */
const PROFILE_REST = 1000

interface Moment {
  readonly at: number
  readonly idle: number
  readonly onProcessor: number
}

/** The plugin that runs it, as JavaScript source. */
export const WATCHDOG_PLUGIN = `
const { watchTurns } = require(${JSON.stringify(__filename)})
exports.register = function () {
  this.register_hook('init_master', 'watch')
  this.register_hook('init_child', 'watch')
}
exports.watch = (next) => {
  watchTurns()
  next()
}
`

/** Watches this process from now on. */
export function watchTurns(): void {
  const onProcessor = processorClock()
  const look = (): Moment => ({
    at: performance.now(),
    idle: performance.eventLoopUtilization().idle,
    onProcessor: onProcessor(),
  })
  const profile = new RunningProfile()
  let before = look()
  // An immediate without a reference does not keep the loop from waiting: it comes once in each turn.
  const turn = (): void => {
    const now = look()
    const took = now.at - before.at - (now.idle - before.idle)
    const worked = now.onProcessor - before.onProcessor
    if (took > TURN_MAX && worked > TURN_MAX) {
      say({
        took,
        worked,
        at: Date.now(),
        pid: process.pid,
        ...profile.since(now.at - took, Math.min(1, worked / took)),
      })
    }
    before = profile.renew() ? look() : now
    setImmediate(turn).unref()
  }
  setImmediate(turn).unref()
}

function say(turn: LongTurn): void {
  process.stdout.write(`\n${TURN_MARK}${JSON.stringify(turn)}\n`)
}

/** Time on a processor in milliseconds: of this thread where the system tells it, otherwise of the process. */
function processorClock(): () => number {
  if (process.platform !== 'linux') {
    return () => {
      const { user, system } = process.cpuUsage()
      return (user + system) / 1000
    }
  }
  const file = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r')
  const buffer = Buffer.alloc(100)
  return () => Number.parseInt(buffer.toString('latin1', 0, readSync(file, buffer, 0, 100, 0)), 10) / 1e6
}

/** A CPU profile that always runs. */
class RunningProfile {
  readonly #session = new Session()
  #began = 0
  #spent = false

  constructor() {
    this.#session.connect()
    this.#session.post('Profiler.enable')
    this.#session.post('Profiler.setSamplingInterval', { interval: SAMPLE_EVERY_US })
    this.#start()
  }

  /** What was done since a time of `performance.now()`; nothing where the last answer was just now. */
  since(
    from: number,
    share: number,
  ): Pick<LongTurn, 'ours' | 'collector' | 'longest' | 'entry' | 'functions' | 'stack'> | undefined {
    if (performance.now() - this.#began < PROFILE_REST && from < this.#began) return undefined
    const offset = Number(process.hrtime.bigint()) / 1000 - performance.now() * 1000
    let found: ReturnType<RunningProfile['since']>
    this.#session.post('Profiler.stop', (error, answer: Profiler.StopReturnType) => {
      if (error === null) found = spentOn(answer.profile, from * 1000 + offset, share)
    })
    this.#spent = true
    return found
  }

  /** Starts anew where it is time to; whether it did. */
  renew(): boolean {
    if (!this.#spent && performance.now() - this.#began < PROFILE_FOR) return false
    if (!this.#spent) this.#session.post('Profiler.stop')
    this.#start()
    return true
  }

  #start(): void {
    this.#session.post('Profiler.start')
    this.#began = performance.now()
    this.#spent = false
  }
}
