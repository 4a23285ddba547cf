/** Sources of the small plugins of a test Haraka, by name; they run in Haraka's own plugin sandbox. */

/** Says on stdout that a process has run all of its start-up hooks. */
export const READY_PLUGIN = 'test-ready'

export const TEST_PLUGINS: Readonly<Record<string, string>> = {
  'test-relay': `
exports.hook_connect = (next, connection) => {
  connection.relaying = true
  next()
}
exports.hook_rcpt = (next) => next(OK)
`,

  'test-routes': `
const fs = require('node:fs')
const path = require('node:path')
const file = path.join(process.env.HARAKA, 'config', 'test-routes.json')

exports.hook_get_mx = (next, hmail, domain) => {
  const routes = JSON.parse(fs.readFileSync(file, 'utf8'))
  const hosts = routes[domain.toLowerCase()] ?? routes['*']
  if (hosts === undefined) return next(DENY, 'no such domain in test-routes.json')
  next(OK, [...hosts].sort((a, b) => a.priority - b.priority))
}
`,

  [READY_PLUGIN]: `
exports.register = function () {
  this.register_hook('init_master', 'ready_master', 100)
  this.register_hook('init_child', 'ready_child', 100)
}
exports.ready_master = (next) => {
  process.stdout.write('test-ready master ' + process.pid + '\\n')
  next()
}
exports.ready_child = (next) => {
  process.stdout.write('test-ready child ' + process.pid + '\\n')
  next()
}
`,
}
