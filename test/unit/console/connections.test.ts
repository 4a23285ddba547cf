import assert from 'node:assert/strict'
import { it } from 'node:test'
import { ConsoleHost, type ConsoleHostOptions } from '../../../plugins/enforce-tls/console/console-host.js'
import { toSettings } from '../../../plugins/enforce-tls/settings/schema.js'

/** What becomes of a server's limit when a console is put into it. */
function limitAfter(enabled: boolean, before?: number): number | undefined {
  const settings = toSettings({ console: { enabled: String(enabled) } })
  const plugin = { loginfo: () => undefined } as unknown as ConsoleHostOptions['plugin']
  const host = new ConsoleHost({ plugin, settings: () => settings } as unknown as ConsoleHostOptions)
  const server: { maxConnections?: number } = before === undefined ? {} : { maxConnections: before }
  host.serve(() => undefined, { http: { app: { get: () => undefined, use: () => undefined }, server } })
  return server.maxConnections
}

it("connections to a console do not take the files that mail needs, unless the operator's own limit is there", () => {
  assert.deepEqual([limitAfter(true), limitAfter(true, 7), limitAfter(false)], [500, 7, undefined])
})
