/** What an operator is told to do about a message that bounced: whoever has to act is named. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formatNextStep, isCheckUseful } from '../../../plugins/enforce-tls/report/trace/words.js'
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
        assert.equal(isCheckUseful(state, entry), asksPartner, state)
      assert.equal(isCheckUseful('delivered', entry), false)
      // A page shows the same sentence as the command.
      assert.doesNotMatch(formatNextStep('waiting', entry) ?? '', /enforce-tls/)
    })
})
