/**
 * A wall clock that a test sets for Haraka's process: a module that is loaded first and moves `Date`. Timers
 * keep their own time, as they do when an operator or NTP sets the clock of a machine.
 */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { TemporaryFolder } from './temporary-folder.js'

export interface Clock extends AsyncDisposable {
  readonly env: NodeJS.ProcessEnv
  /** Sets it off by so many ms from the real time; the process says `test-clock <ms>` when it has seen it. */
  set(offset: number): void
}

const SOURCE = `
const fs = require('node:fs')
const RealDate = Date
let offset = 0
globalThis.Date = class Date extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(RealDate.now() + offset)
    else super(...args)
  }
  static now() {
    return RealDate.now() + offset
  }
}
const look = () => {
  const wanted = Number(fs.readFileSync(process.env.TEST_CLOCK, 'utf8'))
  if (wanted === offset) return
  offset = wanted
  process.stdout.write('test-clock ' + offset + '\\n')
}
look()
setInterval(look, 20).unref()
`

/** Makes one; it is right at first. */
export function settableClock(): Clock {
  const folder = new TemporaryFolder('clock')
  const module = path.join(folder.path, 'clock.cjs')
  const file = path.join(folder.path, 'offset')
  const set = (offset: number): void => writeFileSync(file, String(offset))
  writeFileSync(module, SOURCE)
  set(0)
  return {
    env: { NODE_OPTIONS: `--require=${module}`, TEST_CLOCK: file },
    set,
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
}
