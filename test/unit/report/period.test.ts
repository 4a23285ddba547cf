import assert from 'node:assert/strict'
import { it } from 'node:test'
import { parseSince, parseUntil } from '../../../plugins/enforce-tls/report/report-query.js'

const NOW = new Date('2026-11-23T12:30:00.000Z')

for (const [text, since, until] of [
  ['7d', '2026-11-16T12:30:00.000Z', '2026-11-16T12:30:00.000Z'],
  ['24h', '2026-11-22T12:30:00.000Z', '2026-11-22T12:30:00.000Z'],
  ['2w', '2026-11-09T12:30:00.000Z', '2026-11-09T12:30:00.000Z'],
  ['2026-11-01', '2026-11-01T00:00:00.000Z', '2026-11-02T00:00:00.000Z'],
  ['2026-11-01T08:00+01:00', '2026-11-01T07:00:00.000Z', '2026-11-01T07:00:00.000Z'],
] as const) {
  it(`${text} begins at ${since} and ends at ${until}`, () => {
    assert.equal(parseSince(text, NOW)?.toISOString(), since)
    assert.equal(parseUntil(text, NOW)?.toISOString(), until)
  })
}

for (const text of [
  '',
  '7',
  'd',
  '-7d',
  '7 d',
  '7m',
  '2026-02-30',
  '2026-13-01',
  '2026-11-1',
  '2026-11-01T08:00',
  '2026',
  'now',
]) {
  it(`${JSON.stringify(text)} is no time`, () => {
    assert.equal(parseSince(text, NOW), null)
    assert.equal(parseUntil(text, NOW), null)
  })
}
