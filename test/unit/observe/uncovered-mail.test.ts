import assert from 'node:assert/strict'
import { it } from 'node:test'
import { UncoveredNotes } from '../../../plugins/enforce-tls/observe/uncovered-mail.js'

it('a rule that does not cover forwarded mail is noted once an hour, with how often it was since', () => {
  const lines: unknown[] = []
  let now = 0
  const notes = new UncoveredNotes({ lognotice: (line) => lines.push(line) }, () => now)
  const note = (id: string) =>
    notes.note({ owner: '*', id, name: 'All' }, ['queue/smtp_forward'], 'a setting')
  const line = (id: string, since = '') =>
    `not covered: a message that queue/smtp_forward may forward matches rule ${id} of * ("All"), which does not apply to it because of a setting${since}`
  for (let message = 0; message < 4; message++) note('r1')
  note('r2')
  assert.deepEqual(lines.splice(0), [line('r1'), line('r2')])
  now = 3_599_999
  note('r1')
  assert.deepEqual(lines, [])
  now = 3_600_000
  note('r1')
  note('r2')
  assert.deepEqual(lines, [line('r1', ' (4 more messages since the last note)'), line('r2')])
})
