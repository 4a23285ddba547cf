/** Reading an owner that somebody changes meanwhile. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { newlyCached } from '../../../plugins/enforce-tls/policy/cache-entries.js'
import { Invalidations } from '../../../plugins/enforce-tls/policy/invalidations.js'
import { OwnerLoader } from '../../../plugins/enforce-tls/policy/owner-loader.js'
import { FakeStore } from './fake-store.js'

const OWNER = 'acme.example'

/** A store whose rules are changed by somebody while each of the first reads is under way. */
function scene(changes: number) {
  const store = new FakeStore()
  store.set('r1', { to: ['bank.example'] })
  const cached = newlyCached(OWNER)
  const invalidations = new Invalidations(store)
  const reported: (string | null)[] = []
  const loader = new OwnerLoader(store, invalidations, {
    onRead: (_owner, _list, lastError) => reported.push(lastError?.message ?? null),
    onSubscription: () => assert.fail('the loader does not subscribe'),
  })
  let left = changes
  const read = async () => {
    if (left-- > 0) store.duringRead = () => invalidations.take({ key: 'rules', owner: OWNER }, cached)
    await loader.read(cached)
  }
  return { store, cached, invalidations, loader, read, reported }
}

it('a list that was changed while it was read is not used, but for the third in a row', async () => {
  const { cached, invalidations, read } = scene(6)
  for (const used of [false, false, true]) {
    await read()
    assert.equal(cached.list !== null, used)
    assert.equal(invalidations.isCurrent(cached), false)
  }
  const third = cached.list
  for (const used of [false, false, true]) {
    await read()
    assert.equal(cached.list !== third, used, 'and so it goes on')
  }
})

it('a list that nobody changed meanwhile is used, and is as it is in the store', async () => {
  const { cached, invalidations, loader, read } = scene(1)
  await read()
  assert.equal(cached.list, null)
  await read()
  assert.ok(cached.list)
  assert.ok(invalidations.isCurrent(cached))
  assert.deepEqual(loader.counts, { reads: 2, failedReads: 0 })
})

it('a read that fails leaves the list, and reports why', async () => {
  const { store, cached, loader, read, reported } = scene(0)
  await read()
  const { list } = cached
  store.state = 'away'
  await read()
  assert.equal(cached.list, list)
  assert.deepEqual(reported, [null, 'the store does not answer'])
  assert.deepEqual(loader.counts, { reads: 2, failedReads: 1 })
})
