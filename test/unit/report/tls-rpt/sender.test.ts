/** When reports on TLS are sent, by whom, and what becomes of those that fail: with a clock of the test's own. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { toRecord } from '../../../../plugins/enforce-tls/observe/delivery-log/entry.js'
import type { DeliveryLogEntry } from '../../../../plugins/enforce-tls/observe/delivery-log/schema.js'
import { dueDay, dueTime, nextDue } from '../../../../plugins/enforce-tls/report/tls-rpt/schedule.js'
import { TlsRptSender } from '../../../../plugins/enforce-tls/report/tls-rpt/sender.js'
import type { TlsRptReport } from '../../../../plugins/enforce-tls/report/tls-rpt-format.js'
import { entry } from '../../../support/evidence-entries.js'
import { MemorySentReports } from '../../../support/memory-sent-reports.js'
import { TableDns } from '../../../support/policy-server.js'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const CONTACT = 'tls@acme.example'
const DUE = Date.parse('2026-11-21T00:00:00Z') + dueTime(CONTACT)
const AT = { at: '2026-11-20T10:00:00.000Z' }
const HELD = { policy: '[]' }

const good = (more: Partial<DeliveryLogEntry> = {}) =>
  entry({ kind: 'attempt', result: 'secured', protocol: 'TLSv1.3', ...AT, ...HELD, ...more })

/** All that several processes share. */
class Shared extends MemorySentReports {
  /** What is noted of a day, without what is about the day itself. */
  noted(day = '2026-11-20'): Record<string, string> {
    const parts = [...(this.periods.get(day) ?? [])].filter(([name]) => name !== '*' && name !== '+')
    return Object.fromEntries(parts.map(([name, text]) => [name, (JSON.parse(text) as { is: string }).is]))
  }
}

const MAIL = 'mailto:tls@bank.example'
const HTTPS = 'https://reports.bank.example/v1'
const PUBLISHES_NOTHING = { 'A mx.bank.example': ['192.0.2.25'] }

interface Scene {
  readonly entries?: readonly DeliveryLogEntry[]
  readonly rua?: string
  readonly records?: Record<string, readonly string[] | 'fails'>
  readonly sts?: 'none' | 'unknown' | 'enforce'
}

/** Processes that share a state, and what they send. */
function scene({ entries = [good()], rua = `${MAIL},${HTTPS}`, records = {}, sts = 'none' }: Scene = {}) {
  const shared = new Shared(DUE)
  const sent: { to: string; report: TlsRptReport }[] = []
  const log: string[] = []
  const dns = new TableDns({
    'TXT _smtp._tls.bank.example': [`v=TLSRPTv1; rua=${rua}`],
    'MX bank.example': [{ preference: 10, exchange: 'mx.bank.example' }] as unknown as string[],
    ...PUBLISHES_NOTHING,
    ...records,
  })
  const world = {
    fails: new Set<string>(),
    duringPost: () => undefined as unknown,
    enabled: true,
    log: 0,
    opened: 0,
  }
  const takes = (to: string): void => {
    if (world.fails.has(to)) throw new Error('answers with status 503')
  }
  const node = () =>
    new TlsRptSender({
      logger: { lognotice: (line) => log.push(String(line)), logwarn: (line) => log.push(String(line)) },
      settings: () => ({
        tlsRpt: {
          enabled: world.enabled,
          organization: 'Acme Ltd',
          contact: CONTACT,
          privateAddresses: false,
        },
      }),
      openState: () => {
        world.opened++
        return shared
      },
      openLog: () => ({
        async *read() {
          world.log++
          for (const one of entries) yield await Promise.resolve(toRecord(one))
        },
        close: () => Promise.resolve(),
      }),
      published: () => ({
        dns,
        policyOf: () =>
          Promise.resolve(
            sts === 'none'
              ? { kind: 'none', why: '', authentic: true }
              : sts === 'unknown'
                ? { kind: 'unknown', cause: 'fetch', why: 'x' }
                : ({ kind: 'policy', mode: 'enforce', mx: ['mx.bank.example'] } as never),
          ),
      }),
      limitedTo: () => null,
      queue: async (to, contents) => {
        await Promise.resolve()
        takes(to)
        const [, base64 = ''] = /base64[^]*?\r\n\r\n([A-Za-z0-9+/=\r\n]+)/.exec(contents) ?? []
        sent.push({ to, report: reportIn(Buffer.from(base64, 'base64')) })
      },
      post: async (url, body) => {
        await Promise.resolve(world.duringPost())
        takes(url.href)
        sent.push({ to: url.href, report: reportIn(body) })
      },
      now: () => shared.now,
    })
  return { shared, sent, log, dns, world, node, to: () => sent.map(({ to }) => to).sort() }
}

function reportIn(body: Buffer): TlsRptReport {
  return JSON.parse(gunzipSync(body).toString()) as TlsRptReport
}

describe('the time of reports', () => {
  it('is the same on all nodes, another for others, and not midnight', () => {
    const times = Array.from({ length: 50 }, (_, n) => dueTime(`tls@acme${n}.example`))
    assert.equal(dueTime(CONTACT), dueTime(CONTACT))
    assert.ok(new Set(times).size > 45)
    for (const time of times) assert.ok(time >= 30 * MINUTE && time < 4.5 * HOUR)
  })

  it('leaves a day to send in, and no gap between two', () => {
    const after = 2 * HOUR
    for (const [now, day, next] of [
      ['2026-11-21T01:59:59.999Z', '2026-11-19', '2026-11-21T02:00:00.000Z'],
      ['2026-11-21T02:00:00.000Z', '2026-11-20', '2026-11-22T02:00:00.000Z'],
      ['2026-12-31T23:59:00.000Z', '2026-12-30', '2027-01-01T02:00:00.000Z'],
    ] as const) {
      assert.equal(dueDay(new Date(now), after).toISOString().slice(0, 10), day)
      assert.equal(nextDue(new Date(now), after).toISOString(), next)
    }
  })
})

describe('reports on TLS', () => {
  it('of many domains to one place are limited, also after a restart', async () => {
    const domains = Array.from({ length: 130 }, (_, n) => `d${n}.evil.example`)
    const records = Object.fromEntries(
      domains.map((domain, n) => [
        `TXT _smtp._tls.${domain}`,
        [`v=TLSRPTv1; rua=mailto:${n % 2 === 0 ? 'victim' : `VICTIM+${n}`}@Acme-Victim.example`],
      ]),
    )
    const entries = domains.map((domain) => good({ domain }))
    const { shared, node, sent } = scene({ entries, records })
    await node().look()
    await node().look()
    assert.equal(sent.length, 100)
    const dropped = Object.values(shared.noted()).filter((is) => is === 'dropped')
    assert.equal(dropped.length, 30)
  })

  it('of a day go out once on each way, whoever looks how often', async () => {
    const { shared, node, to, sent, world } = scene()
    const [one, two] = [node(), node()]
    await Promise.all([one.look(), two.look()])
    await Promise.all([one.look(), two.look()])
    await node().look()
    assert.deepEqual(to(), [HTTPS, 'tls@bank.example'])
    assert.deepEqual(shared.noted(), { [`bank.example ${MAIL}`]: 'sent', [`bank.example ${HTTPS}`]: 'sent' })
    assert.equal(sent[0]?.report['report-id'], '2026-11-20_bank.example@acme.example')
    assert.equal(shared.lease, null)
    assert.equal(world.log, 1)
    // The next day has no mail.
    shared.now += 24 * HOUR
    await one.look()
    assert.equal(sent.length, 2)
    assert.equal(world.log, 2)
  })

  it('are asked for by nobody without a record', async () => {
    const { sent, node, shared } = scene({ records: { 'TXT _smtp._tls.bank.example': [] } })
    await node().look()
    assert.deepEqual([sent, shared.noted()], [[], {}])
  })

  it('go on elsewhere after a process that died while it sent', async () => {
    const { node, to, world, shared } = scene({ rua: `${HTTPS}1,${HTTPS}2` })
    let posts = 0
    world.duringPost = () => (++posts === 2 ? new Promise(() => undefined) : undefined)
    void node().look()
    while (posts < 2) await new Promise((resolve) => setImmediate(resolve))
    // Its lease goes on for a while.
    const two = node()
    assert.ok((await two.look()) <= 2 * MINUTE)
    assert.deepEqual(to(), [`${HTTPS}1`])
    shared.now += 3 * MINUTE
    await two.look()
    assert.deepEqual(to(), [`${HTTPS}1`, `${HTTPS}2`])
  })

  it('are stopped where the lease was lost', async () => {
    const { node, to, world, shared } = scene({ rua: `${HTTPS}1,${HTTPS}2` })
    world.duringPost = () => {
      shared.lease = { holder: 'somebody else', until: shared.now + MINUTE }
    }
    await node().look()
    assert.deepEqual(to(), [`${HTTPS}1`])
    assert.equal(shared.periods.get('2026-11-20')?.has('*'), false)
  })

  it('that fail are tried again, less and less often, and the others are not sent again', async () => {
    const { node, to, world, shared, log } = scene()
    const one = node()
    world.fails.add(HTTPS)
    assert.equal(await one.look(), 15 * MINUTE)
    assert.deepEqual(to(), ['tls@bank.example'])
    // Not before it is time, and not by another process either.
    shared.now += MINUTE
    assert.equal(await node().look(), 14 * MINUTE)
    shared.now += 14 * MINUTE
    assert.equal(await one.look(), 15 * MINUTE)
    shared.now += 15 * MINUTE
    assert.equal(await one.look(), 30 * MINUTE)
    shared.now += 30 * MINUTE
    world.fails.clear()
    await one.look()
    assert.deepEqual(to(), [HTTPS, 'tls@bank.example'])
    assert.equal(log.filter((line) => line.includes('not sent yet')).length, 1)
    assert.match(
      log.join('\n'),
      /TLS report of 2026-11-20 for bank\.example https\S+ not sent yet: answers with status 503/,
    )
  })

  it('that fail for a day are dropped, with one line', async () => {
    const { node, world, shared, log, to } = scene({ rua: HTTPS })
    const one = node()
    world.fails.add(HTTPS)
    for (const end = DUE + 24 * HOUR; shared.now < end;) shared.now += await one.look()
    world.fails.clear()
    await one.look()
    await node().look()
    assert.deepEqual(to(), [])
    assert.deepEqual(shared.noted(), { [`bank.example ${HTTPS}`]: 'dropped' })
    assert.equal(log.filter((line) => line.includes('is dropped')).length, 1)
    assert.match(log.join('\n'), /TLS report of 2026-11-20 for bank\.example \S+ is dropped/)
  })

  it('wait while it is unknown whether a domain wants them', async () => {
    const { node, shared, to, dns } = scene({ records: { 'TXT _smtp._tls.bank.example': 'fails' } })
    const one = node()
    await one.look()
    assert.deepEqual(shared.noted(), { 'bank.example': 'failed' })
    dns.records['TXT _smtp._tls.bank.example'] = [`v=TLSRPTv1; rua=${HTTPS}`]
    shared.now += 15 * MINUTE
    await one.look()
    assert.deepEqual(to(), [HTTPS])
    assert.equal(shared.noted()['bank.example'], 'settled')
  })

  it('wait while the store is away, and say so once', async () => {
    const { node, shared, to, log } = scene()
    const one = node()
    shared.away = true
    await one.look()
    await one.look()
    shared.away = false
    await one.look()
    assert.equal(to().length, 2)
    assert.deepEqual(
      log.filter((line) => !line.includes('sent')),
      ['TLS reports work again'],
    )
    assert.equal(log.filter((line) => line.includes('Redis is away')).length, 1)
  })

  for (const [sts, records, expected] of [
    ['none', {}, ['no-policy-found']],
    ['enforce', {}, []],
    ['unknown', {}, []],
    ['none', { 'MX bank.example': 'fails' }, []],
    [
      'none',
      {
        'TLSA _25._tcp.mx.bank.example': [
          { usage: 3, selector: 1, matchingType: 1, data: Buffer.alloc(32) },
        ] as unknown as string[],
      },
      [],
    ],
  ] as const)
    it(`of rules that did not look: MTA-STS ${sts}, ${JSON.stringify(Object.keys(records))}`, async () => {
      const { node, sent, shared } = scene({ entries: [good({ policy: '' })], rua: HTTPS, sts, records })
      await node().look()
      assert.deepEqual(
        sent.flatMap(({ report }) => report.policies.map(({ policy }) => policy['policy-type'])),
        expected,
      )
      const isUnknown = sts === 'unknown' || 'MX bank.example' in records
      assert.equal(shared.noted()['bank.example'], isUnknown ? 'failed' : undefined)
    })

  it('have no timer and ask nothing while they are off', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const { node, world, dns } = scene()
    world.enabled = false
    const one = node()
    one.begin()
    one.settingsChanged()
    t.mock.timers.tick(3_600_000)
    assert.deepEqual([world.opened, world.log, dns.asked], [0, 0, []])
    world.enabled = true
    one.settingsChanged()
    t.mock.timers.tick(2000)
    assert.equal(world.opened, 1)
    t.mock.timers.reset()
    await one.close()
  })
})
