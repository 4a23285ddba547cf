/** Bounces and notices of delay of this plugin: no messages in any count, and a part of the trace of what they are about. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isOfNotice, type Outcome } from '../../../plugins/enforce-tls/delivery/delivery-events.js'
import { noticeOutcome } from '../../../plugins/enforce-tls/delivery/notice-events.js'
import { tlsFailure } from '../../../plugins/enforce-tls/delivery/outcome.js'
import type { HarakaMailItem } from '../../../plugins/enforce-tls/haraka/types.js'
import { Observations } from '../../../plugins/enforce-tls/observe/alerts/observations.js'
import { entryOf, fromRecord, toRecord } from '../../../plugins/enforce-tls/observe/delivery-log/entry.js'
import type { DeliveryLogEntry } from '../../../plugins/enforce-tls/observe/delivery-log/schema.js'
import { makeReport } from '../../../plugins/enforce-tls/report/make-report.js'
import { RecentFailures } from '../../../plugins/enforce-tls/report/recent-failures.js'
import { partnerObservations, ruleObservations } from '../../../plugins/enforce-tls/report/rule-observed.js'
import { trafficOfRules } from '../../../plugins/enforce-tls/report/rule-traffic.js'
import { messageOf } from '../../../plugins/enforce-tls/report/trace/message.js'
import { searchMessages } from '../../../plugins/enforce-tls/report/trace/search.js'
import { statementOn } from '../../../plugins/enforce-tls/report/trace/statement.js'
import { requirementOf } from '../../../plugins/enforce-tls/rules/requirement.js'
import { entry, NO_HISTORY, NOTHING_LACKS, records } from '../../support/evidence-entries.js'
import { SESSION } from '../../support/tls-session.js'

const RULE = { owner: '*', id: 'r1', name: 'Banks' }
const failure = tlsFailure('starttls-not-supported', 'does not offer STARTTLS')

/** As of the bounce of a message to bank.example, on its way back to acme.example. */
const outcome: Outcome = {
  ...{ kind: 'outcome', at: 1, uuid: 'N.1', sender: '', domain: 'acme.example', isNotice: true },
  ...{
    recipients: ['ann@acme.example'],
    requirement: requirementOf({ level: 'encrypt' }, 'x.example', RULE),
  },
  ...{
    result: 'bounced',
    host: 'mx.acme.example',
    to: '192.0.2.7:25',
    session: null,
    failure,
    status: '5.7.10',
  },
}
const item = {
  todo: {
    notes: {
      enforce_tls_about: {
        ...{ uuid: 'M.1', item: 'a', sender: 'ann@acme.example', domain: 'bank.example', level: 'encrypt' },
        ...{ recipients: ['cfo@bank.example'], decidedBy: [RULE] },
      },
    },
  },
} as unknown as HarakaMailItem

describe('an event of a notice', () => {
  it('is marked in the delivery log, and reads back', () => {
    const made = entryOf(outcome, 'x')
    assert.equal(made.notice, 'true')
    assert.deepEqual(fromRecord(toRecord(made)), made)
    const ofMessage = { ...outcome }
    delete ofMessage.isNotice
    assert.equal(entryOf(ofMessage, 'x').notice, undefined)
  })

  it('says nothing of partners', () => {
    const observations = new Observations()
    observations.take(outcome)
    assert.equal(observations.size, 0)
  })

  it('under a release is told as any', () => {
    assert.equal(isOfNotice({ kind: 'release', isNotice: true }), false)
  })

  it('is told of the message that it is about, with nothing of the certificate of the way back', () => {
    const made = (more: Partial<Outcome>) => noticeOutcome(item, { ...outcome, ...more })
    const entryMade = (more: Partial<Outcome>) => {
      const event = made(more)
      assert.ok(event)
      const { uuid, domain, from, result, notice, fingerprint, expires } = entryOf(event, 'x')
      assert.deepEqual([uuid, domain, from, notice], ['M.1', 'bank.example', 'acme.example', undefined])
      assert.deepEqual([fingerprint, expires], [undefined, undefined])
      return result
    }
    assert.equal(entryMade({}), 'notice-replaced')
    assert.equal(entryMade({ result: 'deferred' }), 'notice-waits')
    assert.equal(entryMade({ result: 'delivered', session: SESSION, failure: null }), 'notice-delivered')
    assert.equal(made({ result: 'kept' }), null)
    const ofMessage = { ...outcome }
    delete ofMessage.isNotice
    assert.equal(noticeOutcome(item, ofMessage), null)
  })
})

const AT = new Date()
const at = (seconds: number) => new Date(AT.getTime() - 60_000 + seconds * 1000).toISOString()
const OF_MESSAGE: readonly Partial<DeliveryLogEntry>[] = [
  { at: at(1), kind: 'attempt', result: 'failed', class: 'starttls-not-supported' },
  { at: at(2), result: 'bounced', class: 'starttls-not-supported', status: '5.7.10' },
]
const OF_NOTICE: readonly Partial<DeliveryLogEntry>[] = [
  { at: at(3), kind: 'attempt', result: 'failed', class: 'starttls-not-supported' },
  { at: at(4), result: 'deferred', class: 'starttls-not-supported' },
  { at: at(5), kind: 'report', result: 'would-bounce' },
  { at: at(6), kind: 'waiver', result: 'waived', detail: 'x' },
  { at: at(7), result: 'bounced', class: 'starttls-not-supported' },
]
const shared = { rules: [RULE], from: 'acme.example' }
const LOG: readonly DeliveryLogEntry[] = [
  ...OF_MESSAGE.map((wanted) => entry({ uuid: 'M.1', ...shared, ...wanted })),
  ...OF_NOTICE.map((wanted) =>
    entry({ uuid: 'M.1.2', ...shared, from: '', domain: 'acme.example', notice: 'true', ...wanted }),
  ),
  entry({
    ...{
      uuid: 'M.1',
      ...shared,
      at: at(8),
      kind: 'notice',
      result: 'notice-replaced',
      mx: 'mx.acme.example',
    },
    ...{ class: 'starttls-not-supported', detail: 'does not offer STARTTLS' },
  }),
]
const deliveries = {
  read: () => records(...LOG),
  readKey: () => Promise.resolve(null),
  begins: () => Promise.resolve(null),
}
const [since, until] = [new Date(AT.getTime() - 3_600_000), new Date(AT.getTime() + 1000)]

describe('notices in the delivery log', () => {
  it('are no messages of a report, nor is the domain of the sender a partner', async () => {
    const report = await makeReport(records(...LOG), { since, until, owner: null, domain: null, now: until })
    const { enforced, reported, partners, failures, days } = report
    assert.deepEqual([enforced.messages, enforced.bounced, enforced.waived], [1, 1, 0])
    assert.equal(reported.messages, 0)
    assert.deepEqual(
      partners.map(({ domain }) => domain),
      ['bank.example'],
    )
    assert.deepEqual(
      failures.map(({ attempts, messages }) => [attempts, messages]),
      [[1, 1]],
    )
    assert.equal(
      days.reduce((sum, { bounced }) => sum + bounced, 0),
      1,
    )
  })

  it('are no failures of a domain or of the service', async () => {
    const counts = await new RecentFailures({ deliveries, isRecorded: () => true }).byDomain()
    assert.deepEqual(
      [...(counts ?? [])],
      [
        ['*', 1],
        ['acme.example', 1],
      ],
    )
  })

  it('beside what messages ask for themselves, which is no rule of the service', async () => {
    const asked = { owner: '*', id: 'requiretls', name: 'REQUIRETLS' }
    const log = [entry({ at: at(2), rules: [asked], result: 'bounced', class: 'requiretls-not-supported' })]
    const read = { read: () => records(...log) }
    const counts = await new RecentFailures({ deliveries: read, isRecorded: () => true }).byDomain()
    assert.deepEqual([...(counts ?? [])], [['acme.example', 1]])
    const query = { since, until, owner: '*', domain: null, now: until }
    assert.equal((await makeReport(records(...log), query)).enforced.messages, 0)
  })

  it('are no traffic of a rule, and nothing that a change of rules would do', async () => {
    const traffic = await trafficOfRules(deliveries, '*', until)
    assert.deepEqual(traffic?.rules, [{ id: 'r1', messages: 1, failed: 1 }])
    const observed = await ruleObservations(deliveries, RULE)
    assert.deepEqual([observed?.reported.messages, observed?.enforced.messages], [0, 1])
    const ofPartner = await partnerObservations(deliveries, ['acme.example'])
    assert.deepEqual([ofPartner?.reported.messages, ofPartner?.enforced.messages], [0, 0])
  })

  it('are found with the message that they are about, and not beside it', async () => {
    const query = {
      ...{ since, until, owner: null, to: null, from: null, messageId: null },
      ...{ uuid: null, partner: null, rule: 'r1', result: null },
    }
    const { messages, total } = await searchMessages(deliveries, query, { skip: 0, limit: 9 }, NO_HISTORY)
    assert.equal(total, 1)
    const [message] = messages
    assert.ok(message)
    assert.deepEqual([message.uuid, message.state, message.last], ['M.1', 'bounced', at(2)])
    assert.deepEqual(message.missing, [])
    const { says, reason } = message.steps.at(-1) ?? {}
    assert.match(says ?? '', /^The notice to the sender could not be sent as securely as it has to be/)
    assert.equal(reason, 'does not offer STARTTLS')
    assert.equal(message.nextStep?.includes('Tell the sender'), false)
  })

  it('leave a message that waits, and one that is delivered, as they are', () => {
    const stateOf = (...entries: readonly Partial<DeliveryLogEntry>[]) => {
      const all = entries.map((wanted) => entry({ uuid: 'U.1', ...wanted }))
      const none = { sender: null, to: null, messageId: null }
      return messageOf(all, none, { entries: all, ...NOTHING_LACKS })
    }
    const delayed = {
      kind: 'notice',
      result: 'notice-delivered',
      protocol: 'TLSv1.3',
      requiretls: 'yes',
    } as const
    const waiting = stateOf({ result: 'deferred' }, delayed)
    assert.equal(waiting.state, 'waiting')
    assert.equal(
      waiting.steps[1]?.says,
      'The notice to the sender was delivered over TLS 1.3, handed on with REQUIRETLS: the server has to pass it on encrypted',
    )
    assert.doesNotMatch(statementOn(waiting).sentence, /could not be delivered/)
    assert.equal(
      stateOf({ protocol: 'TLSv1.3' }, { kind: 'notice', result: 'notice-waits' }).state,
      'delivered',
    )
  })
})
