import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Successors } from '../../../plugins/enforce-tls/admin/history-standing.js'
import type { HistoryEntry } from '../../../plugins/enforce-tls/store/history.js'

const A = '{"enabled":false}'
const B = '{"enabled":true}'

function change(from: string | null, to: string | null, more: Partial<HistoryEntry> = {}): HistoryEntry {
  const about = { key: 'rules', owner: 'acme.example', field: 'r1' } as const
  return { at: '2026-11-01T00:00:00Z', by: 'ann', ...about, from, to, leftOut: null, step: null, ...more }
}

/** How each stands, of changes that are given in the order in which they were made. */
function standings(...changes: readonly HistoryEntry[]): string[] {
  const successors = new Successors()
  return changes
    .toReversed()
    .map((each) => successors.pass(each).standing)
    .toReversed()
}

describe('how a change of the history stands', () => {
  const rows: readonly (readonly [what: string, changes: readonly HistoryEntry[], expected: string[]])[] = [
    ['the only one', [change(null, A)], ['latest']],
    ['undone', [change(A, B), change(B, A)], ['undone', 'latest']],
    ['created and deleted', [change(null, A), change(A, null)], ['undone', 'latest']],
    [
      'undone, and that undone too',
      [change(A, B), change(B, A), change(A, B)],
      ['undone', 'undone', 'latest'],
    ],
    ['changed again, to something else', [change(A, B), change(B, '{}')], ['changed', 'latest']],
    ['another field', [change(A, B), change(B, A, { field: 'r2' })], ['latest', 'latest']],
    ['another owner', [change(A, B), change(B, A, { owner: '*' })], ['latest', 'latest']],
    [
      'too long to be kept',
      [change(null, null, { leftOut: ['added x'] }), change(null, null, { leftOut: ['removed x'] })],
      ['changed', 'latest'],
    ],
    [
      'events',
      [change(null, '{}', { key: 'users' }), change(null, '{}', { key: 'users' })],
      ['event', 'event'],
    ],
  ]
  for (const [what, changes, expected] of rows)
    it(what, () => assert.deepEqual(standings(...changes), expected))

  it('names who made the next change', () => {
    const successors = new Successors()
    successors.pass(change(B, A, { by: 'bob', at: '2026-11-02T00:00:00Z' }))
    assert.deepEqual(successors.pass(change(A, B)).next, { by: 'bob', at: '2026-11-02T00:00:00Z' })
  })
})
