/** When the report is sent, by whom, and what becomes of one that fails: with a clock of the test's own. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { toRecord } from '../../../../plugins/enforce-tls/observe/delivery-log/entry.js'
import type { DeliveryLogEntry } from '../../../../plugins/enforce-tls/observe/delivery-log/schema.js'
import { ReportSender } from '../../../../plugins/enforce-tls/report/mailed/sender.js'
import { toSettings } from '../../../../plugins/enforce-tls/settings/schema.js'
import { entry } from '../../../support/evidence-entries.js'
import { MemorySentReports } from '../../../support/memory-sent-reports.js'
import { parseMime } from '../../../support/mime.js'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
/** A Monday, when the week before is due. */
const DUE = Date.parse('2026-11-23T00:15:00Z')
const WEEK = 'week-2026-11-16'

const good = (at: string, more: Partial<DeliveryLogEntry> = {}) =>
  entry({ at: `${at}.000Z`, protocol: 'TLSv1.3', ...more })
const EDGES = [
  good('2026-11-15T23:59:59', { result: 'bounced' }),
  good('2026-11-16T00:00:00'),
  good('2026-11-22T23:59:59'),
  good('2026-11-23T00:00:00', { result: 'bounced' }),
]

/** Processes that share a state, and what they queue. */
function scene(entries: readonly DeliveryLogEntry[] = EDGES) {
  const shared = new MemorySentReports(DUE)
  const log: string[] = []
  const sent: { to: readonly string[]; raw: string }[] = []
  const world = {
    shared,
    log,
    sent,
    report: { to: 'compliance@acme.example' } as Record<string, string>,
    full: false,
    opened: 0,
    duringRead: () => Promise.resolve(),
  }
  const node = () =>
    new ReportSender({
      logger: { lognotice: (line) => log.push(String(line)), logwarn: (line) => log.push(String(line)) },
      settings: () => toSettings({ report: world.report }),
      openState: () => {
        world.opened++
        return shared
      },
      openLog: () => ({
        async *read() {
          for (const one of entries) yield await Promise.resolve(toRecord(one))
          await world.duringRead()
        },
        begins: () => Promise.resolve('2026-11-01T00:00:00.000Z'),
        close: () => Promise.resolve(),
      }),
      openNodes: () => ({ read: () => Promise.resolve(new Map()), close: () => Promise.resolve() }),
      store: { history: () => Promise.resolve([]), readRules: () => Promise.resolve(new Map()) },
      me: () => 'mta.acme.example',
      isAlone: false,
      queue: (to, raw) => {
        if (world.full) return Promise.reject(new Error('the disk is full'))
        sent.push({ to, raw })
        return Promise.resolve()
      },
      now: () => shared.now,
    })
  const subjects = () => sent.map(({ raw }) => parseMime(raw).headers['subject'] ?? '')
  return { ...world, world, node, subjects }
}

describe('a report by mail', () => {
  it('is of the calendar week to the second, and due a quarter of an hour after it', async () => {
    const { shared, node, sent, subjects } = scene()
    shared.now = DUE - 1
    const one = node()
    // The week before is due still.
    assert.equal(await one.look(), 1)
    assert.match(subjects()[0] ?? '', /^TLS report, 9 to 15 November 2026: 1 message required TLS/)
    shared.now = DUE
    assert.equal(await one.look(), 7 * DAY)
    assert.equal(
      subjects()[1],
      'TLS report, 16 to 22 November 2026: 2 messages required TLS, none left without it',
    )
    assert.deepEqual(sent[1]?.to, ['compliance@acme.example'])
    shared.now = DUE + 7 * DAY - 1
    assert.equal(await one.look(), 1)
    assert.equal(sent.length, 2)
  })

  it('is of the calendar month where that is said', async () => {
    const { shared, node, world, subjects } = scene()
    world.report = { ...world.report, every: 'month' }
    shared.now = Date.parse('2026-12-01T00:15:00Z')
    assert.equal(await node().look(), 31 * DAY)
    assert.match(subjects()[0] ?? '', /^TLS report, November 2026: 4 messages required TLS/)
  })

  it('is sent by one of several, and once by one that starts again', async () => {
    const { node, sent, log } = scene()
    await Promise.all([node(), node(), node()].map((each) => each.look()))
    await node().look()
    assert.equal(sent.length, 1)
    assert.deepEqual(log, [`report of ${WEEK} queued for compliance@acme.example`])
  })

  it('is not sent again by one that looked before another one was done', async () => {
    const { shared, node, sent } = scene()
    const read = shared.readPeriod.bind(shared)
    let first = true
    shared.readPeriod = async (period) => {
      const known = await read(period)
      if (first) {
        first = false
        await node().look()
      }
      return known
    }
    await node().look()
    assert.equal(sent.length, 1)
  })

  it('has no CSV where partners are so many that nobody could read it in a mail', async () => {
    const many = Array.from({ length: 9000 }, (_, n) =>
      good('2026-11-20T00:00:00', { domain: `p${n}.example` }),
    )
    for (const [entries, types] of [
      [many, ['text/plain', 'text/html']],
      [EDGES, ['text/plain', 'text/html', 'text/csv']],
    ] as const) {
      const { node, sent } = scene(entries)
      await node().look()
      const { parts } = parseMime(sent[0]?.raw ?? '')
      assert.deepEqual(
        parts.map(({ type }) => type),
        types,
      )
      assert.equal(/CSV/.test(parts[0]?.content ?? ''), types.length === 3)
    }
  })

  it('of weeks in which nobody was there is left out, but for the last one', async () => {
    const { shared, node, subjects } = scene()
    const one = node()
    await one.look()
    shared.now = DUE + 28 * DAY + 5 * 60 * MINUTE
    await one.look()
    assert.deepEqual(
      subjects().map((subject) => subject.split(':')[0]),
      ['TLS report, 16 to 22 November 2026', 'TLS report, 14 to 20 December 2026'],
    )
  })

  it('waits for whoever has the lease, and is made when that has died', async () => {
    const { shared, node, sent } = scene()
    assert.ok(await shared.takeLease('a process that is killed', 120_000))
    const one = node()
    assert.equal(await one.look(), 120_000)
    assert.equal(sent.length, 0)
    shared.now += 120_001
    await one.look()
    assert.equal(sent.length, 1)
  })

  it('is queued by nobody who lost the lease meanwhile', async () => {
    const { shared, node, sent, world } = scene()
    world.duringRead = () => {
      shared.now += 120_001
      return shared.takeLease('another one', 120_000).then(() => undefined)
    }
    await node().look()
    assert.equal(sent.length, 0)
  })

  it('comes a second time with the same Message-ID where a process dies before it is noted', async () => {
    const { shared, node, sent } = scene()
    shared.dies = true
    await node().look()
    shared.dies = false
    await node().look()
    const ids = sent.map(({ raw }) => parseMime(raw).headers['message-id'])
    assert.equal(ids.length, 2)
    assert.equal(ids[0], ids[1])
  })

  it('is tried again where it cannot be queued or the store is away, with one line about it', async () => {
    const { shared, node, sent, log, world } = scene()
    const one = node()
    world.full = true
    assert.equal(await one.look(), MINUTE)
    await one.look()
    shared.away = true
    assert.equal(await one.look(), MINUTE)
    shared.away = false
    world.full = false
    await one.look()
    assert.equal(sent.length, 1)
    assert.deepEqual(log, [
      'reports by mail cannot be sent now, trying again: the disk is full',
      'reports by mail cannot be sent now, trying again: Redis is away',
      `report of ${WEEK} queued for compliance@acme.example`,
      'reports by mail work again',
    ])
  })

  it('is one for each owner, with that in its subject', async () => {
    const { node, world, subjects } = scene([
      ...EDGES,
      good('2026-11-20T00:00:00', { from: 'other.example' }),
    ])
    for (const owner of ['', 'acme.example', 'acme.example', '*']) {
      world.report = { ...world.report, owner }
      await node().look()
    }
    assert.deepEqual(
      subjects().map((subject) => subject.replace(/,.*?:/, ':')),
      [
        'TLS report: 3 messages required TLS, none left without it',
        'TLS report of acme.example: 2 messages required TLS, none left without it',
        'TLS report of rules of the whole service: no entries in the delivery log',
      ],
    )
  })

  it('asks nothing where it is switched off, and begins with a change of the settings', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const { node, sent, world } = scene()
    world.report = {}
    const one = node()
    one.begin()
    t.mock.timers.tick(3_600_000)
    assert.equal(world.opened, 0)
    world.report = { to: 'compliance@acme.example' }
    one.settingsChanged()
    t.mock.timers.tick(2000)
    for (let turn = 0; turn < 200 && sent.length === 0; turn++) await new Promise(setImmediate)
    assert.equal(sent.length, 1)
    const closed = one.close()
    t.mock.timers.tick(2000)
    await closed
  })

  it('has nothing that a peer or a person wrote as a line or a header of its own', async () => {
    const hostile = 'x\r\nBcc: eve@evil.example\r\n\r\n<script>'
    const release = { kind: 'release', result: 'sent', uuid: hostile, by: hostile, reason: hostile } as const
    const { node, sent } = scene([
      entry({
        ...release,
        at: '2026-11-20T00:00:00.000Z',
        rules: [{ owner: hostile, id: 'a', name: hostile }],
      }),
    ])
    await node().look()
    const { headers, parts } = parseMime(sent[0]?.raw ?? '')
    assert.equal(headers['bcc'], undefined)
    assert.doesNotMatch(parts[0]?.content ?? '', /^Bcc/m)
    assert.doesNotMatch((parts[1]?.content ?? '').replace(/<script[ >][^]*?<\/script>/g, ''), /<script>/)
  })
})
