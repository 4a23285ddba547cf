/** What a report comes to, in sentences: the counts add up, and nothing is claimed that the log does not show. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { DeliveryLogEntry } from '../../../plugins/enforce-tls/observe/delivery-log/schema.js'
import { conclude } from '../../../plugins/enforce-tls/report/conclusion.js'
import { WHOLE_LOG, type LogScope } from '../../../plugins/enforce-tls/report/scope.js'
import type { DeliveryReport } from '../../../plugins/enforce-tls/report/delivery-report.js'
import { makeReport } from '../../../plugins/enforce-tls/report/make-report.js'
import { entry, records } from '../../support/evidence-entries.js'

const UNTIL = new Date('2026-11-23T00:00:00Z')
const SINCE = new Date('2026-11-16T00:00:00Z')

async function concluded(
  entries: readonly DeliveryLogEntry[],
  scope: LogScope = WHOLE_LOG,
  logBegins: string | null = SINCE.toISOString(),
  enforced: Partial<DeliveryReport['enforced']> = {},
) {
  const query = { since: SINCE, until: UNTIL, owner: null, domain: null, now: UNTIL }
  const report = await makeReport(records(...entries), query, logBegins)
  return conclude({ ...report, enforced: { ...report.enforced, ...enforced } }, scope)
}

const good = (more: Partial<DeliveryLogEntry> = {}) => entry({ protocol: 'TLSv1.3', ...more })
const release = (by: string, result = 'sent') => entry({ kind: 'release', result, by, reason: 'due' })

describe('what a report comes to', () => {
  it('is that none left without, as far as the log shows', async () => {
    const { required, verdict, short, results, limits } = await concluded([good(), good()])
    assert.equal(
      required,
      '2 messages required TLS in the last 7 days; 2 left over it, 0 were returned, 0 left without.',
    )
    assert.equal(verdict, 'None of them left without TLS, as far as the delivery log shows.')
    assert.equal(short, '2 messages required TLS, none left without it')
    assert.deepEqual(results, [{ count: 2, what: 'sent over TLS' }])
    assert.deepEqual(limits, [])
  })

  it('has a count for every message that required TLS', async () => {
    const found = await concluded([
      good(),
      entry(),
      entry({ result: 'bounced' }),
      entry({ result: 'kept' }),
      entry({ result: 'deferred' }),
      release('ann'),
      entry({ result: 'delivered-as-usual' }),
      entry({ kind: 'report', result: 'would-bounce' }),
    ])
    assert.equal(
      found.required,
      '6 messages required TLS in the last 7 days; 1 left over it, 1 was returned, 1 was kept undelivered, 1 was still waiting, 1 went to next hops that your settings trust, with TLS or without, 1 left without (released by an administrator). 1 more would require it, but that is not enforced (report only).',
    )
    assert.equal(
      found.results.reduce((sum, { count }) => sum + count, 0),
      6,
    )
    assert.deepEqual(
      found.limits.map((limit) => /^(.{0,30})/.exec(limit)?.[1]),
      ['Not counted: 1 message that wo', 'Not counted: 1 message deliver'],
    )
  })

  it('does not say what became of mail that required TLS at first', async () => {
    const freed = ['A.1', 'B.1'].map((uuid) => entry({ uuid, result: 'freed' }))
    const alone = await concluded(freed)
    assert.equal(alone.required, '2 messages required TLS at first and then no longer; no other message did.')
    assert.equal(
      alone.verdict,
      'That is what the delivery log shows. What became of them then, and whether in the clear, is not in it.',
    )
    assert.equal(alone.short, '2 messages required TLS at first and then no longer')
    const beside = await concluded([good({ uuid: 'C.1' }), ...freed])
    assert.match(
      beside.verdict,
      /^Apart from 2 messages that required it at first and then no longer \(what became of them is not recorded\), none of them left without TLS/,
    )
    assert.equal(
      beside.short,
      '1 message required TLS, none left without it except 2 that no longer required it',
    )
    for (const { limits } of [alone, beside])
      assert.deepEqual(limits, [
        'Not counted: 2 messages put off while TLS was required, until it was not any more. Haraka then tries such mail as usual; whether it has left, and over TLS, is not in the delivery log.',
      ])
  })

  it('never says that none left without, where senders waived it', async () => {
    const waiver = (uuid: string, encrypted: string) =>
      entry({ kind: 'waiver', level: 'dane', result: 'waived-sent', uuid, item: uuid, encrypted })
    const waived = [waiver('A.1', 'false'), waiver('B.1', 'true')]
    const alone = await concluded(waived)
    assert.equal(
      alone.required,
      '2 messages whose senders waived it with TLS-Required: No (1 went in the clear, 1 over TLS) would have required TLS where partners publish it; no other message did.',
    )
    assert.equal(alone.short, 'no message required TLS, 2 waived by their senders (1 in the clear)')
    const beside = await concluded([good({ uuid: 'C.1' }), ...waived])
    assert.equal(
      beside.required,
      '1 message required TLS in the last 7 days; 1 left over it, 0 were returned, 0 left without.',
    )
    assert.equal(
      beside.verdict,
      'Apart from 2 messages whose senders waived it with TLS-Required: No (1 went in the clear, 1 over TLS), none of them left without TLS, as far as the delivery log shows.',
    )
    assert.equal(
      beside.short,
      '1 message required TLS, none left without it except 2 waived by their senders (1 in the clear)',
    )
    // Once: in the sentence that says whether any left without.
    for (const { limits } of [alone, beside]) assert.deepEqual(limits, [])
  })

  it('does not say of REQUIRETLS as a wish that something was published, or required', async () => {
    const { required, limits } = await concluded([
      entry({ level: 'none', rules: [{ owner: '*', id: 'requiretls' }], result: 'delivered-as-usual' }),
    ])
    assert.equal(required, 'No message required TLS.')
    assert.deepEqual(limits, [
      'Not counted: 1 message delivered with or without TLS, because nothing is published that the rules look at, or REQUIRETLS was only a wish of the sender.',
    ])
  })

  it('names who released messages, and does not say that none left without it', async () => {
    const { verdict, short, limits } = await concluded([
      good(),
      release('ann@helpdesk'),
      release('ann@helpdesk'),
      release('bob\r\nBcc: x'),
      release('eve', 'granted'),
    ])
    assert.equal(
      verdict,
      'Apart from 3 messages that ann@helpdesk (2), bob Bcc: x (1) released, and 1 message released by eve on 2026-11-20 (its outcome is not recorded), none of them left without TLS, as far as the delivery log shows.',
    )
    assert.equal(
      short,
      '4 messages required TLS, none left without it except 3 released, releases whose outcome is not recorded',
    )
    assert.deepEqual(limits, [])
  })

  it('does not claim TLS where no session is recorded, or the result is unknown', async () => {
    const trusted = await concluded([entry(), good()])
    assert.match(
      trusted.verdict,
      /^Apart from 1 to next hops that your settings trust without TLS, none of them/,
    )
    assert.deepEqual(
      trusted.results.map(({ count }) => count),
      [1, 1],
    )
    const unknown = await concluded([good()], WHOLE_LOG, null, { messages: 3, other: 2 })
    assert.match(unknown.verdict, /^Apart from 2 whose result this version does not know, none/)
    assert.equal(unknown.short, '3 messages required TLS, none left without it except 2 unknown')
  })

  it('counts what left through a gateway as that', async () => {
    const { results, verdict } = await concluded([good()], WHOLE_LOG, null, { messages: 2, rerouted: 1 })
    assert.deepEqual(results[1], {
      count: 1,
      what: 'sent over TLS to a gateway of yours; their way from there is not known here',
    })
    assert.match(verdict, /^None of them/)
  })

  it('without an entry is that nothing is known, not that nothing happened', async () => {
    const { required, verdict, results } = await concluded([])
    assert.equal(required, 'The delivery log has no entries for this period.')
    assert.equal(verdict, 'So it does not tell whether any message required TLS.')
    assert.deepEqual(results, [])
  })

  it('where nothing required TLS does not claim that something left over it', async () => {
    const { required, verdict } = await concluded([entry({ kind: 'report', result: 'would-deliver' })])
    assert.equal(
      required,
      'No message required TLS. 1 would require it, but that is not enforced (report only).',
    )
    assert.doesNotMatch(verdict, /TLS/)
  })

  it('says what is missing: what was dropped, other machines, nodes that are down', async () => {
    const { limits } = await concluded(
      [good()],
      {
        machine: 'mta1.acme.example',
        down: [{ name: 'mta2', seen: '2026-11-20T04:00:00.000Z' }],
        off: [],
        nodesUnknown: false,
        deliversUnknown: true,
      },
      '2026-11-18T10:00:00.000Z',
    )
    assert.deepEqual(limits, [
      'Entries older than 2026-11-18 10:00 UTC were dropped or never made. What happened before is not in this report.',
      'This is about mail of mta1.acme.example alone: each server with a rules file has a delivery log of its own.',
      'Not seen for a while: mta2 (last at 2026-11-20 04:00 UTC). What they did not write to the delivery log is missing.',
      'Mail whose rules cannot be read is delivered as usual, as [main] in enforce-tls.ini says now. Of such mail the delivery log has only when it was, and how many messages.',
    ])
  })
})
