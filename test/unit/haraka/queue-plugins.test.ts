import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { HarakaConnection, HarakaPlugin, HookCall } from '../../../plugins/enforce-tls/haraka/types.js'
import { HeldHooks } from '../../../plugins/enforce-tls/haraka/queue-plugins.js'

const registry = {}
const ours = { name: 'enforce-tls', haraka_require: () => registry } as unknown as HarakaPlugin
const call = (name: string, file = `/haraka/node_modules/haraka-plugin-${name}/package.json`): HookCall => [
  { name, plugin_path: file },
  'hook_queue',
]
const sender = call('archive', '/haraka/plugins/archive.js')
const karma = call('karma')

function connectionWith(...hooks: HookCall[]): HarakaConnection {
  const transaction = { notes: { get: () => undefined } }
  return { transaction, hooks_to_run: hooks, current_hook: {} } as unknown as HarakaConnection
}

function held(connection: HarakaConnection): HeldHooks {
  return HeldHooks.hold(ours, connection) ?? assert.fail('nobody was held back')
}

describe('other plugins of a hook', () => {
  it('are held back where they may send, and come back in their order', () => {
    const connection = connectionWith(sender, karma)
    const hooks = held(connection)
    assert.deepEqual(hooks.senders, ['archive'])
    assert.deepEqual(connection.hooks_to_run, [karma])
    hooks.release()
    assert.deepEqual(connection.hooks_to_run, [sender, karma])
  })

  it('are left alone where none may send', () => {
    const connection = connectionWith(karma)
    assert.equal(HeldHooks.hold(ours, connection), null)
    assert.deepEqual(connection.hooks_to_run, [karma])
  })

  const LATER: readonly (readonly [what: string, change: (connection: HarakaConnection) => object])[] = [
    ['another hook runs', () => ({ current_hook: {} })],
    ['no hook runs', () => ({ current_hook: null })],
    ['the message is gone', () => ({ transaction: null })],
    ['another list is run', () => ({ hooks_to_run: [] })],
  ]
  for (const [what, change] of LATER)
    it(`do not come back when ${what}, since Haraka waits no more`, () => {
      const connection = connectionWith(sender, karma)
      const hooks = held(connection)
      Object.assign(connection, change(connection))
      const before = connection.hooks_to_run
      assert.ok(!hooks.isAwaited)
      hooks.release()
      hooks.dismiss()
      assert.equal(connection.hooks_to_run, before)
    })
})
