/**
 * The source of a small plugin that says what a Haraka is like: when it has started, and on SIGUSR2 its memory
 * and the longest stalls of its event loop since the signal before.
 */
export const FACTS_PLUGIN = `
const fs = require('node:fs')
const { monitorEventLoopDelay } = require('node:perf_hooks')
const v8 = require('node:v8')
const vm = require('node:vm')

const delay = monitorEventLoopDelay({ resolution: 1 })
let ownStall = 0

/** Processor time of the main thread, in milliseconds; null where the system does not tell. */
function ownTime () {
  try {
    return Number(fs.readFileSync('/proc/self/task/' + process.pid + '/schedstat', 'utf8').split(' ')[0]) / 1e6
  } catch {
    return null
  }
}

exports.register = function () {
  v8.setFlagsFromString('--expose-gc')
  const gc = vm.runInNewContext('gc')
  delay.enable()
  let last = ownTime()
  if (last === null) ownStall = null
  else {
    setInterval(() => {
      const now = ownTime()
      ownStall = Math.max(ownStall, now - last)
      last = now
    }, 1).unref()
  }
  this.register_hook('init_master', 'tell_start', 90)
  process.on('SIGUSR2', () => {
    const facts = { longestStall: delay.max / 1e6, longestOwnStall: ownStall, rss: process.memoryUsage().rss }
    gc()
    facts.heapUsed = process.memoryUsage().heapUsed
    process.stdout.write('bench-facts ' + JSON.stringify(facts) + ' end\\n')
    // The next turn of the event loop would count the collection.
    setTimeout(() => {
      delay.reset()
      if (ownStall !== null) ownStall = 0
    }, 20)
    setTimeout(() => process.stdout.write('bench-reset\\n'), 40)
  })
}

exports.tell_start = (next) => {
  process.stdout.write('bench-started ' + process.uptime() * 1000 + ' end\\n')
  next()
}
`
