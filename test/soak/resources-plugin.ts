/**
 * The source of a small plugin that says on SIGUSR2 what its process holds: memory after a garbage collection, and the
 * timers that live, also those that do not keep the process alive.
 */
export const RESOURCES_PLUGIN = `
const { createHook } = require('node:async_hooks')
const v8 = require('node:v8')
const vm = require('node:vm')

exports.register = function () {
  v8.setFlagsFromString('--expose-gc')
  const gc = vm.runInNewContext('gc')
  const timers = new Set()
  createHook({
    init: (id, type) => void (type === 'Timeout' && timers.add(id)),
    destroy: (id) => void timers.delete(id),
  }).enable()
  process.on('SIGUSR2', () => {
    gc()
    const { rss, heapUsed, external } = process.memoryUsage()
    const facts = { rss, heap: heapUsed + external, timers: timers.size }
    process.stdout.write('soak-resources ' + JSON.stringify(facts) + ' end\\n')
  })
}
`
