/** What a process has not tried since it started: counted by names of files, told by each process, and over with a try. */
import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { it, type TestContext } from 'node:test'
import { itemIdOf } from '../../../plugins/enforce-tls/delivery/queue-name.js'
import { formatNothing, nodeRemarks } from '../../../plugins/enforce-tls/waiting/format-waiting.js'
import { HASHES } from '../../../plugins/enforce-tls/waiting/orders.js'
import { readNodes } from '../../../plugins/enforce-tls/waiting/read-waiting.js'
import { UntriedItems } from '../../../plugins/enforce-tls/waiting/untried-items.js'
import { MemoryHashes } from '../../support/memory-hashes.js'
import { TemporaryFolder } from '../../support/temporary-folder.js'
import { tellWaiting, waitingRecord } from '../../support/waiting-records.js'

const nameOf = (tag: string, arrival = 1_700_000_000_000) => `${arrival}_1800000000000_1_77_${tag}_1_mta`
const HOUR = 3_600_000

function queueOf(t: TestContext, ...names: readonly string[]): string {
  const folder = new TemporaryFolder('untried')
  t.after(() => folder.close())
  for (const name of names) writeFileSync(join(folder.path, name), '')
  return folder.path
}

it('counts what was there at the start, has no record and was not tried', async (t) => {
  let now = 0
  t.mock.method(performance, 'now', () => now)
  const folder = queueOf(t, nameOf('a'), nameOf('known'), nameOf('early'), nameOf('later'), nameOf('gone'))
  writeFileSync(join(folder, nameOf('new', Date.now() + HOUR)), '')
  writeFileSync(join(folder, `error.${nameOf('kept')}`), '')
  const untried = new UntriedItems()
  untried.tried(nameOf('early'))
  assert.equal(untried.count, null)
  const isKnown = (id: string) => id === itemIdOf(nameOf('known'))
  await untried.compare(folder, isKnown)
  assert.equal(untried.count, 3)
  untried.tried(nameOf('later'))
  untried.tried('no queue file')
  assert.equal(untried.count, 2)
  rmSync(join(folder, nameOf('gone')))
  writeFileSync(join(folder, nameOf('other')), '')
  now += HOUR
  await untried.compare(folder, isKnown)
  assert.equal(untried.count, 1, 'what comes later is no item of before')
  untried.tried(nameOf('a'))
  now += HOUR
  rmSync(folder, { recursive: true })
  await untried.compare(folder, isKnown)
  assert.equal(untried.count, 0, 'and then nothing is looked at any more')
})

it('is the sum of the processes that live, and nothing is said not to wait then', async () => {
  const hashes = new MemoryHashes()
  await tellWaiting(hashes, 'node', [waitingRecord('a-1')])
  const [none] = await readNodes(hashes)
  assert.equal(none?.untried, 0)
  assert.equal(
    formatNothing([none], false),
    'No message is waiting for TLS. Mail that waits for another reason, such as a server that is down, is not listed.',
  )
  const told = (count: number, ago = 0) =>
    JSON.stringify({ count, at: new Date(Date.now() - ago).toISOString() })
  await hashes.write(
    HASHES.untried('node'),
    new Map([
      ['1', told(2)],
      ['2', told(3)],
      ['3', told(9, HOUR)],
      ['4', '{'],
    ]),
  )
  const [node] = await readNodes(hashes)
  assert.ok(node)
  assert.equal(node.untried, 5)
  assert.match(formatNothing([node], false), /^No message is known to wait for TLS\. /)
  assert.deepEqual(nodeRemarks([node]), [
    `5 messages in the queue of ${node.name} have not been tried since it was started; whether they wait for TLS is not known yet.`,
  ])
})
