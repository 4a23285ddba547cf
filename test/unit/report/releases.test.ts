/** Releases in a report: each order of an administrator by itself, whatever the parts of one message have in common. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { gapRecord, type LogGap } from '../../../plugins/enforce-tls/observe/delivery-log/gap.js'
import type { DeliveryLogEntry } from '../../../plugins/enforce-tls/observe/delivery-log/schema.js'
import { conclude } from '../../../plugins/enforce-tls/report/conclusion.js'
import type { DeliveryReport } from '../../../plugins/enforce-tls/report/delivery-report.js'
import { withHistory } from '../../../plugins/enforce-tls/report/history-releases.js'
import { makeReport } from '../../../plugins/enforce-tls/report/make-report.js'
import { formatDeparture } from '../../../plugins/enforce-tls/report/releases.js'
import type { HistoryEntry } from '../../../plugins/enforce-tls/store/history.js'
import { entry, records } from '../../support/evidence-entries.js'

const at = (minute: number) => `2026-11-20T10:${String(minute).padStart(2, '0')}:00.000Z`
const [SINCE, UNTIL] = [new Date('2026-11-16T00:00:00Z'), new Date('2026-11-23T00:00:00Z')]

/** Two parts of one message: same id, same domain. */
const ANN = { uuid: 'U.1', item: 'i1', order: 'o1', by: 'ann', reason: 'due', to: ['a@bank.example'] }
const BOB = { uuid: 'U.1', item: 'i2', order: 'o2', by: 'bob', reason: 'late', to: ['b@bank.example'] }

function release(
  of: Partial<DeliveryLogEntry>,
  result: string,
  minute: number,
  encrypted?: string,
): DeliveryLogEntry {
  return entry({ ...of, kind: 'release', result, at: at(minute), ...(encrypted ? { encrypted } : {}) })
}

/** What becomes of the item. */
function outcome({ uuid, item }: typeof ANN, result: string, minute: number): DeliveryLogEntry {
  return entry({ uuid, item, result, at: at(minute), protocol: 'TLSv1.3' })
}

function line({ uuid, item, order, by, reason, to }: typeof ANN, minute: number): HistoryEntry {
  return {
    ...{ at: at(minute), by, key: 'releases', owner: 'acme.example', field: item, from: null },
    to: JSON.stringify({ order, message: uuid, from: 'x@acme.example', to: to.join(), rules: 'r', reason }),
    ...{ leftOut: null, step: null },
  }
}

async function reportOn(
  entries: readonly DeliveryLogEntry[],
  history: readonly HistoryEntry[] = [],
  gaps: readonly LogGap[] = [],
): Promise<DeliveryReport> {
  async function* all() {
    yield* records(...entries)
    for (const [index, gap] of gaps.entries()) yield gapRecord(gap, `gap.${index}`)
  }
  const query = { since: SINCE, until: UNTIL, owner: null, domain: null, now: UNTIL }
  const report = await makeReport(all(), query, SINCE.toISOString())
  return await withHistory(report, { history: () => Promise.resolve(history) })
}

const said = ({ releases }: DeliveryReport) =>
  releases.map((each) => `${each.by} ${each.to.join()}: ${formatDeparture(each)}`)

const OFF: LogGap = { from: at(2), until: at(4), why: 'off', node: 'mta1', entries: 0 }

describe('releases of the parts of one message', () => {
  it('are told one by one, each with who, for whom, and how', async () => {
    const report = await reportOn([
      release(ANN, 'granted', 1),
      release(BOB, 'granted', 1),
      release(ANN, 'begun', 2, 'false'),
      release(ANN, 'sent', 2, 'false'),
      release(BOB, 'begun', 3, 'true'),
      release(BOB, 'sent', 3, 'true'),
    ])
    assert.deepEqual(said(report), [
      'ann a@bank.example: 2026-11-20 10:02, in the clear',
      'bob b@bank.example: 2026-11-20 10:03, over TLS, with a certificate that was not checked as required',
    ])
    assert.match(conclude(report).verdict, /^Apart from 2 messages that ann \(1\), bob \(1\) released, none/)
  })

  it('take no outcome of each other', async () => {
    const report = await reportOn([release(ANN, 'granted', 1), outcome(BOB, 'delivered', 3)])
    assert.deepEqual(said(report), ['ann a@bank.example: its outcome is not recorded'])
    assert.match(conclude(report).verdict, /1 message released by ann on 2026-11-20 \(its outcome is not/)
  })

  it('that have ended unused are told as that, unless the log or the history leaves it open', async () => {
    const ended = [release(ANN, 'granted', 1), release(ANN, 'lapsed', 3), outcome(ANN, 'delivered', 4)]
    const report = await reportOn(ended)
    assert.deepEqual(said(report), ['ann a@bank.example: not under the release, which ended unused'])
    assert.match(conclude(report).verdict, /^None of them left/)
    const begun = await reportOn([...ended, release(ANN, 'begun', 2, 'false')])
    assert.match(said(begun).join(), /tried at .* in the clear; no server said that it took it/)
    const off = await reportOn(ended, [], [OFF])
    assert.deepEqual(said(off), ['ann a@bank.example: its outcome is not recorded'])
    const lost = await reportOn(ended.slice(1), [line(ANN, 1)])
    assert.deepEqual(said(lost), ['ann a@bank.example: its outcome is not recorded'])
  })

  it('count each where an attempt went without what is required', async () => {
    const report = await reportOn([
      release(ANN, 'begun', 2, 'false'),
      outcome(ANN, 'delivered', 4),
      release(BOB, 'begun', 3, 'false'),
      release(BOB, 'sent', 3, 'false'),
    ])
    assert.equal(report.attemptedWithout, 1)
  })

  it('are added where the history alone has one', async () => {
    const entries = [release(BOB, 'granted', 1), outcome(BOB, 'bounced', 2)]
    const report = await reportOn(entries, [line(ANN, 1), line(BOB, 1)])
    assert.deepEqual(said(report), [
      'bob b@bank.example: not under the release: bounced',
      'ann a@bank.example: its outcome is not recorded',
    ])
  })
})

describe('one item that is released twice', () => {
  const again = { ...ANN, order: 'o3', by: 'eve' }

  it('has both releases, and the outcome of the item', async () => {
    const report = await reportOn([
      release(ANN, 'granted', 1),
      release(again, 'granted', 2),
      release(again, 'begun', 3, 'false'),
      outcome(ANN, 'delivered', 5),
    ])
    assert.deepEqual(said(report), [
      'ann a@bank.example: not under the release: delivered',
      'eve a@bank.example: tried at 2026-11-20 10:03, in the clear; no server said that it took it',
    ])
  })

  it('has the one that only the history has', async () => {
    const report = await reportOn([release(ANN, 'granted', 1)], [line(ANN, 1), line(again, 2)])
    assert.deepEqual(
      report.releases.map(({ by }) => by),
      ['ann', 'eve'],
    )
  })
})

describe('an outcome behind a gap of the log', () => {
  for (const [what, gap, says] of [
    ['within the time between', OFF, 'its outcome is not recorded'],
    ['after a process was killed', { ...OFF, why: 'killed' }, 'its outcome is not recorded'],
    ['before the release', { ...OFF, from: at(0), until: at(0) }, 'not under the release: delivered'],
    ['after the outcome', { ...OFF, from: at(6), until: at(7) }, 'not under the release: delivered'],
  ] as const)
    it(`${what}: ${says}`, async () => {
      const entries = [release(ANN, 'granted', 1), outcome(ANN, 'delivered', 5)]
      assert.deepEqual(said(await reportOn(entries, [], [gap])), [`ann a@bank.example: ${says}`])
    })
})
