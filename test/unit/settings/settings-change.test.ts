/** What is said of an edit of the settings: which of them have changed, without values. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { HarakaConfig } from '../../../plugins/enforce-tls/haraka/types.js'
import type { Ini } from '../../../plugins/enforce-tls/settings/schema.js'
import { readSettings } from '../../../plugins/enforce-tls/settings/settings.js'

it('an edit names what has changed against what was read before, and one that changes nothing names nothing', () => {
  let ini: Ini = { store: { type: 'file' }, redis: { password: 'secret' } }
  let edited: ((error?: Error) => void) | undefined
  const config = {
    get: (name: string, _type: string, onChange?: () => void) => {
      if (name !== 'enforce-tls.ini') return {}
      edited ??= onChange
      return ini
    },
  } as unknown as HarakaConfig
  const said: (readonly string[])[] = []
  readSettings(config, '/nowhere', (result) => {
    said.push('changed' in result ? result.changed : ['wrong'])
  })
  const edit = (next: Ini): void => {
    ini = next
    edited?.()
  }
  edit({ store: { type: 'file' }, redis: { password: 'other' }, requiretls: { honour_no: 'false' } })
  edit({ store: { type: 'file' }, redis: { password: 'other' }, requiretls: { honour_no: 'false' } })
  edit({ store: { type: 'file' }, main: { no_such_key: '1' } })
  edit({ store: { type: 'file' } })
  assert.deepEqual(said, [
    ['[redis] password', '[requiretls] honour_no'],
    [],
    ['wrong'],
    ['[redis] password', '[requiretls] honour_no'],
  ])
})
