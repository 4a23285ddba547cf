/**
 * The overview and a report's page, of entries in a real delivery log: figures, charts that are drawn, the same as
 * tables.
 */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { toRecord } from '../../../plugins/enforce-tls/observe/delivery-log/entry.js'
import { FAILURE_CLASS_NAMES } from '../../../plugins/enforce-tls/delivery/failure-classes.js'
import { entry } from '../../support/evidence-entries.js'
import { toHtml } from '../../../plugins/enforce-tls/report/html.js'
import { makeReport } from '../../../plugins/enforce-tls/report/make-report.js'
import { until } from '../../support/until.js'
import { startConsole, type ConsoleServer } from '../console-server.js'
import { assertAccessible, assertFits, goTo, sharedBrowser } from './browser.js'

const HOUR = 3_600_000

let server: ConsoleServer
before(async () => {
  server = await startConsole()
  const ago = (hours: number) => new Date(Date.now() - hours * HOUR).toISOString()
  const mx = 'mx.bank.example'
  const entries = [
    ...Array.from({ length: 12 }, (_, n) =>
      entry({
        ...(n < 2 ? { requiretls: 'yes' } : {}),
        ...{ at: ago(n * 6), uuid: `GOOD${n}.1`, protocol: n % 4 === 0 ? 'TLSv1.2' : 'TLSv1.3', mx },
      }),
    ),
    entry({
      at: ago(5),
      kind: 'attempt',
      uuid: 'BAD1.1',
      domain: 'clinic.example',
      result: 'failed',
      class: 'starttls-not-supported',
      mx: 'mx.clinic.example',
    }),
    entry({ at: ago(5), uuid: 'BAD1.1', domain: 'clinic.example', result: 'bounced' }),
    ...FAILURE_CLASS_NAMES.map((name) =>
      entry({ at: ago(4), kind: 'attempt', domain: 'court.example', result: 'failed', class: name }),
    ),
    ...[1, 2].map(() =>
      entry({ at: ago(3), level: 'dane', domain: 'plain.example', result: 'delivered-as-usual' }),
    ),
    entry({
      at: ago(2),
      kind: 'attempt',
      uuid: 'GOOD0.1',
      result: 'secured',
      level: 'verify',
      protocol: 'TLSv1.3',
      mx,
      expires: ago(-24 * 5),
    }),
  ]
  entries.sort((a, b) => (a.at < b.at ? -1 : 1))
  await server.deliveries.append(entries.map(toRecord), 1000)
})
after(() => server[Symbol.asyncDispose]())

/** How many colours a chart has: one that is not drawn has none. */
function coloursOf(page: Page, place: number): Promise<number> {
  return page.evaluate<number>(`(() => {
    const canvas = document.querySelectorAll('canvas')[${place}];
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    const colours = new Set();
    for (let at = 0; at < data.length; at += 4)
      if (data[at + 3] === 255) colours.add(data.slice(at, at + 3).join());
    return colours.size;
  })()`)
}

describe('the overview', () => {
  const browser = sharedBrowser()

  for (const { dark, width } of [
    { dark: false, width: 1280 },
    { dark: true, width: 360 },
  ])
    it(`draws what the delivery log has, ${dark ? 'dark' : 'light'}, ${width} px`, async () => {
      const page = await browser.at(server, 'viewer', '#/overview', { dark, width })
      await page.getByRole('heading', { name: 'Messages by day' }).waitFor()
      await page
        .getByText(
          'Of the messages recorded in the last 7 days, 13 required TLS; 12 left over it, 1 was returned, 0 left without.',
        )
        .waitFor()
      // Not waitForFunction: it evaluates a text in the page, which the page's policy forbids.
      const drawn = () =>
        page.evaluate<boolean>('globalThis.Chart && Object.keys(Chart.instances).length === 1')
      await until(drawn, { what: 'a chart', timeout: 10_000 })
      assert.ok((await coloursOf(page, 0)) > 2, 'the chart')
      await page.getByText('Show as a table').click()
      const versions = page.getByRole('region', { name: 'TLS versions' })
      assert.match(await versions.innerText(), /TLS 1\.3\s+9\s+75%\s+TLS 1\.2\s+3\s+25%/)
      const failing = page.getByRole('region', { name: 'Partners with failures' })
      const reasons = await failing.innerText()
      assert.match(reasons, /clinic\.example\s+1\s+0\s+No STARTTLS: 1/)
      for (const name of FAILURE_CLASS_NAMES) assert.ok(!reasons.includes(name), `${name} in words`)
      assert.doesNotMatch(reasons, /plain\.example/)
      const why = await page.getByRole('region', { name: 'Why TLS failed' }).innerText()
      assert.match(why, /No STARTTLS\s+2\s+2\s+clinic\.example \(1\), court\.example \(1\)/)
      await page.getByText('The delivery log does not have all of the period before').waitFor()
      await page.getByRole('link', { name: '2 TLS not required' }).waitFor()
      await page.getByText('2 of them handed on with REQUIRETLS').waitFor()
      await page
        .getByRole('region', { name: 'Certificates that expire soon' })
        .getByText('mx.bank.example')
        .waitFor()
      await assertAccessible(page, 'overview')
      await assertFits(page, 'overview')
      const cut = await page.evaluate<string[]>(`[...document.querySelectorAll('.table-box')]
        .filter((box) => box.scrollWidth > box.clientWidth).map((box) => box.ariaLabel)`)
      assert.deepEqual(cut, [], 'no table is cut')
    })
})

describe('a chart of results', () => {
  const browser = sharedBrowser()

  it('tells those apart that share a colour, such as released and waived, and what is empty claims nothing', async () => {
    await using own = await startConsole()
    const page = await browser.at(own, 'viewer', '#/overview')
    await page.getByText('The delivery log has no entries for this period.').waitFor()
    await page.getByText('So it does not tell whether any message required TLS.').waitFor()
    await goTo(page, '#/history')
    await page.getByText('No changes are recorded.').waitFor()
    const at = new Date().toISOString()
    await own.deliveries.append(
      [
        entry({ at, uuid: 'R.1', kind: 'release', result: 'sent', encrypted: 'false' }),
        entry({ at, uuid: 'W.1', kind: 'waiver', result: 'waived-sent', encrypted: 'false' }),
        entry({ at, uuid: 'V.1', result: 'via-gateway', via: 'relay', protocol: 'TLSv1.3' }),
        entry({ at, uuid: 'N.1', result: 'delivered-as-usual', level: 'dane' }),
        entry({ at, uuid: 'B.1', kind: 'report', result: 'would-bounce' }),
      ].map(toRecord),
      1000,
    )
    for (const dark of [false, true]) {
      const shown = await browser.at(own, 'viewer', '#/overview', { dark })
      await until(
        () => shown.evaluate<boolean>('globalThis.Chart && Object.keys(Chart.instances).length === 1'),
        {
          what: 'a chart',
          timeout: 10_000,
        },
      )
      const fillings = await shown.evaluate<
        string[]
      >(`Object.values(Chart.instances)[0].data.datasets.map((set) => {
        const pen = Object.assign(document.createElement('canvas'), { width: 16, height: 16 }).getContext('2d');
        pen.fillStyle = set.backgroundColor;
        pen.fillRect(0, 0, 16, 16);
        return pen.getImageData(0, 0, 16, 16).data.join();
      })`)
      assert.ok(fillings.length >= 5, String(fillings.length))
      assert.equal(new Set(fillings).size, fillings.length, 'each has a look of its own')
    }
  })
})

describe('the page of a partner', () => {
  const browser = sharedBrowser()

  it('has how many of its messages were handed on with REQUIRETLS, where there are any', async () => {
    const page = await browser.at(server, 'viewer', '#/partners/bank.example', { width: 360 })
    await page.getByText('2 of them handed on with REQUIRETLS').waitFor()
    await assertFits(page, 'a partner')
    await goTo(page, '#/partners/clinic.example')
    await page.getByText('No STARTTLS (1)').waitFor()
    assert.equal(await page.getByText(/handed on with/).count(), 0)
  })
})

describe('a number of the overview', () => {
  const browser = sharedBrowser()

  it('leads to the messages that it counts, also those that failed for a reason', async () => {
    const page = await browser.at(server, 'viewer', '#/overview')
    for (const name of ['12 Delivered over TLS', '1 Bounced', '2 No STARTTLS']) {
      await goTo(page, '#/overview')
      await page.getByRole('link', { name, exact: true }).click()
      await page.getByRole('heading', { name: 'Messages', exact: true }).waitFor()
      const rows = page.locator('.message-row')
      await rows.first().waitFor()
      assert.equal(await rows.count(), Number.parseInt(name, 10), name)
    }
    assert.equal(await page.getByLabel('TLS failure').inputValue(), 'starttls-not-supported')
    assert.match(await page.getByLabel('Period').locator('option:checked').innerText(), /^\d+ \w+ \d{4}/)
    await assertAccessible(page, 'messages of a reason')
  })

  it('is compared with the period before, where the log has all of that', async () => {
    const page = await browser.at(server, 'viewer', '#/overview')
    const asked: string[] = []
    const note = (request: { url(): string }) => asked.push(request.url())
    page.on('request', note)
    await page.getByLabel('Period').selectOption('1d')
    await page.getByText('as many as in the period before').first().waitFor()
    page.off('request', note)
    assert.equal(asked.filter((url) => url.includes('/api/report?')).length, 1, 'one request')
  })
})

describe('a report to download', () => {
  const browser = sharedBrowser()

  it('is of the days and the owner that are typed, in three forms', async () => {
    const page = await browser.at(server, 'viewer', '#/overview')
    await page.getByRole('heading', { name: 'Download a report' }).waitFor()
    const day = (hours: number) => new Date(Date.now() - hours * HOUR).toISOString().slice(0, 10)
    await page.getByLabel('From').fill(day(24 * 30))
    await page.getByLabel('To').fill(day(0))
    await page.getByLabel('Owner').fill('acme.example')
    for (const [button, beginning] of [
      ['Page (HTML)', '<!doctype html>'],
      ['Table (CSV)', 'domain,messages,'],
      ['JSON', '{"generated":'],
    ] as const) {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: button }).click(),
      ])
      assert.match(
        download.suggestedFilename(),
        new RegExp(`^tls-report-${day(24 * 30)}-\\S+\\.(?:html|csv|json)$`),
      )
      assert.ok((await readFile(await download.path(), 'utf8')).startsWith(beginning), button)
    }
  })

  it('says what keeps it from being made', async () => {
    const page = await browser.at(server, 'viewer', '#/overview')
    await page.getByLabel('From').fill('2026-02-02')
    await page.getByLabel('To').fill('2026-02-01')
    await page.getByRole('button', { name: 'JSON' }).click()
    await page.getByText('The first day must not be after the last one.').waitFor()
    await page.getByLabel('To').fill('')
    await page.getByRole('button', { name: 'JSON' }).click()
    await page.getByText('Choose both days.').waitFor()
    await page.getByLabel('To').fill('2026-02-03')
    await page.getByLabel('Owner').fill('no owner')
    await page.getByRole('button', { name: 'JSON' }).click()
    await page.getByText('not found, or not visible to you').waitFor()
    await assertAccessible(page, 'a report that is not there')
  })
})

describe('the page of a report', () => {
  const browser = sharedBrowser()
  let folder: string
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'enforce-tls-report-'))
    const [since, now] = [new Date(Date.now() - 7 * 24 * HOUR), new Date()]
    const query = { since, until: now, owner: null, domain: null, now }
    const report = await makeReport(server.deliveries.read(since), query)
    await writeFile(path.join(folder, 'report.html'), toHtml(report))
  })
  after(() => rm(folder, { recursive: true }))

  for (const { dark, width } of [
    { dark: false, width: 360 },
    { dark: true, width: 1280 },
  ])
    it(`draws the same by itself, ${dark ? 'dark' : 'light'}, ${width} px`, async () => {
      const page = await (await browser.window({ dark, width })).newPage()
      await page.goto(`file://${folder}/report.html`)
      const charts = await page.locator('canvas').count()
      assert.equal(charts, 4)
      for (let place = 0; place < charts; place++)
        await until(async () => (await coloursOf(page, place)) > 0, { what: `chart ${place}` })
      await assertFits(page, 'the report')
      const cut = await page.evaluate<string[]>(`[...document.querySelectorAll('.wide')]
        .filter((box) => box.scrollWidth > box.clientWidth + 1).map((box) => box.ariaLabel)`)
      assert.deepEqual(cut, [], 'no table is cut')
      await assertAccessible(page, 'the report')
      await page.emulateMedia({ media: 'print' })
      await page.evaluate('dispatchEvent(new Event("beforeprint"))')
      assert.equal(await page.evaluate('document.documentElement.className'), 'paper')
      await until(async () => (await coloursOf(page, 0)) > 0, { what: 'a chart on paper' })
      // As wide as A4 without its margins.
      await page.setViewportSize({ width: 688, height: 1017 })
      const hidden = await page.evaluate(`[...document.querySelectorAll('.chart')].filter((chart) =>
        chart.querySelector('canvas').getBoundingClientRect().bottom >
          chart.parentElement.querySelector('table').getBoundingClientRect().top + 1).map((chart) => chart.parentElement.innerText)`)
      assert.deepEqual(hidden, [], 'no chart covers a table')
      await assertFits(page, 'the report on paper')
      const pdf = (await page.pdf({ preferCSSPageSize: true })).toString('latin1')
      assert.match(pdf, /\/MediaBox \[0 0 59[45]\S* 84[12]\S*\]/, 'A4')
      const reasons = await page.locator('section[aria-labelledby="failures-title"] table').textContent()
      assert.match(reasons ?? '', /No STARTTLS[^]*Certificate expired/, 'the words of the console')
    })
})
