import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { toRecord } from '../../plugins/enforce-tls/observe/delivery-log/entry.js'
import type { DeliveryLogEntry } from '../../plugins/enforce-tls/observe/delivery-log/schema.js'
import type { DeliveryReport } from '../../plugins/enforce-tls/report/delivery-report.js'
import type { TlsRptReport } from '../../plugins/enforce-tls/report/tls-rpt-format.js'
import { FileDeliveryLog } from '../../plugins/enforce-tls/store/file/delivery-log.js'
import { entry } from '../support/evidence-entries.js'
import { RulesFile } from './enforce-tls.js'

const HOUR = 3_600_000

function ago(hours: number): string {
  return new Date(Date.now() - hours * HOUR).toISOString()
}

async function log(rulesFile: RulesFile, ...entries: readonly Partial<DeliveryLogEntry>[]): Promise<void> {
  const records = entries.map((wanted) => toRecord(entry({ at: ago(1), ...wanted })))
  await new FileDeliveryLog(rulesFile.file).append(records, 1000)
}

describe('report', { concurrency: 8 }, () => {
  it('is of the last seven days, as a table of 80 columns', async (t) => {
    const rulesFile = await RulesFile.create(t)
    await log(rulesFile, { protocol: 'TLSv1.3' }, { result: 'bounced' }, { at: ago(200) })
    const text = await rulesFile.done('report')
    assert.match(
      text,
      /^Deliveries from \S+ \S+ to \S+ \S+ UTC\n {2}requires TLS +2 messages\n +1 delivered \(50\.0%\)/,
    )
    assert.match(text, /│ TLSv1\.3 │ 1 +│ 100\.0% │/)
    assert.match(text, /\nEntries older than \d{4}-\d\d-\d\d \d\d:\d\d UTC were dropped or never made\. /)
    for (const line of text.split('\n')) assert.ok(line.length <= 80, line)
    assert.doesNotMatch(await rulesFile.done('report', '--since', '1h'), /dropped or never made/)
  })

  it('is limited by time, owner and partner', async (t) => {
    const rulesFile = await RulesFile.create(t)
    await log(
      rulesFile,
      { domain: 'bücher.example' },
      { domain: 'xn--bcher-kva.example' },
      { at: ago(200) },
      { from: 'other.example' },
    )
    const messages = async (...args: readonly string[]) =>
      (await rulesFile.data<DeliveryReport>('report', ...args)).enforced.messages
    assert.equal(await messages(), 3)
    assert.equal(await messages('--since', '10d'), 4)
    assert.equal(await messages('--since', '10d', '--until', '8d'), 1)
    assert.equal(await messages('--owner', 'ACME.example'), 2)
    assert.equal(await messages('--domain', 'bücher.example'), 1)
  })

  it('without an entry says where it looked, and that nothing is written where that is so', async (t) => {
    const rulesFile = await RulesFile.create(t)
    assert.match(
      await rulesFile.done('report'),
      /The delivery log \(file .*\.deliveries\.jsonl\) has no entries for that\.\n$/,
    )
  })

  for (const [format, beginning] of [
    ['csv', /^domain,messages,/],
    ['json', /^\{\n {2}"generated": /],
    ['html', /^<!doctype html>/],
    ['table', /^Deliveries from /],
  ] as const) {
    it(`prints ${format}, or writes it into a file`, async (t) => {
      const rulesFile = await RulesFile.create(t)
      await log(rulesFile, {})
      assert.match(await rulesFile.done('report', '--format', format), beginning)
      const file = path.join(path.dirname(rulesFile.file), 'new', `report.${format}`)
      const said = await rulesFile.done('report', '--format', format, '--output', file)
      assert.equal(said, `Wrote ${file}.\n`)
      assert.match(readFileSync(file, 'utf8'), beginning)
    })
  }

  for (const [args, code, problem] of [
    [
      ['--since', 'yesterday'],
      2,
      /^enforce-tls: --since "yesterday" is not a time; expected: 7d, 24h or 2w before now, a day such as/,
    ],
    [['--until', '2026-02-30'], 2, /--until "2026-02-30" is not a time; expected/],
    [['--since', '1d', '--until', '2d'], 2, /--since "1d" is not before --until "2d"/],
    [['--owner', 'a b'], 1, /owner "a b"/],
    [['--domain', 'a b'], 2, /--domain "a b" contains white space/],
    [['--format', 'pdf'], 2, /Allowed choices are table, csv, json, html/],
    [['--format', 'csv', '--json'], 2, /--json and --format csv contradict each other/],
    [['--contact', 'tls@acme.example'], 2, /--contact belongs to --tls-rpt/],
    [
      ['--since', '2099-01-01'],
      2,
      /--since "2099-01-01" is not before --until "now"; expected: an earlier time/,
    ],
    [['--since', ''], 2, /--since "" is not a time; expected: 7d/],
    [['--since', '-1d'], 2, /--since "-1d" is not a time; expected: 7d/],
    [['--tls-rpt', '--gzip'], 2, /--gzip needs --output <folder>/],
    [['--gzip'], 2, /--gzip belongs to --tls-rpt/],
    [['--tls-rpt', '--contact', 'tls@acme.example'], 2, /--tls-rpt needs --organization/],
    [['--tls-rpt', '--organization', 'Acme'], 2, /--tls-rpt needs --contact/],
    [['--tls-rpt', '--organization', 'Acme', '--contact', 'acme'], 2, /--contact "acme" has no @/],
    [
      ['--tls-rpt', '--organization', 'A', '--contact', 'a@b.example', '--format', 'html'],
      2,
      /is JSON by its standard/,
    ],
    [['--output', '/dev/null/x'], 1, /--output \/dev\/null\/x /],
  ] as const) {
    it(`refuses ${args.join(' ')}`, async (t) => {
      const rulesFile = await RulesFile.create(t)
      const ran = await rulesFile.run('report', ...args)
      assert.equal(ran.code, code, ran.stderr)
      assert.match(ran.stderr, problem)
    })
  }
})

describe('report --tls-rpt', { concurrency: 8 }, () => {
  const words = ['report', '--tls-rpt', '--organization', 'Acme Ltd', '--contact', 'tls@acme.example']

  it('says why there is no report', async (t) => {
    const rulesFile = await RulesFile.create(t)
    const today = new Date().toISOString().slice(0, 10)
    for (const [since, why] of [
      [today, /warning: no whole day \(UTC\) is in that time, so there is no report/],
      ['2d', /warning: the delivery log has no sessions of whole days in that time, so there is no report/],
    ] as const) {
      const { code, stdout, stderr } = await rulesFile.run(...words, '--since', since)
      assert.deepEqual([code, stdout], [0, '[]\n'])
      assert.match(stderr, why)
    }
  })

  const secured = { kind: 'attempt', result: 'secured', protocol: 'TLSv1.3' } as const

  it('is of yesterday, and never of a day that is not over', async (t) => {
    const rulesFile = await RulesFile.create(t)
    await log(rulesFile, { ...secured, at: ago(24) }, { ...secured, at: ago(0) }, { ...secured, at: ago(48) })
    const reports = JSON.parse(await rulesFile.done(...words)) as TlsRptReport[]
    assert.deepEqual(
      reports.map((report) => report['date-range']['start-datetime'].slice(0, 10)),
      [ago(24).slice(0, 10)],
    )
    const three = JSON.parse(await rulesFile.done(...words, '--since', '2d')) as TlsRptReport[]
    assert.equal(three.length, 2)
    const untilLater = ['--until', ago(-72).slice(0, 10)]
    assert.equal((JSON.parse(await rulesFile.done(...words, ...untilLater)) as TlsRptReport[]).length, 1)
  })

  it('warns where the log has forgotten a part of that time', async (t) => {
    const rulesFile = await RulesFile.create(t)
    const noon = `${ago(24).slice(0, 10)}T12:00:00.000Z`
    await log(rulesFile, { ...secured, at: noon })
    const { stderr } = await rulesFile.run(...words)
    assert.ok(stderr.startsWith(`enforce-tls: warning: the delivery log begins at ${noon}: `), stderr)
    const whole = await RulesFile.create(t)
    await log(whole, { ...secured, at: ago(72) }, { ...secured, at: noon })
    assert.equal((await whole.runAlone(...words)).stderr, '')
  })

  it('writes a file for each domain and day', async (t) => {
    const rulesFile = await RulesFile.create(t)
    await log(rulesFile, { ...secured, at: ago(24) }, { ...secured, at: ago(24), domain: 'clinic.example' })
    const folder = path.join(path.dirname(rulesFile.file), 'reports')
    await rulesFile.done(...words, '--output', folder)
    const files = readdirSync(folder).sort()
    assert.equal(files.length, 2)
    assert.match(files[1] ?? '', /^acme\.example!clinic\.example!\d+!\d+\.json$/)
    const report = JSON.parse(readFileSync(path.join(folder, files[0] ?? ''), 'utf8')) as TlsRptReport
    assert.equal(report['organization-name'], 'Acme Ltd')

    await rulesFile.done(...words, '--contact', 'tls@bücher.example', '--output', folder, '--gzip')
    const packed = readdirSync(folder).filter((file) => file.endsWith('.json.gz'))
    assert.equal(packed.length, 2)
    assert.match(packed[0] ?? '', /^xn--bcher-kva\.example!bank\.example!/)
    const unpacked = gunzipSync(readFileSync(path.join(folder, packed[0] ?? ''))).toString()
    assert.equal((JSON.parse(unpacked) as TlsRptReport)['contact-info'], 'tls@xn--bcher-kva.example')
  })
})

describe('a rule in mode report', { concurrency: 8 }, () => {
  it('tells what it saw when it is switched on, and when it shall enforce', async (t) => {
    const rulesFile = await RulesFile.create(t, 'acme.example')
    const { id } = await rulesFile.createRule(
      'acme.example',
      'Try',
      '--to',
      'bank.example',
      '--mode',
      'report',
    )
    assert.match(
      await rulesFile.done('rule', 'enable', 'acme.example', id),
      /^The delivery log has no message that matched it in the last 30 days\.\nRule /,
    )
    const rules = [{ owner: 'acme.example', id }]
    await log(
      rulesFile,
      { kind: 'report', result: 'would-bounce', rules },
      { kind: 'report', result: 'would-bounce', rules, domain: 'clinic.example' },
      { kind: 'report', result: 'would-bounce', rules },
      { kind: 'report', result: 'would-deliver', rules },
      { kind: 'report', result: 'unknown', rules },
      { kind: 'report', result: 'would-bounce' },
    )
    assert.match(
      await rulesFile.done('rule', 'enable', 'acme.example', id),
      /^In the last 30 days it would have bounced 3 of 5 messages \(60\.0%\): bank\.example 2, clinic\.example 1; unknown for 1\.\nRule /,
    )
    assert.match(
      await rulesFile.done('rule', 'edit', 'acme.example', id, '--mode', 'enforce'),
      /^In the last 30 days it would have bounced 3 of 5 messages[^]*mode: "report" → "enforce"/,
    )
    await rulesFile.done('rule', 'edit', 'acme.example', id, '--mode', 'report')
    const { reports } = await rulesFile.data<{ reports: { reported: { wouldBounce: number } } }>(
      'rule',
      'enable',
      'acme.example',
      id,
    )
    assert.equal(reports.reported.wouldBounce, 3)
  })
})
