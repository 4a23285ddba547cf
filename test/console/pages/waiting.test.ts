/** The page of mail that waits: its reasons, what is unknown, orders that ask once, and a release that warns. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { answerOrders, tellWaiting, waitingRecord } from '../../support/waiting-records.js'
import { startConsole, type ConsoleServer } from '../console-server.js'
import { assertAccessible, assertFits, openAt, sharedBrowser } from './browser.js'

const LONG = `${'n'.repeat(64)}@${'a-label-as-long-as-labels-may-be'.repeat(2).slice(0, 63)}.example`

let server: ConsoleServer
let haraka: ReturnType<typeof answerOrders>
before(async () => {
  server = await startConsole({ failure: { allow_release: 'true' } })
  await tellWaiting(server.waiting, 'mta', [
    waitingRecord('first-aaaaaa'),
    waitingRecord('second-bbbbbb', {
      recipients: [LONG],
      recipientCount: 3,
      domain: 'clinic.example',
      host: '',
      detail: '\u202eevil\u202c <script>alert(1)</script> "&amp;',
      rules: [{ owner: '*', id: 'r', name: 'All "mail" to <clinics>' }],
    }),
  ])
  await tellWaiting(server.waiting, 'mail02', [waitingRecord('third-cccccc', { sender: '' })], {
    at: '2026-01-02T03:04:05.000Z',
  })
  haraka = answerOrders(server.waiting, 'mta')
})
after(async () => {
  haraka.stop()
  await server[Symbol.asyncDispose]()
})

describe('the page of waiting mail', () => {
  const browser = sharedBrowser()

  for (const width of [360, 1280])
    it(`shows what waits and asks before it acts, ${width} px wide`, async () => {
      const window = await browser.window({ width })
      const page = await openAt(window, server, 'admin', '#/waiting')
      await page.getByText('mail02.test.example has not been seen since').waitFor()
      await page.getByText('mx.bank.example answered STARTTLS with 454').first().waitFor()
      await assertAccessible(page, 'the list')
      await assertFits(page, 'the list')

      const box = page.getByRole('checkbox', { name: 'cfo@bank.example' }).first()
      await box.check()
      const before = haraka.orders.length
      await page.getByRole('button', { name: 'Try now' }).click()
      await page.getByRole('dialog').getByText('Haraka connects to bank.example now.').waitFor()
      assert.equal(haraka.orders.length, before, 'nothing happens before the answer')
      await page.getByRole('dialog').getByRole('button', { name: 'Try now' }).click()
      await page.getByText('1 message: it is tried now.').waitFor()
      assert.equal(haraka.orders.at(-1)?.action, 'retry')

      await page.getByRole('checkbox').nth(1).check()
      await page.getByRole('button', { name: 'Release without TLS' }).click()
      await page.getByRole('dialog').getByText('once WITHOUT the TLS').waitFor()
      await assertAccessible(page, 'the warning')
      await assertFits(page, 'the warning')
      const release = page.getByRole('dialog').getByRole('button', { name: 'Release without TLS' })
      await release.click()
      await page.getByText('Say why.').waitFor()
      await page.getByLabel('Reason').fill('the contract is due today')
      await release.click()
      await page.getByRole('dialog').waitFor({ state: 'detached' })
      await page.getByText('1 message: it is tried now.').waitFor()
      assert.equal(haraka.orders.at(-1)?.action, 'release')
      assert.equal(haraka.orders.at(-1)?.reason, 'the contract is due today')
      assert.equal(haraka.orders.at(-1)?.by, 'admin')
      await window.close()
    })

  it('filters by partner, and shows a viewer no actions', async () => {
    const window = await browser.window({})
    const page = await openAt(window, server, 'viewer', '#/waiting')
    await page.getByText('first-aaaaaa').waitFor()
    assert.equal(await page.getByRole('checkbox').count(), 0)
    assert.equal(await page.getByRole('button', { name: 'Give up' }).count(), 0)
    await page.getByLabel('Partner').fill('clinic.example')
    await page.getByRole('button', { name: 'Show' }).click()
    await page.getByText('second-bbbbbb').waitFor()
    await page.getByText('first-aaaaaa').waitFor({ state: 'detached' })
    await window.close()
  })
})
