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
    ['clinic.example'],
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
    formatPartnerObservations(await partnerObservations(deliveries, ['clinic.example']), ['clinic.example']),
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
  await partnerObservations(log([]), ['clinic.example'])
  await partnerObservations(log([entry({ at })]), ['clinic.example'])
  const other = '{"domain":"bank.example","rules":"[]"}'
  assert.deepEqual(
    asked.map((mayBeWanted) => mayBeWanted(other)),
    [false, true, true, false],
  )
  assert.ok(asked[3]?.('{"domain":"clinic.example"}'))
})

it('says whose messages it counts: of one address those to its domain, and of subdomains theirs alone', async () => {
  const at = new Date(Date.now() - 60_000).toISOString()
  const entries = ['bank.example', 'a.bank.example', 'notbank.example'].map((domain) => entry({ at, domain }))
  const said = async (...patterns: readonly string[]) =>
    formatPartnerObservations(
      await partnerObservations({ read: () => records(...entries) }, patterns),
      patterns,
    ).join(' ')
  const counted = (n: string, whom: string) =>
    new RegExp(`^In the last 30 days TLS was required for ${n} to ${whom}: `)
  assert.match(await said('treasury@bank.example'), counted('1 message', 'any address at bank\\.example'))
  assert.match(await said('.bank.example'), counted('1 message', '\\.bank\\.example'))
  assert.match(
    await said('bank.example', '.bank.example'),
    counted('2 messages', 'bank\\.example, \\.bank\\.example'),
  )
  assert.match(await said('cfo@clinic.example'), /has no message to any address at clinic\.example in/)
})
