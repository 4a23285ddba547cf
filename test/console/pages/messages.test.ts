/** Messages and one of them, of entries in a real delivery log: found by search and by the numbers of the overview. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { hashOf } from '../../../plugins/enforce-tls/observe/delivery-log/names.js'
import { toRecord } from '../../../plugins/enforce-tls/observe/delivery-log/entry.js'
import type { DeliveryLogEntry } from '../../../plugins/enforce-tls/observe/delivery-log/schema.js'
import { messageOf } from '../../../plugins/enforce-tls/report/trace/message.js'
import { toStatementPage } from '../../../plugins/enforce-tls/report/trace/statement-text.js'
import { statementOn } from '../../../plugins/enforce-tls/report/trace/statement.js'
import { entry, NOTHING_LACKS } from '../../support/evidence-entries.js'
import { startConsole, type ConsoleServer } from '../console-server.js'
import { assertAccessible, assertFits, goTo, openAt, sharedBrowser } from './browser.js'

const MINUTE = 60_000

let server: ConsoleServer
before(async () => {
  server = await startConsole()
  await server.store.writeService('acme.example', null, '{"enabled":true}')
  const key = await server.deliveries.makeKey('a key')
  const ago = (minutes: number) => new Date(Date.now() - minutes * MINUTE).toISOString()
  const rules = [{ owner: 'acme.example', id: 'r1', name: 'Enforced TLS to First Bank' }]
  const sender = hashOf(key, 'sender', 'ann@acme.example')
  const delivered = (n: number): Partial<DeliveryLogEntry> => ({
    at: ago(n + 10),
    uuid: `GOOD${n}.1.1`,
    rules,
    level: 'verify',
    mx: 'mx.bank.example',
    address: '192.0.2.25:25',
    protocol: 'TLSv1.3',
    cipher: 'TLS_AES_256_GCM_SHA384',
    verified: 'chain,host-name',
    ...(n === 0 ? { requiretls: 'yes' } : {}),
    fingerprint: Array.from({ length: 32 }, () => 'A1').join(':'),
    issuer: 'CN=First CA, O=First Certificates, C=DE',
    expires: ago(-90 * 24 * 60),
    sender,
    to: [hashOf(key, 'to', n === 0 ? 'cfo@bank.example' : `u${n}@bank.example`)],
    messageId: hashOf(key, 'messageId', `id${n}@acme.example`),
  })
  const failed = { uuid: 'BAD1.1.1', rules, domain: 'clinic.example', mx: 'mx.clinic.example' } as const
  const entries = [
    ...Array.from({ length: 60 }, (_, n) => [
      entry({ ...delivered(n), kind: 'attempt', result: 'secured' }),
      entry(delivered(n)),
    ]).flat(),
    ...(['attempt', 'outcome'] as const).map((kind) =>
      entry({
        ...failed,
        at: ago(5),
        kind,
        result: kind === 'attempt' ? 'failed' : 'bounced',
        class: 'starttls-not-supported',
        detail: 'does not offer STARTTLS',
        status: '5.7.4',
        address: '192.0.2.77:25',
        sender,
        to: [hashOf(key, 'to', 'lab@clinic.example')],
      }),
    ),
  ]
  const waived = (uuid: string, more: Partial<DeliveryLogEntry>): DeliveryLogEntry[] =>
    (['waived', 'waived-begun', 'waived-sent'] as const).map((result) =>
      entry({
        ...{ uuid, rules, kind: 'waiver', result, domain: `${uuid.toLowerCase()}.example`, at: ago(8) },
        ...{ level: 'published', detail: 'the message says TLS-Required: No' },
        ...(result === 'waived' ? {} : { mx: 'mx.waived.example', ...more }),
      }),
    )
  entries.push(
    ...waived('CLEAR', { encrypted: 'false' }),
    ...waived('TLS', { encrypted: 'true', protocol: 'TLSv1.3' }),
    ...waived('UNSEEN', {}),
  )
  await server.deliveries.append(entries.map(toRecord), 1000)
})
after(() => server[Symbol.asyncDispose]())

describe('messages', () => {
  const browser = sharedBrowser()

  for (const { dark, width } of [
    { dark: false, width: 1280 },
    { dark: true, width: 1280 },
    { dark: false, width: 360 },
    { dark: true, width: 360 },
  ])
    it(`are found by a recipient, and shown with a statement, ${dark ? 'dark' : 'light'}, ${width} px`, async () => {
      const page = await browser.at(server, 'viewer', '#/messages', { dark, width })
      await page.getByRole('heading', { name: 'Messages' }).waitFor()
      await page.getByText('1 recipient at clinic.example').waitFor()
      await assertAccessible(page, 'messages')
      await assertFits(page, 'messages')
      await page.getByLabel('Recipient').fill('CFO@bank.example')
      await page.getByRole('button', { name: 'Search' }).click()
      const link = page.getByRole('link', { name: 'To cfo@bank.example' })
      await link.waitFor()
      assert.equal(await page.locator('.message-row').count(), 1)
      await link.click()
      const statement = page.getByRole('region', { name: 'Statement' })
      await statement.getByText(/^Yes\. It was handed to mx\.bank\.example \(192\.0\.2\.25:25\)/).waitFor()
      await statement.getByText('The certificate was issued by a trusted authority.').waitFor()
      await statement.getByText(/^What happened afterwards/).waitFor()
      await page.getByText('TLS as required.').waitFor()
      await assertAccessible(page, 'a message')
      await assertFits(page, 'a message')
    })

  it('say whether what its sender waived left in the clear, once, and what was handed on with REQUIRETLS', async () => {
    const page = await browser.at(server, 'viewer', '#/messages/partner%3Dclear.example')
    const row = page.locator('.message-row')
    await row.getByText('Waived by the sender (TLS-Required: No): in the clear', { exact: true }).waitFor()
    assert.equal((await row.innerText()).match(/TLS-Required/gi)?.length, 1)
    await goTo(page, '#/messages/partner%3Dtls.example')
    await row.getByText('Waived by the sender (TLS-Required: No): over TLS', { exact: true }).waitFor()
    await goTo(page, '#/messages/partner%3Dunseen.example')
    await row.getByText('(TLS-Required: No): whether over TLS is unknown').waitFor()
    await goTo(page, '#/messages/to%3Dcfo%2540bank.example')
    await row.getByText('Delivered over TLS 1.3, with REQUIRETLS', { exact: true }).waitFor()
  })

  it('leave only the statement to the printer', async () => {
    const page = await browser.at(server, 'viewer', '#/message/GOOD1.1.1')
    await page.getByRole('region', { name: 'Statement' }).waitFor()
    await page.emulateMedia({ media: 'print' })
    assert.equal(await page.getByText('What happened', { exact: true }).isVisible(), false)
    assert.equal(await page.getByRole('navigation').isVisible(), false)
    assert.equal(await page.getByText('TLS_AES_256_GCM_SHA384').last().isVisible(), true)
    const ink = 'getComputedStyle(document.querySelector(".statement .answer")).color'
    const onPaper = await page.evaluate(ink)
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' })
    assert.equal(await page.evaluate(ink), onPaper, 'dark ink, whatever the screen is like')
    await page.emulateMedia({ media: 'screen', colorScheme: 'light' })
  })

  it('have a statement as a page of its own that fits a telephone and is dark on paper', async () => {
    const long = `${'n'.repeat(64)}@${'a-label-as-long-as-labels-may-be'.repeat(2).slice(0, 63)}.example`
    const released = {
      by: 'ann@helpdesk',
      reason: 'the contract is due today, '.repeat(6),
      encrypted: 'false',
    }
    const sent = entry({ kind: 'release', result: 'sent', sender: long, to: [long], ...released })
    const window = await browser.window({ width: 360, dark: true })
    const page = await window.newPage()
    await page.setContent(
      toStatementPage(
        statementOn(
          messageOf(
            [sent],
            { to: null, sender: null, messageId: null },
            { entries: [sent], ...NOTHING_LACKS },
          ),
        ),
        new Date(),
      ),
    )
    await assertFits(page, 'the statement')
    await assertAccessible(page, 'the statement')
    await page.emulateMedia({ media: 'print' })
    assert.equal(await page.evaluate('getComputedStyle(document.body).color'), 'rgb(27, 38, 34)')
  })

  it('and all that is on a page hide and turn nothing', async () => {
    const window = await browser.window({})
    await window.route('**/api/session', async (route) => {
      const body = await (await route.fetch()).text()
      await route.fulfill({ body: body.replace('"viewer"', '"view\\u202eer\\u200b"') })
    })
    const page = await openAt(window, server, 'viewer', '#/overview')
    await page.getByText('view\\u202eer\\u200b').first().waitFor()
    assert.doesNotMatch(await page.locator('body').innerText(), /[\u200b\u202e]/)
  })

  it('come page by page, and are what a number in the overview counts', async () => {
    const page = await browser.at(server, 'viewer', '#/overview')
    await page.getByRole('link', { name: '60 Delivered over TLS' }).click()
    await page.getByRole('button', { name: 'Show more' }).click()
    await page.locator('.message-row').nth(59).waitFor()
    assert.equal(await page.locator('.message-row').count(), 60)
    await page.getByText(/^The delivery log goes back to /).waitFor()
    await page.getByRole('link', { name: 'Overview' }).click()
    await page.getByRole('link', { name: '1 Bounced, clinic.example' }).click()
    await page.getByText('The receiving server does not offer TLS').waitFor()
    assert.equal(await page.locator('.message-row').count(), 1)
  })

  it('are searched between two days of the own zone, which stay chosen', async () => {
    const page = await browser.at(server, 'viewer', '#/messages', { zone: 'Pacific/Auckland' })
    await page.getByLabel('Period').selectOption('Choose days …')
    await page.getByText('In your time zone, Pacific/Auckland').first().waitFor()
    await page.getByLabel('From').fill('2026-02-03')
    await page.getByLabel('To', { exact: true }).fill('2026-02-01')
    await page.getByRole('button', { name: 'Search' }).click()
    await page.getByText('The first day must not be after the last one.').waitFor()
    await assertAccessible(page, 'days in the wrong order')
    await page.getByLabel('To', { exact: true }).fill('2026-02-04')
    const [request] = await Promise.all([
      page.waitForRequest(/api\/messages\?/),
      page.getByRole('button', { name: 'Search' }).click(),
    ])
    const { searchParams } = new URL(request.url())
    assert.deepEqual(
      [searchParams.get('since'), searchParams.get('until')],
      ['2026-02-02T11:00:00.000Z', '2026-02-04T11:00:00.000Z'],
    )
    await page.getByText('No such message in this period.').waitFor()
    assert.equal(await page.getByLabel('From').inputValue(), '2026-02-03')
    assert.equal(await page.getByLabel('To', { exact: true }).inputValue(), '2026-02-04')
  })

  it('keep what is typed while the page still loads', async () => {
    const window = await browser.window()
    const page = await openAt(window, server, 'admin', '#/account')
    for (const [place, late, label] of [
      ['#/messages', '**/api/domains*', 'Recipient'],
      ['#/history', '**/api/users*', 'Person'],
    ] as const) {
      let release: () => void = () => undefined
      const held = new Promise<void>((resolve) => (release = resolve))
      await page.route(late, async (route) => {
        await held
        await route.continue()
      })
      const answer = page.waitForResponse(late)
      await goTo(page, place)
      await page.getByLabel(label).fill('cfo')
      release()
      await (await answer).finished()
      await page
        .locator('option[value="acme.example"], option[value="viewer"]')
        .first()
        .waitFor({ state: 'attached' })
      assert.equal(await page.getByLabel(label).inputValue(), 'cfo', place)
    }
  })

  it('say over which version they left or why not, and lead to what can be done', async () => {
    const page = await browser.at(server, 'acme', '#/messages')
    await page.getByText('Delivered over TLS 1.3', { exact: true }).first().waitFor()
    const row = page.locator('.message-row').filter({ hasText: 'clinic.example' })
    await row.getByText('The receiving server does not offer TLS.').waitFor()
    await row.getByRole('link', { name: 'To 1 recipient at clinic.example' }).click()
    await page.getByText('Ask the operators of clinic.example to mend this').waitFor()
    await page.getByText('mx.clinic.example does not offer STARTTLS (5.7.4)').waitFor()
    assert.equal(await page.getByText('enforce-tls').count(), 0, 'no command')
    const padding = await page.evaluate<string>(
      "getComputedStyle(document.querySelector('.attempts')).paddingLeft",
    )
    assert.notEqual(padding, '0px')
    await page.getByRole('link', { name: 'Check the servers of clinic.example' }).click()
    await page.getByRole('heading', { name: 'clinic.example', level: 1 }).waitFor()
    assert.equal(await page.locator('nav a[aria-current]').count(), 0, 'a partner is in no section')
    await page.getByRole('button', { name: 'Check now' }).click()
    await page.getByLabel('Domain or address').and(page.locator(':focus')).waitFor()
  })

  it('that failed in a day are behind the number in the list of domains', async () => {
    const page = await browser.at(server, 'acme', '#/domains')
    await page.getByRole('link', { name: /^1 / }).first().click()
    await page.getByText('To 1 recipient at clinic.example').waitFor()
    assert.equal(await page.locator('.message-row').count(), 1)
  })
})
