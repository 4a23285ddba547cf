/** Which period a report is about, at the edges of weeks, months and years. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  lastPeriod,
  nextDue,
  type Every,
  partOf,
} from '../../../../plugins/enforce-tls/report/mailed/schedule.js'

const ROWS: readonly (readonly [Every, string, name: string, since: string, until: string, words: string])[] =
  [
    // A Monday.
    [
      'week',
      '2026-11-23T00:14:59.999Z',
      'week-2026-11-09',
      '2026-11-09',
      '2026-11-16',
      '9 to 15 November 2026',
    ],
    [
      'week',
      '2026-11-23T00:15:00.000Z',
      'week-2026-11-16',
      '2026-11-16',
      '2026-11-23',
      '16 to 22 November 2026',
    ],
    [
      'week',
      '2026-11-29T23:59:59.999Z',
      'week-2026-11-16',
      '2026-11-16',
      '2026-11-23',
      '16 to 22 November 2026',
    ],
    [
      'week',
      '2026-12-07T12:00:00.000Z',
      'week-2026-11-30',
      '2026-11-30',
      '2026-12-07',
      '30 November to 6 December 2026',
    ],
    [
      'week',
      '2027-01-04T12:00:00.000Z',
      'week-2026-12-28',
      '2026-12-28',
      '2027-01-04',
      '28 December 2026 to 3 January 2027',
    ],
    ['month', '2026-12-01T00:14:59.999Z', 'month-2026-10', '2026-10-01', '2026-11-01', 'October 2026'],
    ['month', '2026-12-01T00:15:00.000Z', 'month-2026-11', '2026-11-01', '2026-12-01', 'November 2026'],
    ['month', '2027-01-31T23:59:59.999Z', 'month-2026-12', '2026-12-01', '2027-01-01', 'December 2026'],
    ['month', '2028-03-01T00:15:00.000Z', 'month-2028-02', '2028-02-01', '2028-03-01', 'February 2028'],
  ]

describe('the period of a report', () => {
  for (const [every, now, name, since, until, words] of ROWS)
    it(`of every ${every} is ${words} at ${now}`, () => {
      const period = lastPeriod(every, new Date(now))
      assert.deepEqual(
        { ...period, since: period.since.toISOString(), until: period.until.toISOString() },
        { name, since: `${since}T00:00:00.000Z`, until: `${until}T00:00:00.000Z`, words },
      )
    })

  for (const [every, now, due] of [
    ['week', '2026-11-23T00:15:00.000Z', '2026-11-30T00:15:00.000Z'],
    ['week', '2026-11-23T00:14:59.999Z', '2026-11-23T00:15:00.000Z'],
    ['month', '2026-12-01T00:15:00.000Z', '2027-01-01T00:15:00.000Z'],
    ['month', '2026-12-01T00:14:59.999Z', '2026-12-01T00:15:00.000Z'],
    ['month', '2027-02-01T00:15:00.000Z', '2027-03-01T00:15:00.000Z'],
  ] as const)
    it(`of every ${every} is followed at ${now} by one that is due at ${due}`, () => {
      assert.equal(nextDue(every, new Date(now)).toISOString(), due)
      assert.notEqual(
        lastPeriod(every, new Date(due)).name,
        lastPeriod(every, new Date(Date.parse(due) - 1)).name,
      )
    })
})

it('a domain called all is not taken for all mail', () => {
  assert.deepEqual(['', 'all', '*', 'acme.example'].map(partOf), ['all', 'all.', '*', 'acme.example'])
})
