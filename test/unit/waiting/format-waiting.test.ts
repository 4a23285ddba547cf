/** Why a message waits, in words: whose host it is that failed. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { reasonOf } from '../../../plugins/enforce-tls/waiting/format-waiting.js'

const BASE = { host: 'mx.bank.example', detail: 'does not offer STARTTLS', domain: 'bank.example', class: '' }

for (const [what, about, expected] of [
  ['a server of the recipients', {}, 'mx.bank.example does not offer STARTTLS'],
  ['their domain', { host: 'bank.example' }, 'does not offer STARTTLS'],
  [
    'a gateway that it waits for',
    { host: 'gw.example', gateway: 'relay', class: 'gateway-unavailable', detail: 'could not be reached' },
    'gateway relay: gw.example could not be reached',
  ],
  [
    'a gateway that the settings lack',
    { host: 'relay', class: 'gateway-misconfigured', detail: 'is not in [gateways]' },
    'gateway relay is not in [gateways]',
  ],
] as const)
  it(`names ${what}`, () => assert.equal(reasonOf({ ...BASE, ...about }), expected))
