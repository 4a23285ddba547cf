import assert from 'node:assert/strict'
import { it } from 'node:test'
import { newlyCached } from '../../../plugins/enforce-tls/policy/cache-entries.js'
import { Invalidations } from '../../../plugins/enforce-tls/policy/invalidations.js'
import { OwnerLoader } from '../../../plugins/enforce-tls/policy/owner-loader.js'
import type { RuleStore } from '../../../plugins/enforce-tls/store/rule-store.js'
import { storedRule } from '../../support/rules.js'

const OWNER = 'acme.example'

/** A store whose rules are changed by somebody while each of the first reads is under way. */
function readerOf(changesWhile: number) {
  const notices = new Invalidations()
  const kept = newlyCached(OWNER)
  let reads = 0
  const store: Pick<RuleStore, 'readOwner'> = {
    readOwner: (owner) => {
      if (reads++ < changesWhile) notices.take({ key: 'rules', owner }, kept)
      const rules = new Map([['r1', JSON.stringify(storedRule({ to: ['bank.example'] }))]])
      return Promise.resolve({ owner, rules, service: '{"enabled":true}' })
    },
  }
  const reader = new OwnerLoader({
    store: store as RuleStore,
    notices,
    isSubscribed: () => true,
    onRead: () => undefined,
  })
  return { reader, kept, notices }
}

it('a list that was changed while it was read is not used, but for the third in a row', async () => {
  const { reader, kept, notices } = readerOf(5)
  for (const used of [false, false, true]) {
    await reader.read(kept)
    assert.equal(kept.list !== null, used)
    assert.equal(notices.areSeen(kept), false)
  }
})

it('a list that nobody changed meanwhile is used, and is as it is in the store', async () => {
  const { reader, kept, notices } = readerOf(1)
  await reader.read(kept)
  assert.equal(kept.list, null)
  await reader.read(kept)
  assert.ok(kept.list)
  assert.ok(notices.areSeen(kept))
  assert.deepEqual(reader.counts, { reads: 2, failedReads: 0 })
})
