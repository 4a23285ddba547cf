/** Mail that goes though its rules are unknown: told at once and then minute by minute, each message once. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import {
  UnruledMail,
  type UnruledGap,
} from '../../../../plugins/enforce-tls/observe/delivery-log/unruled-mail.js'

it('mail whose rules are unknown is told at once, then once a minute, and at the end', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: Date.parse('2026-11-18T10:00:00Z') })
  const told: UnruledGap[] = []
  const unruled = new UnruledMail((gap) => void told.push(gap))
  const counts = () =>
    told.map(({ from, until, entries }) => [from.slice(11, 19), until?.slice(11, 19), entries])
  const first = {}
  unruled.delivered(first)
  assert.deepEqual(counts(), [['10:00:00', '10:00:00', 1]])
  for (let seconds = 0; seconds < 30; seconds += 10) {
    t.mock.timers.tick(10_000)
    unruled.delivered({})
    unruled.delivered(first)
  }
  assert.equal(told.length, 1)
  t.mock.timers.tick(60_000)
  assert.deepEqual(counts().slice(1), [['10:00:10', '10:00:30', 3]])
  t.mock.timers.tick(300_000)
  assert.equal(told.length, 2, 'nothing more')
  unruled.delivered({})
  unruled.delivered({})
  unruled.close()
  assert.deepEqual(
    counts()
      .slice(2)
      .map(([, , entries]) => entries),
    [1, 1],
  )
  assert.deepEqual([...new Set(told.map(({ why }) => why))], ['rules-unknown'])
})
