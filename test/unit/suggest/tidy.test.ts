/** Which records go, when there are too many: first those of whoever has the most. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { PairRecord } from '../../../plugins/enforce-tls/suggest/record.js'
import { nameOf } from '../../../plugins/enforce-tls/suggest/record.js'
import { namesToRemove } from '../../../plugins/enforce-tls/suggest/tidy.js'
import { daily } from '../../support/pair-records.js'

const DAY = 86_400_000
const ENOUGH = { deliveries: 10, forgetAfter: 30 * DAY }
const many = (owner: string, count: number, record: PairRecord | null, from = 0) =>
  Array.from(
    { length: count },
    (_, n) => [nameOf({ owner, partner: `p${from + n}.example` }), record] as const,
  )

describe('tidying', () => {
  it('removes what nobody sends to any more, and what is no record', () => {
    const old = { ...daily(12, 'encrypt'), last: Date.now() - 31 * DAY }
    const records = new Map([
      ...many('acme.example', 1, old),
      ...many('acme.example', 1, null, 1),
      ...many('acme.example', 1, daily(1, 'encrypt'), 2),
      ['*lost', null] as const,
    ])
    assert.deepEqual(namesToRemove(records, 100, ENOUGH, Date.now()), [
      'acme.example p0.example',
      'acme.example p1.example',
    ])
  })

  it('takes the room of whoever writes to a hundred thousand domains, and of nobody else', () => {
    const records = new Map([
      ...many('spammer.example', 100_000, daily(1, 'encrypt')),
      ...many('acme.example', 30, daily(1, 'encrypt')),
    ])
    const removed = namesToRemove(records, 1000, ENOUGH, Date.now())
    assert.ok(removed.every((name) => name.startsWith('spammer.example ')))
    assert.equal(records.size - removed.length, 1000)
  })

  it('keeps what somebody dismissed, and what was seen often, before what came last', () => {
    const often = daily(12, 'encrypt')
    const dismissed = {
      ...daily(1, 'encrypt'),
      last: Date.now() - 20 * DAY,
      dismissed: { by: 'ann', at: 1, level: 'encrypt' } as const,
    }
    const records = new Map([
      ...many('acme.example', 3, daily(1, 'encrypt')),
      ...many('acme.example', 1, { ...often, last: often.last - DAY }, 3),
      ...many('acme.example', 1, dismissed, 4),
    ])
    assert.deepEqual(namesToRemove(records, 2, ENOUGH, Date.now()).sort(), [
      'acme.example p0.example',
      'acme.example p1.example',
      'acme.example p2.example',
    ])
  })
})
