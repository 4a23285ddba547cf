import assert from 'node:assert/strict'
import { it } from 'node:test'
import { RecentFailures } from '../../../plugins/enforce-tls/report/recent-failures.js'
import { StoreError } from '../../../plugins/enforce-tls/store/rule-store.js'
import { entry, records } from '../../support/evidence-entries.js'

const AT = Date.parse('2026-11-20T12:00:00.000Z')

it('the log is read once for all who ask at about the same time', async () => {
  let reads = 0
  let now = AT
  const deliveries = {
    read: () => {
      reads++
      return records(entry({ result: 'bounced', class: 'handshake-failure' }))
    },
  }
  const failures = new RecentFailures({ deliveries, isRecorded: () => true, now: () => now })
  const answers = await Promise.all([failures.byDomain(), failures.byDomain()])
  assert.deepEqual(answers[0], new Map([['acme.example', 1]]))
  now += 15_000
  await failures.byDomain()
  assert.equal(reads, 1)
  now += 1
  await failures.byDomain()
  assert.equal(reads, 2)
})

it('a log that can not be read is no number', async () => {
  const deliveries = {
    // eslint-disable-next-line require-yield
    read: async function* () {
      await Promise.resolve()
      throw new StoreError('STORE_UNAVAILABLE', 'away')
    },
  }
  assert.equal(await new RecentFailures({ deliveries, isRecorded: () => true }).byDomain(), null)
})
