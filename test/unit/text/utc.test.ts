import assert from 'node:assert/strict'
import { it } from 'node:test'
import { formatUtc, timesAsRead } from '../../../plugins/enforce-tls/text/utc.js'

it('a time is said with its zone, whatever the zone of the computer', (t) => {
  const { TZ } = process.env
  t.after(() => (TZ === undefined ? delete process.env['TZ'] : (process.env['TZ'] = TZ)))
  process.env['TZ'] = 'Asia/Tokyo'
  assert.equal(formatUtc('2026-11-23T18:00:01.234Z'), '2026-11-23 18:00:01 UTC')
})

it('times in a sentence are written so, and only those in UTC', () => {
  assert.equal(
    timesAsRead('since 2026-11-23T18:00:01Z; until 2026-11-24T18:00:01.999Z, not 2026-11-23T18:00:01+01:00'),
    'since 2026-11-23 18:00:01 UTC; until 2026-11-24 18:00:01 UTC, not 2026-11-23T18:00:01+01:00',
  )
})
