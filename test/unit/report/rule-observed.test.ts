import assert from 'node:assert/strict'
import { it } from 'node:test'
import {
  formatPartnerObservations,
  formatRuleObservations,
} from '../../../plugins/enforce-tls/report/format-observed.js'
import type { DeliveryLogEntry } from '../../../plugins/enforce-tls/observe/delivery-log/schema.js'
import { partnerObservations, ruleObservations } from '../../../plugins/enforce-tls/report/rule-observed.js'
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

it('what would wait is not said to bounce, and what nothing is required for not to require TLS', async () => {
  const at = new Date(Date.now() - 60_000).toISOString()
  const seen = { at, kind: 'report', level: 'published' } as const
  const entries = [
    entry({ ...seen, result: 'would-wait', domain: 'clinic.example' }),
    entry({ ...seen, result: 'would-deliver-as-usual' }),
    entry({ at, result: 'delivered-as-usual', domain: 'clinic.example' }),
  ]
  const deliveries = { read: () => records(...entries) }
  assert.deepEqual(
    formatRuleObservations(await ruleObservations(deliveries, { owner: 'acme.example', id: 'r1' }), true),
    [
      'In the last 30 days it would have bounced 0 of 2 messages (0.0%); 1 would have waited: clinic.example 1; 1 would have been delivered as usual, because nothing is published that the rules look at or their senders waive it.',
      'In the last 30 days 1 message that it matched went as usual, because nothing is published that the rules look at.',
    ],
  )
  assert.deepEqual(
    formatPartnerObservations(await partnerObservations(deliveries, new Set(['clinic.example'])), [
      'clinic.example',
    ]),
    [
      'In the last 30 days rules in report mode would have bounced 0 of 1 message to clinic.example; 1 would have waited.',
      'In the last 30 days 1 message to clinic.example went as usual, because nothing is published that the rules look at, or REQUIRETLS was only a wish of the sender.',
    ],
  )
})

it('leaves out by their text entries that are about others, but the first', async () => {
  const asked: ((json: string) => boolean)[] = []
  const log = (entries: readonly DeliveryLogEntry[]) => ({
    read: (_since: Date, mayBeWanted: (json: string) => boolean = () => true) => {
      asked.push(mayBeWanted)
      return records(...entries)
    },
  })
  const at = new Date(Date.now() - 60_000).toISOString()
  await ruleObservations(log([]), { owner: 'acme.example', id: 'payments' })
  await ruleObservations(log([]), { owner: 'acme.example', id: 'odd "id"' })
  await partnerObservations(log([]), new Set(['clinic.example']))
  await partnerObservations(log([entry({ at })]), new Set(['clinic.example']))
  const other = '{"domain":"bank.example","rules":"[]"}'
  assert.deepEqual(
    asked.map((mayBeWanted) => mayBeWanted(other)),
    [false, true, true, false],
  )
  assert.ok(asked[3]?.('{"domain":"clinic.example"}'))
})
