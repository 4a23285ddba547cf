import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { toTables } from '../../../plugins/enforce-tls/cli/report-table.js'
import type { DeliveryLogEntry } from '../../../plugins/enforce-tls/observe/delivery-log/schema.js'
import { toCsv } from '../../../plugins/enforce-tls/report/csv.js'
import type { DeliveryReport } from '../../../plugins/enforce-tls/report/delivery-report.js'
import { toHtml } from '../../../plugins/enforce-tls/report/html.js'
import { makeReport } from '../../../plugins/enforce-tls/report/make-report.js'
import { entry, records } from '../../support/evidence-entries.js'

const NOW = new Date('2026-11-23T12:00:00Z')

function reportOn(...entries: readonly DeliveryLogEntry[]): Promise<DeliveryReport> {
  const since = new Date('2026-11-16T12:00:00Z')
  return makeReport(records(...entries), { since, until: NOW, owner: null, domain: null, now: NOW })
}

/** A report on one partner of any name: an entry of the log could not have each. */
async function reportOnPartner(domain: string): Promise<DeliveryReport> {
  const report = await reportOn(entry({ result: 'bounced' }))
  return { ...report, partners: report.partners.map((partner) => ({ ...partner, domain })) }
}

/** The worst that a domain in the delivery log can be, and another text. */
const HOSTILE_DOMAIN = '</script><script>alert(1)</script>"\'&'
const HOSTILE = `${HOSTILE_DOMAIN}\u001b[31m`
const VARIED = [
  entry({ protocol: 'TLSv1.3' }),
  entry({ domain: HOSTILE_DOMAIN, result: 'bounced' }),
  entry({ kind: 'attempt', result: 'failed', class: 'starttls-refused', domain: HOSTILE_DOMAIN }),
  entry({
    kind: 'report',
    result: 'would-bounce',
    domain: HOSTILE_DOMAIN,
    rules: [{ owner: '*', id: HOSTILE }],
  }),
  entry({
    kind: 'attempt',
    result: 'secured',
    level: 'verify',
    mx: HOSTILE,
    issuer: HOSTILE,
    fingerprint: 'AB',
    expires: '2026-11-24T00:00:00.000Z',
  }),
]

describe('CSV', () => {
  it('has a header, a line for each partner, and CRLF', async () => {
    const [head, first, rest] = toCsv(await reportOn(entry({ protocol: 'TLSv1.3' }))).split('\r\n')
    assert.match(head ?? '', /^domain,messages,delivered,TLSv1\.2,TLSv1\.3,bounced,/)
    assert.match(first ?? '', /^bank\.example,1,1,0,1,0,/)
    assert.equal(rest, '')
  })

  /** What a spreadsheet makes of the field, with either separator. */
  const cellsOf = (csv: string): string[] => {
    const [, line = ''] = csv.split('\r\n')
    const commas = [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)]
    return [...commas.map(([, quoted, bare]) => quoted ?? bare ?? ''), ...line.split(';')]
  }
  const SIGNS = ['=', '+', '-', '@', '\uff1d', '\uff0b', '\uff0d', '\uff20', '\u2212', '\ufe66']
  const LEADS = ['', ' ', '\t', '\r', '\u00a0', '\u3000', '\u200b', '\ufeff', '\u2060 ', '"', ' "', "' "]
  for (const lead of [...LEADS, ...LEADS.map((each) => `x;${each}`), 'x; y;'])
    it(`makes no formula behind ${JSON.stringify(lead)}`, async () => {
      for (const sign of SIGNS) {
        const csv = toCsv(await reportOnPartner(`${lead}${sign}cmd|'/C calc'!A0`))
        for (const cell of cellsOf(csv))
          assert.doesNotMatch(cell, /^[\s"\p{Cf}]*[=+\-@\uff1d\uff0b\uff0d\uff20\u2212\ufe66]/u, csv)
        assert.equal(csv.split('\r\n').length, 3)
      }
    })

  it('stays readable', async () => {
    const [, line] = toCsv(await reportOnPartner('a; b - c; =d \u202ee')).split('\r\n')
    assert.match(line ?? '', /^"a; b - c;' =d \\u202ee",1,/)
  })

  it('quotes what would end a field', async () => {
    assert.match(toCsv(await reportOn(entry({ domain: 'a,"b"' }))), /\r\n"a,""b""",1,/)
  })
})

describe('the page', () => {
  it('shows hostile names as they are and runs nothing of them', async () => {
    const page = toHtml(await reportOn(...VARIED))
    assert.doesNotMatch(page, /<script>alert/)
    assert.match(page, /&lt;\/script&gt;&lt;script&gt;alert\(1\)/)
  })

  it('has nothing that turns or hides words, charts included', async () => {
    const page = toHtml(await reportOnPartner('pay\u200bpal\u202e.example\u009b'))
    for (const escaped of ['pay\\u200bpal\\u202e.example\\u009b', 'pay\\\\u200bpal'])
      assert.ok(page.includes(escaped), escaped)
    assert.doesNotMatch(
      page.replace(/<script(?: type="module")?>[^]*?<\/script>/g, ''),
      /[\u200b-\u200f\u202a-\u202e\u0080-\u009f]/,
    )
  })

  it('asks for nothing from anywhere', async () => {
    const page = toHtml(await reportOn(...VARIED))
    assert.doesNotMatch(page, /<(?:link|img|iframe|object)\b|<script[^>]+src|@import|url\(|sourceMappingURL/)
    assert.match(page, /default-src 'none'; script-src 'sha256-/)
  })

  it('has a table with a caption for each chart', async () => {
    const page = toHtml(await reportOn(...VARIED))
    const charts = [...page.matchAll(/<canvas id="(\w+)" role="img" aria-label="[^"]+"/g)].map(([, id]) => id)
    assert.deepEqual(charts, ['days', 'versions', 'failures', 'partners', 'rules'])
    assert.equal(
      [...page.matchAll(/<table role="table"><caption>/g)].length,
      charts.length + 1,
      'and one of certificates',
    )
  })

  it('speaks of one message as of one', async () => {
    const report = await reportOn(entry())
    assert.match(toHtml(report), /<p>Over 1 day: 1 message delivered over TLS, 0 bounced\.<\/p>/)
    assert.match(toTables(report), / 1 message\n/)
  })

  it('of nothing has no charts, and says so', async () => {
    const page = toHtml(await reportOn())
    assert.doesNotMatch(page, /<canvas/)
    assert.match(
      page,
      /<main>\n<section[^>]+>\n<p class="headline">The delivery log has no entries for this period\.<\/p><p>So it does not tell/,
    )
    assert.match(page, /which has no entries for this period/)
  })
})

describe('mail to those who publish nothing', () => {
  const seen = { kind: 'report', level: 'dane' } as const
  const entries = [
    entry({ protocol: 'TLSv1.3' }),
    entry({ result: 'delivered-as-usual', level: 'dane' }),
    entry({ ...seen, result: 'would-wait', domain: 'clinic.example' }),
    entry({ ...seen, result: 'would-deliver-as-usual' }),
  ]

  it('is apart from what was delivered over TLS, and what would wait from what would bounce', async () => {
    const report = await reportOn(...entries)
    const text = toTables(report)
    assert.match(text, /requires TLS +1 message\n +1 delivered \(100\.0%\)/)
    assert.match(text, / 1 more delivered as usual: nothing to hold them to\n/)
    assert.match(
      text,
      / 0 would have bounced \(0\.0%\)\n +1 would have waited \(50\.0%\)\n +0 would have been delivered\n/,
    )
    assert.match(text, / 1 would have been delivered as usual\n/)
    assert.match(text, /would wait[^]*clinic\.example 1/)
    for (const line of text.split('\n')) assert.ok(line.length <= 80, line)
    const page = toHtml(report)
    assert.match(page, /<dt>TLS not required<\/dt><dd>1</)
    assert.match(page, /<dt>Would have waited<\/dt><dd>1</)
    assert.match(page, /<dt>Delivered over TLS<\/dt><dd>1</)
    const [head = '', first = ''] = toCsv(report).split('\r\n')
    const columns = head.split(',')
    const of = (name: string) => first.split(',')[columns.indexOf(name)]
    assert.deepEqual(
      [
        'messages',
        'delivered',
        'TLS not required',
        'report only',
        'would deliver',
        'would not require TLS',
      ].map(of),
      ['1', '1', '1', '1', '0', '1'],
    )
  })

  it('is in none of the words where there is none of it', async () => {
    const report = await reportOn(entry({ protocol: 'TLSv1.3' }), entry({ ...seen, result: 'would-bounce' }))
    for (const text of [toTables(report), toHtml(report).replace(/<script[^]*<\/script>/g, '')])
      assert.doesNotMatch(text, /as usual|not required|waited|would wait/)
  })
})

it('messages that were handed on with REQUIRETLS are counted in table, page and CSV, where there are any', async () => {
  const delivered = entry({ protocol: 'TLSv1.3' })
  const report = await reportOn(delivered, entry({ protocol: 'TLSv1.3', requiretls: 'yes' }))
  assert.match(toTables(report), / 2 delivered \(100\.0%\)\n +1 of them handed on with REQUIRETLS\n/)
  assert.match(toHtml(report), /<dt>Handed on with REQUIRETLS<\/dt><dd>1</)
  const [head = '', first = ''] = toCsv(report).split('\r\n')
  assert.equal(first.split(',')[head.split(',').indexOf('of delivered: with REQUIRETLS')], '1')
  const without = await reportOn(delivered)
  assert.doesNotMatch(toTables(without) + toHtml(without), /with REQUIRETLS/)
})

const partnersIn = (table: string) => table.slice(table.indexOf('Partners'))

describe('messages that were released', () => {
  const rules = [{ owner: 'acme.example', id: 'r1', name: '=First "Bank"' }]
  const release = { kind: 'release', uuid: 'R.1', by: HOSTILE, reason: '=cmd', rules } as const
  const entries = [
    entry({ protocol: 'TLSv1.3' }),
    entry({ ...release, result: 'sent', encrypted: 'false' }),
    entry({ ...release, uuid: 'S.1', result: 'granted' }),
  ]

  it('are on the page, in the table and in the CSV, with who and why', async () => {
    const report = await reportOn(...entries)
    const page = toHtml(report)
    assert.match(page, /<dt>Released<\/dt><dd>1</)
    assert.match(
      page,
      /Released by an administrator[^]*=cmd[^]*R\.1 from acme\.example to 1 recipient at bank\.example/,
    )
    assert.match(page, /its outcome is not recorded<\/th>/)
    assert.doesNotMatch(page, /<script>alert/)
    const table = toTables(report)
    assert.match(table, /1 released, sent without what the rules require/)
    assert.match(
      table.replace(/\s+/g, ' '),
      /Apart from 1 message that .* released, and 1 message released .* none of/,
    )
    assert.match(table, /its outcome/)
    assert.match(partnersIn(table), /released[^]*bank\.example\s*│\s*2\s*│\s*1\s*│\s*0\s*│\s*0\s*│\s*1\s*│/)
    for (const line of table.split('\n')) assert.ok(line.length <= 80, line)
  })

  it('are lines of the CSV with the same columns, and add nothing to sums', async () => {
    const [head = '', partner = '', first = '', second = '', end] = toCsv(await reportOn(...entries)).split(
      '\r\n',
    )
    const cells = (line: string) =>
      line.match(/(?:"(?:[^"]|"")*"|[^,]*)(?:,|$)/g)?.slice(0, head.split(',').length)
    for (const line of [partner, first, second])
      assert.equal(cells(line)?.length, head.split(',').length, line)
    assert.match(partner, /^bank\.example,2,1,0,1,/)
    assert.match(
      first,
      /^bank\.example,,,[^]*,'=cmd,,,2026-11-20T10:00:00\.000Z,in the clear,R\.1,acme\.example,1,"'""=First ""Bank"""" of acme\.example",,,$/,
    )
    assert.match(second, /,2026-11-20T10:00:00\.000Z,,,not recorded,S\.1,/)
    assert.equal(end, '')
  })
})

describe('the table', () => {
  it('is no wider than 80 columns, and has no control character of a name', async () => {
    const text = toTables(await reportOn(...VARIED))
    for (const line of text.split('\n')) assert.ok(line.length <= 80, line)
    assert.doesNotMatch(text.replaceAll('\n', ''), /\p{Cc}/u)
    for (const title of ['by TLS version', 'by class', 'Partners', 'Rules in mode report', 'Certificates'])
      assert.ok(text.includes(title), title)
  })
})
