/** What an operator is told to do about a message that bounced: whoever has to act is named. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkOf, formatNextStep } from '../../../plugins/enforce-tls/report/trace/words.js'
import type { DeliveryLogEntry } from '../../../plugins/enforce-tls/observe/delivery-log/schema.js'

describe('the next step for a message that bounced', () => {
  for (const [name, begins] of [
    ['certificate-expired', 'Ask the operators of bank.example to mend this, then have'],
    ['trust-unusable', 'Mend this here, then have'],
    ['gateway-unavailable', 'Mend this here, then have'],
    ['fingerprint-mismatch', 'Find out on which side the fault is, then have'],
    ['a-class-of-later', 'Ask the operators of bank.example to mend this, then have'],
  ] as const)
    it(`is for whoever can mend ${name}`, () => {
      const entry = { domain: 'bank.example', class: name, level: 'verify' } as DeliveryLogEntry
      assert.ok(formatNextStep('bounced', entry)?.startsWith(begins), formatNextStep('bounced', entry) ?? '')
      const asksPartner = !begins.startsWith('Mend this here')
      for (const state of ['bounced', 'waiting'] as const)
        assert.deepEqual(checkOf(state, entry), asksPartner ? { gateway: null } : null, state)
      assert.equal(checkOf('delivered', entry), null)
      // A page shows the same sentence as the command.
      assert.doesNotMatch(formatNextStep('waiting', entry) ?? '', /enforce-tls/)
    })

  it('may be a check of the gateway that it waits for', () => {
    const entry = { domain: 'bank.example', class: 'gateway-unavailable', via: 'relay' } as DeliveryLogEntry
    assert.deepEqual(checkOf('waiting', entry), { gateway: 'relay' })
  })
})
