/** The one sentence of a report: its counts, its period, and nothing that the log does not show. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formatPeriod, headline } from '../../../plugins/enforce-tls/report/headline.js'
import { makeReport } from '../../../plugins/enforce-tls/report/make-report.js'
import { records } from '../../support/evidence-entries.js'

const UNTIL = '2026-11-23T00:00:00.000Z'
const KNOWN = { isIncomplete: false, trusted: 0, openReleases: 0 }

describe('the sentence of a report', () => {
  it('is what compliance asks for, and claims no more than the log shows', async () => {
    const [since, until] = [new Date('2026-10-24T00:00:00Z'), new Date(UNTIL)]
    const empty = await makeReport(records(), { since, until, owner: null, domain: null, now: until })
    const enforced = { ...empty.enforced, messages: 2704, delivered: 2567, bounced: 137 }
    const report = { ...empty, enforced }
    const beginning = '2,704 messages required TLS in the last 30 days'
    const counts = '2,567 left over it, 137 were returned, 0 left without'
    assert.equal(headline(report, KNOWN), `${beginning}; ${counts}`)
    assert.equal(
      headline(report, { ...KNOWN, isIncomplete: true }),
      `Of the messages recorded in the last 30 days, 2,704 required TLS; ${counts}`,
    )
    assert.equal(
      headline({ ...report, attemptedWithout: 3 }, { ...KNOWN, openReleases: 1 }),
      `${beginning}; ${counts}, at an attempt 3 more went without, whether 1 more released did is not recorded`,
    )
    assert.equal(
      headline({ ...report, enforced: { ...enforced, messages: 2706, other: 2 } }, KNOWN),
      '2,706 messages required TLS in the last 30 days; 2,567 left over it, 137 were returned, of 2 the result is unknown, 0 left without',
    )
  })

  for (const [since, until, generated, words] of [
    ['2026-11-22T00:00:00.000Z', UNTIL, UNTIL, 'in the last 24 hours'],
    ['2026-11-16T00:00:00.000Z', UNTIL, '2026-11-23T00:00:59.000Z', 'in the last 7 days'],
    ['2026-11-16T00:00:00.000Z', UNTIL, '2026-11-23T00:01:01.000Z', 'from 2026-11-16 to 2026-11-22 (UTC)'],
    ['2026-11-22T00:00:00.000Z', UNTIL, '2026-11-24T00:00:00.000Z', 'on 2026-11-22 (UTC)'],
    ['2026-11-22T08:30:00.000Z', UNTIL, UNTIL, 'from 2026-11-22 08:30 to 2026-11-23 00:00 UTC'],
  ] as const)
    it(`names its period: ${words}`, () => {
      assert.equal(formatPeriod({ since, until, generated }), words)
    })
})
