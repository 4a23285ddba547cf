/**
 * Synchronous last-resort cleaning for a test process that ends without closing what it started, also when
 * a signal ends it; an action that throws does not keep the others from running.
 */
const actions = new Set<() => void>()
let installed = false

/** Registers `action` for the end of this process; the returned function takes it back. */
export function atExit(action: () => void): () => void {
  install()
  actions.add(action)
  return () => void actions.delete(action)
}

function install(): void {
  if (installed) return
  installed = true
  process.once('exit', runAll)
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    process.once(signal, () => process.exit(code))
  }
}

function runAll(): void {
  for (const action of actions) {
    try {
      action()
    } catch (error) {
      console.error('cleaning up after a test failed:', error)
    }
  }
}
