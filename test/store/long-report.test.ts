/** A report on a log of 100,000 entries and 20,000 partners: made, written and composed in pieces, beside mail. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { toRecord } from '../../plugins/enforce-tls/observe/delivery-log/entry.js'
import { WHOLE_LOG } from '../../plugins/enforce-tls/report/scope.js'
import { writingCsv } from '../../plugins/enforce-tls/report/csv.js'
import { makeReport } from '../../plugins/enforce-tls/report/make-report.js'
import { composeReport } from '../../plugins/enforce-tls/report/mailed/compose.js'
import { lastPeriod } from '../../plugins/enforce-tls/report/mailed/schedule.js'
import { withRuleNames } from '../../plugins/enforce-tls/report/rule-names.js'
import { toSettings } from '../../plugins/enforce-tls/settings/schema.js'
import { openDeliveryLog } from '../../plugins/enforce-tls/store/open-store.js'
import { inPieces } from '../../plugins/enforce-tls/work/turns.js'
import { entry } from '../support/evidence-entries.js'
import { OwnRounds } from '../support/own-rounds.js'
import { startRedis, type RedisServer } from '../support/redis-server.js'

const ENTRIES = 100_000
const PARTNERS = 20_000
/** The most own work in one go, in milliseconds. */
const STALL_MAX = 50
const KINDS = [
  { protocol: 'TLSv1.3' },
  { result: 'bounced', class: 'certificate-expired' },
  { result: 'deferred' },
  { kind: 'attempt', result: 'failed', class: 'certificate-expired' },
  { kind: 'report', result: 'would-bounce' },
] as const

describe('a report on a long log', () => {
  let redis: RedisServer
  const now = new Date()
  const period = lastPeriod('week', now)
  before(async () => {
    redis = await startRedis()
    const log = openDeliveryLog(toSettings({ redis: { port: redis.port } }))
    const at = (n: number) => new Date(period.since.getTime() + n * 6000).toISOString()
    for (let first = 0; first < ENTRIES; first += 5000) {
      const some = Array.from({ length: 5000 }, (_, n) => {
        const place = first + n
        const domain = `partner${Math.floor(place / KINDS.length) % PARTNERS}.example`
        return toRecord(entry({ at: at(place), domain, uuid: `U${place}.1`, ...KINDS[place % KINDS.length] }))
      })
      await log.append(some, 10_000_000)
    }
    await log.close()
  })
  after(() => redis.close())

  it('keeps the process for no longer than mail can stand', async (t) => {
    const log = openDeliveryLog(toSettings({ redis: { port: redis.port } }))
    const { since, until } = period
    try {
      using rounds = new OwnRounds()
      const started = performance.now()
      const query = { since, until, owner: null, domain: null, now }
      const made = await makeReport(log.read(since), query, await log.begins())
      const report = await withRuleNames(made, {
        readRules: () => Promise.resolve(new Map([['r1', '{"name":"First Bank"}']])),
      })
      const csv = await inPieces(writingCsv(report))
      const raw = await composeReport({
        ...{ report, period, every: 'week', scope: WHOLE_LOG, me: 'mta.acme.example' },
        ...{ from: 'mta@acme.example', to: ['compliance@acme.example'], now },
      })
      const took = performance.now() - started
      assert.equal(report.enforced.messages, (ENTRIES / 5) * 3)
      assert.equal(report.partners.length, PARTNERS)
      // The header, and that Redis got these entries after the period began.
      assert.equal(csv.length, PARTNERS + 2)
      // A CSV of that size is not for mail.
      assert.ok(raw.length < 1_000_000, String(raw.length))
      assert.match(raw, /The attached page has the details\./)
      t.diagnostic(`took ${took.toFixed(0)} ms, longest stall ${rounds.longest.toFixed(0)} ms`)
      assert.ok(rounds.longest < STALL_MAX, `${rounds.longest} ms`)
    } finally {
      await log.close()
    }
  })
})
