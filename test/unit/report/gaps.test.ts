/** What the delivery log does not have of a period: named in every form of a report, which claims no completeness then. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { toTables } from '../../../plugins/enforce-tls/cli/report-table.js'
import { gapRecord, type LogGap } from '../../../plugins/enforce-tls/observe/delivery-log/gap.js'
import { conclude } from '../../../plugins/enforce-tls/report/conclusion.js'
import { toCsv } from '../../../plugins/enforce-tls/report/csv.js'
import { withHistory } from '../../../plugins/enforce-tls/report/history-releases.js'
import { toHtml } from '../../../plugins/enforce-tls/report/html.js'
import { makeReport } from '../../../plugins/enforce-tls/report/make-report.js'
import { WHOLE_LOG } from '../../../plugins/enforce-tls/report/scope.js'
import type { HistoryEntry } from '../../../plugins/enforce-tls/store/history.js'
import { entry, records } from '../../support/evidence-entries.js'

const [SINCE, UNTIL] = [new Date('2026-11-16T00:00:00Z'), new Date('2026-11-23T00:00:00Z')]
const GAP: LogGap = {
  from: '2026-11-18T10:00:00.000Z',
  until: '2026-11-18T11:30:00.000Z',
  why: 'off',
  node: 'mta1',
  entries: 0,
}

async function reportWith(
  gaps: readonly LogGap[],
  entries = [entry({ protocol: 'TLSv1.3' })],
  owner: string | null = null,
) {
  async function* all() {
    for (const [index, gap] of gaps.entries()) yield gapRecord(gap, `gap.${index}`)
    yield* records(...entries)
    // Written twice, counted once.
    for (const [index, gap] of gaps.entries()) yield gapRecord(gap, `gap.${index}`)
  }
  const query = { since: SINCE, until: UNTIL, owner, domain: null, now: UNTIL }
  return await makeReport(all(), query, SINCE.toISOString())
}

const release = (message: string, more: Partial<HistoryEntry> = {}): HistoryEntry => ({
  at: '2026-11-19T09:00:00.000Z',
  by: 'ann@helpdesk',
  key: 'releases',
  owner: 'acme.example',
  field: `item-${message}`,
  from: null,
  to: JSON.stringify({
    message,
    from: 'bob@acme.example',
    to: 'cfo@bank.example',
    rules: 'r',
    reason: 'due',
  }),
  leftOut: null,
  step: null,
  ...more,
})
const store = (...entries: readonly HistoryEntry[]) => ({ history: () => Promise.resolve(entries) })

describe('a gap of the delivery log', () => {
  for (const [gap, sentence] of [
    [
      {},
      'Not recorded: from 2026-11-18 10:00 to 2026-11-18 11:30 UTC, while the delivery log of mta1 was switched off.',
    ],
    [
      { why: 'dropped', entries: 7 },
      'Not recorded: 7 entries of mta1 from 2026-11-18 10:00 to 2026-11-18 11:30 UTC, which were dropped because the log did not take them in time.',
    ],
    [
      { why: 'killed' },
      'Perhaps not recorded: the last entries of a process of mta1, which ended before it had written them, from 2026-11-18 10:00 to 2026-11-18 11:30 UTC.',
    ],
  ] as const)
    it(`is named in text, page, CSV and JSON: ${sentence.slice(0, 40)}`, async () => {
      const report = await reportWith([{ ...GAP, ...gap }])
      const { required, verdict, short, limits, uncovered } = conclude(report)
      assert.equal(
        required,
        'Of the messages recorded in the last 7 days, 1 required TLS; 1 left over it, 0 were returned, 0 left without.',
      )
      assert.equal(verdict, 'None of those recorded left without TLS, as far as the delivery log shows.')
      assert.equal(short, '1 message required TLS, none of those recorded left without it')
      assert.deepEqual(limits, [sentence])
      assert.deepEqual(
        uncovered.map(({ from, until }) => [from, until]),
        [[GAP.from, GAP.until]],
      )
      assert.match(toHtml(report), new RegExp(sentence.replaceAll(/[.:]/g, '\\$&')))
      assert.ok(toTables(report).replaceAll(/\s+/g, ' ').includes(sentence))
      assert.match(toCsv(report), /,2026-11-18T10:00:00\.000Z,2026-11-18T11:30:00\.000Z,[^,]+\r\n$/)
    })

  it('of mail whose rules were unknown is in the verdict, and what several processes tell minute by minute is one', async () => {
    const unruled = { ...GAP, why: 'rules-unknown' as const, entries: 2 }
    const at = (from: string, until: string, node = 'mta1') => ({
      ...unruled,
      node,
      from: `2026-11-18T${from}:00.000Z`,
      until: `2026-11-18T${until}:00.000Z`,
    })
    const gaps = [
      at('10:01', '10:02'),
      at('10:00', '10:03'),
      at('10:05', '10:06'),
      at('10:01', '10:01', 'mta2'),
      at('12:00', '12:00'),
    ]
    const report = await reportWith(gaps)
    const { verdict, short, limits } = conclude(report)
    assert.equal(
      verdict,
      'Apart from up to 10 messages delivered as usual while their rules were unknown, none of those recorded left without TLS, as far as the delivery log shows.',
    )
    assert.match(short, /none of those recorded left without it except mail whose rules were unknown$/)
    assert.deepEqual(
      report.gaps.map(({ node, from, until, entries }) => [
        node,
        from.slice(11, 16),
        until?.slice(11, 16),
        entries,
      ]),
      [
        ['mta1', '10:00', '10:06', 6],
        ['mta2', '10:01', '10:01', 2],
        ['mta1', '12:00', '12:00', 2],
      ],
    )
    assert.match(
      limits[0] ?? '',
      /^Not counted: up to 6 messages that mta1 delivered as usual from 2026-11-18 10:00 to 2026-11-18 10:06 UTC, because their rules were unknown/,
    )
    const none = conclude(await reportWith([at('10:00', '10:00')], []))
    assert.match(
      none.verdict,
      /apart from up to 2 messages delivered as usual while their rules were unknown\.$/,
    )
  })

  for (const [what, gap, counts] of [
    [
      'that ended before the period',
      { from: '2026-11-15T00:00:00.000Z', until: '2026-11-15T23:59:59.999Z' },
      false,
    ],
    [
      'that reaches into the period',
      { from: '2026-11-15T00:00:00.000Z', until: '2026-11-16T00:00:00.000Z' },
      true,
    ],
    ['that began in it', { until: '2026-11-30T00:00:00.000Z' }, true],
    ['that began after it', { from: '2026-11-23T00:00:00.000Z', until: '2026-11-30T00:00:00.000Z' }, false],
  ] as const)
    it(`${what} ${counts ? 'counts' : 'does not count'}`, async () =>
      assert.equal((await reportWith([{ ...GAP, ...gap }])).gaps.length, counts ? 1 : 0))

  it('makes none of it complete where the log does not go back, or a node is down, off or unknown', async () => {
    const report = await reportWith([])
    const at = '2026-11-20T00:00:00.000Z'
    for (const [changed, scope] of [
      [{ logBegins: at }, {}],
      [{}, { down: [{ name: 'mta2', seen: at }] }],
      [{}, { off: [{ name: 'mta2', since: at }] }],
      [{}, { nodesUnknown: true }],
      [{}, { deliversUnknown: true }],
    ]) {
      const { required, verdict, limits } = conclude({ ...report, ...changed }, { ...WHOLE_LOG, ...scope })
      assert.match(`${required} ${verdict}`, /^Of the messages recorded .* None of those recorded left/)
      assert.equal(limits.length, 1)
    }
    assert.match(conclude(report).verdict, /^None of them left/)
  })

  it('of many a few are named, and the rest is counted', async () => {
    const many = Array.from({ length: 40 }, () => GAP)
    const { limits, uncovered } = conclude(await reportWith(many))
    assert.equal(limits.length, 6)
    assert.match(limits[5] ?? '', /^35 more gaps, from /)
    assert.equal(uncovered.length, 40)
  })
})

describe('a release that only the history has', () => {
  it('keeps a report from saying that none left', async () => {
    const report = await withHistory(
      await reportWith([]),
      store(release('X.1'), release('X.1', { owner: '*' })),
    )
    const { verdict } = conclude(report)
    assert.equal(
      verdict,
      'Apart from 1 message released by ann@helpdesk on 2026-11-19 (its outcome is not recorded), none of them left without TLS, as far as the delivery log shows.',
    )
    assert.match(toTables(report), /its outcome is/)
    assert.match(
      toHtml(report),
      /its outcome is not recorded[^]*X\.1 from bob@acme\.example to cfo@bank\.example/,
    )
    assert.match(toCsv(report), /,ann@helpdesk,due,2026-11-19T09:00:00\.000Z,,,not recorded,X\.1,/)
  })

  it('is said where nothing else is in the log', async () => {
    const { required, verdict } = conclude(await withHistory(await reportWith([], []), store(release('X.1'))))
    assert.match(`${required} ${verdict}`, /no entries.*apart from 1 message released by ann@helpdesk/)
  })

  it('is not said twice, of another period, or of an outcome that is known', async () => {
    const known = [
      entry({ kind: 'release', result: 'granted', by: 'ann', reason: 'due', uuid: 'X.1', item: 'x' }),
      entry({ uuid: 'X.1', item: 'x', result: 'bounced' }),
    ]
    const report = await withHistory(
      await reportWith([], known),
      store(release('X.1'), release('Y.1', { at: UNTIL.toISOString() })),
    )
    assert.equal(report.releases.length, 1)
    assert.equal(report.releases[0]?.outcome, 'bounced')
    assert.match(conclude(report).verdict, /^None of them/)
  })

  it('is told to its owner alone', async () => {
    for (const [owner, count] of [
      ['acme.example', 1],
      ['other.example', 0],
      ['*', 0],
    ] as const) {
      const report = await withHistory(await reportWith([], [], owner), store(release('X.1')))
      assert.equal(report.releases.length, count, owner)
    }
  })

  it('may be missing where the history cannot be read, which is said', async () => {
    const report = await withHistory(await reportWith([]), {
      history: () => Promise.reject(new Error('NOPERM')),
    })
    assert.match(conclude(report).limits.join(' '), /The history could not be read/)
  })
})
