/** Writes beside the deliveries: what the store does not take waits, and keeps nothing else back. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { SharedWrites } from '../../../plugins/enforce-tls/waiting/shared-writes.js'
import { MemoryHashes } from '../../support/memory-hashes.js'

it('a hash that is not taken keeps no other one back, and is written once it is taken', async () => {
  const hashes = new MemoryHashes()
  const told: string[] = []
  const tell = (text: string) => void told.push(text)
  const writes = new SharedWrites({ hashes: () => hashes, logger: { logwarn: tell, lognotice: tell } })
  const write = hashes.write.bind(hashes)
  hashes.write = (hash, changes) =>
    hash === 'broken' ? Promise.reject(new Error('wrong type')) : write(hash, changes)
  writes.put('broken', 'a', '1')
  writes.put('good', 'b', '2')
  await writes.close()
  assert.deepEqual(Object.fromEntries(hashes.all.get('good') ?? []), { b: '2' })
  assert.match(told.join(), /known to this process alone for now: wrong type/)
  hashes.write = write
  await writes.close()
  assert.deepEqual(Object.fromEntries(hashes.all.get('broken') ?? []), { a: '1' })
  assert.match(told.join(), /known to all again/)
})
