import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { DeliveryLogEntry } from '../../../plugins/enforce-tls/observe/delivery-log/schema.js'
import { makeReport } from '../../../plugins/enforce-tls/report/make-report.js'
import { shortening } from '../../../plugins/enforce-tls/report/shortened.js'
import { atOnce } from '../../../plugins/enforce-tls/work/pieces.js'
import { entry, records } from '../../support/evidence-entries.js'

const NOW = new Date('2026-11-23T00:00:00Z')
const QUERY = { since: new Date('2026-11-16T00:00:00Z'), until: NOW, owner: null, domain: null, now: NOW }

it('a page gets the rows that it shows, those with failures first, and how many there are', async () => {
  const good = Array.from({ length: 30 }, () => entry({ domain: 'good.example', protocol: 'TLSv1.3' }))
  const bad = (n: number): DeliveryLogEntry[] =>
    Array.from({ length: n }, () => entry({ domain: `bad${n}.example`, result: 'bounced' }))
  const failed = [1, 2, 3].map((n) =>
    entry({ kind: 'attempt', result: 'failed', domain: `bad${n}.example`, class: 'certificate-expired' }),
  )
  const whole = await makeReport(records(...good, ...[1, 2, 3].flatMap(bad), ...failed), QUERY)
  const short = atOnce(shortening(whole, 2))
  assert.deepEqual(
    short.partners.map(({ domain }) => domain),
    ['bad3.example', 'bad2.example'],
  )
  assert.deepEqual(short.left, { partners: 2, rules: 0, releases: 0, expiring: 0, failing: 3 })
  assert.deepEqual(
    short.failures.map(({ partners, morePartners }) => [partners.length, morePartners]),
    [[2, 1]],
  )
  assert.equal(short.enforced.messages, whole.enforced.messages)
  assert.deepEqual(
    atOnce(shortening(whole, 4)).partners.map(({ domain }) => domain),
    ['bad3.example', 'bad2.example', 'bad1.example', 'good.example'],
  )
})
