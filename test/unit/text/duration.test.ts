import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formatNeeded } from '../../../plugins/enforce-tls/suggest/format-suggestion.js'
import { formatDuration } from '../../../plugins/enforce-tls/text/duration.js'

const HOUR = 3_600_000
const DAY = 24 * HOUR

describe('how long', () => {
  for (const [time, words] of [
    [7 * DAY, '7 days'],
    [DAY, '1 day'],
    [36 * HOUR, '1.5 days'],
    [12 * HOUR, '12 hours'],
    [HOUR, '1 hour'],
  ] as const)
    it(words, () => assert.equal(formatDuration(time), words))
})

describe('what it takes to be suggested', () => {
  for (const [deliveries, period, words] of [
    [10, 7 * DAY, '10 deliveries in a row, over 7 days or more, have fulfilled'],
    [3, 0, '3 deliveries in a row have fulfilled'],
    [1, 12 * HOUR, '1 delivery, over 12 hours or more, has fulfilled'],
    [1, 0, '1 delivery has fulfilled'],
  ] as const)
    it(words, () => assert.equal(formatNeeded(deliveries, period), words))
})
