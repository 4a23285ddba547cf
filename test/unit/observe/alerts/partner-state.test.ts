import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  afterObservation,
  afterNotifying,
  happenedAt,
  isNews,
  isUnnotified,
  type FailureFacts,
  type PartnerState,
  type Observation,
} from '../../../../plugins/enforce-tls/observe/alerts/partner-state.js'

const FACTS: FailureFacts = {
  class: 'starttls-not-supported',
  host: 'mx.bank.example',
  detail: 'does not offer STARTTLS',
  rules: [{ owner: 'acme.example', id: 'r1', name: 'Bank' }],
}
const PARTNER = { domain: 'bank.example', requires: 'verify' }

/** `+` is a delivery, `-` a failure, each at a time. */
function sighting(...events: readonly (readonly ['+' | '-', number])[]): Observation {
  const times = (kind: string) => events.filter(([what]) => what === kind).map(([, at]) => at)
  const [passes, failures] = [times('+'), times('-')]
  const range = (all: number[]) => ({ firstAt: all[0] ?? 0, lastAt: all.at(-1) ?? 0 })
  return {
    ...PARTNER,
    passes: passes.length === 0 ? null : range(passes),
    failures:
      failures.length === 0
        ? null
        : { ...range(failures), failures: failures.length, bounced: failures.length, facts: FACTS },
  }
}

function after(...sightings: readonly Observation[]): PartnerState | null {
  return sightings.reduce<PartnerState | null>(afterObservation, null)
}

/** What is to be told, in a word. */
function untold(state: PartnerState | null): string {
  if (state === null || !isUnnotified(state)) return 'nothing'
  if (state.trouble?.until == null) return 'fails'
  return state.trouble.told ? 'works again' : 'failed for a while'
}

const passing = sighting(['+', 1])
const failing = sighting(['-', 10], ['-', 12])

describe('what is to be told of a partner', () => {
  const rows: readonly (readonly [what: string, sightings: readonly Observation[], told: string])[] = [
    ['nothing of one that passes', [passing, sighting(['+', 5])], 'nothing'],
    ['nothing of one that never passed', [failing, sighting(['-', 20])], 'nothing'],
    ['that it fails, when it has passed', [passing, failing], 'fails'],
    ['that it fails, when it has passed in the same look', [sighting(['+', 1], ['-', 2])], 'fails'],
    ['nothing, when it passes for the first time after failing', [failing, sighting(['+', 20])], 'nothing'],
    ['the same, in one look', [sighting(['-', 2], ['+', 3])], 'nothing'],
    [
      'that it failed for a while, when nobody was told before',
      [passing, failing, sighting(['+', 20])],
      'failed for a while',
    ],
    ['the same, in one look', [passing, sighting(['-', 2], ['+', 3])], 'failed for a while'],
    [
      'the same, when the later news come first',
      [passing, sighting(['+', 20]), failing],
      'failed for a while',
    ],
    [
      'that it fails, when it goes up and down and ends badly',
      [passing, failing, sighting(['+', 20], ['-', 21])],
      'fails',
    ],
  ]
  for (const [what, sightings, told] of rows)
    it(`is ${what}`, () => assert.equal(untold(after(...sightings)), told))

  it('is nothing more once it was told, however long it goes on', () => {
    const state = after(passing, failing)
    assert.ok(state)
    const told = afterNotifying(state, state)
    assert.equal(untold(told), 'nothing')
    const later = afterObservation(told, sighting(['-', 30], ['-', 40]))
    assert.equal(untold(later), 'nothing')
    assert.equal(later?.trouble?.failures, 4)
    assert.equal(later.trouble.since, 10)
  })

  it('is that it works again, once, when it was told that it fails', () => {
    const state = after(passing, failing)
    assert.ok(state)
    const again = afterObservation(afterNotifying(state, state), sighting(['+', 50]))
    assert.ok(again)
    assert.equal(untold(again), 'works again')
    assert.equal(happenedAt(again), 50)
    const told = afterNotifying(again, again)
    assert.equal(told.trouble, null)
    assert.equal(untold(afterObservation(told, failing)), 'failed for a while')
  })

  it('is what has happened since the mail was written', () => {
    const state = after(passing, failing)
    assert.ok(state)
    const over = afterObservation(state, sighting(['+', 20]))
    assert.ok(over)
    // It was told that it fails; meanwhile it is over.
    assert.equal(untold(afterNotifying(over, state)), 'works again')
    // It was told that it is over; meanwhile it fails again.
    const worse = afterObservation(over, sighting(['-', 30]))
    assert.ok(worse)
    const left = afterNotifying(worse, over)
    assert.equal(untold(left), 'fails')
    assert.deepEqual([left.trouble?.since, left.trouble?.failures], [30, 1])
    // It was told of another trouble, which is long over.
    const other = { ...state, trouble: state.trouble && { ...state.trouble, since: 5 } }
    assert.equal(afterNotifying(state, other), state)
  })
})

describe('what is written down', () => {
  it('is every failure, and a pass once in five minutes', () => {
    const state = after(passing)
    assert.ok(state)
    const next = (...events: readonly (readonly ['+' | '-', number])[]) => {
      const changed = afterObservation(state, sighting(...events))
      assert.ok(changed)
      return isNews(state, changed)
    }
    assert.equal(isNews(null, state), true)
    assert.equal(next(['+', 299_999]), false)
    assert.equal(next(['+', 300_001]), true)
    assert.equal(next(['-', 2]), true)
  })
})
