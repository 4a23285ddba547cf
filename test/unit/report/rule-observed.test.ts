import assert from 'node:assert/strict'
import { it } from 'node:test'
import { partnerObservations } from '../../../plugins/enforce-tls/report/rule-observed.js'
import { entry, records } from '../../support/evidence-entries.js'

const observed = (...domains: readonly string[]) =>
  partnerObservations(
    {
      read: () =>
        records(
          ...domains.map((domain) => entry({ domain, at: new Date(Date.now() - 60_000).toISOString() })),
        ),
    },
    new Set(['clinic.example']),
  )

it('a log without any delivery tells nothing of partners, unlike one that has deliveries to others', async () => {
  assert.equal(await observed(), null)
  assert.equal((await observed('bank.example'))?.enforced.messages, 0)
  assert.equal((await observed('bank.example', 'clinic.example'))?.enforced.messages, 1)
})
