import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { toSettings } from '../../../plugins/enforce-tls/settings/schema.js'
import { SettingsError } from '../../../plugins/enforce-tls/settings/settings.js'

describe('[console]', () => {
  it('is off, and believes no proxy, unless it says otherwise', () => {
    const off = { enabled: false, sessionIdle: 1_800_000, sessionMax: 43_200_000, trustProxy: false }
    assert.deepEqual(toSettings({}).console, off)
    const on = { enabled: 'true', session_idle: '5m', session_max: '1h' }
    assert.deepEqual(toSettings({ console: on }).console, {
      enabled: true,
      sessionIdle: 300_000,
      sessionMax: 3_600_000,
      trustProxy: false,
    })
  })

  it('names its proxies by number or address, never everybody', () => {
    for (const [written, meant] of [
      ['false', false],
      [0, false],
      [1, 1],
      ['2', 2],
      ['loopback', ['loopback']],
      ['loopback, 192.0.2.1,2001:db8::/32', ['loopback', '192.0.2.1', '2001:db8::/32']],
    ] as const)
      assert.deepEqual(toSettings({ console: { trust_proxy: written } }).console.trustProxy, meant)
    for (const written of [
      'true',
      'yes',
      '*',
      '-1',
      'proxy.example',
      '192.0.2.1/33',
      '2001:db8::/129',
      '10.0.0.0/',
      'loopback,',
    ])
      assert.throws(
        () => toSettings({ console: { trust_proxy: written } }),
        (error) =>
          error instanceof SettingsError &&
          error.message.startsWith(
            `enforce-tls.ini: [console] trust_proxy=${written}: expected false, the number`,
          ),
        written,
      )
  })
})
