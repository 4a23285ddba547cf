import assert from 'node:assert/strict'
import { it } from 'node:test'
import { removeLeftOver } from '../../../plugins/enforce-tls/waiting/left-over.js'
import { HASHES } from '../../../plugins/enforce-tls/waiting/orders.js'
import { SharedWrites } from '../../../plugins/enforce-tls/waiting/shared-writes.js'
import { MemoryHashes } from '../../support/memory-hashes.js'
import { tellWaiting, waitingRecord } from '../../support/waiting-records.js'

const DAY = 86_400_000

it('old answers and nodes that are gone for a month are forgotten, others stay', async () => {
  const hashes = new MemoryHashes()
  const ago = (days: number) => new Date(Date.now() - days * DAY).toISOString()
  await tellWaiting(hashes, 'here', [waitingRecord('a-1')])
  await tellWaiting(hashes, 'down', [waitingRecord('b-1')], { at: ago(29) })
  await tellWaiting(hashes, 'gone', [waitingRecord('c-1')], { at: ago(31) })
  const answer = (id: string, at: string) => [
    id,
    JSON.stringify({ order: id, item: 'a-1', done: true, says: 'so', at }),
  ]
  await hashes.write(
    HASHES.answers,
    new Map([answer('new', ago(0)), answer('old', ago(1)), ['broken', '{']] as [string, string][]),
  )
  const writes = new SharedWrites({
    hashes: () => hashes,
    logger: { logwarn: () => undefined, lognotice: () => undefined },
  })
  await removeLeftOver(hashes, writes)
  await writes.close()
  assert.deepEqual([...(hashes.all.get(HASHES.answers)?.keys() ?? [])], ['new'])
  assert.deepEqual([...(hashes.all.get(HASHES.nodes)?.keys() ?? [])].sort(), ['down', 'here'])
  assert.equal(hashes.all.get(HASHES.items('gone'))?.size, 0)
  assert.equal(hashes.all.get(HASHES.items('down'))?.size, 1)
})
