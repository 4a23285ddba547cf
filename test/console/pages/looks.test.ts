/** Every page for everyone: nothing that axe finds, in light and dark, and nothing wider than a small telephone. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { startConsole } from '../console-server.js'
import { assertAccessible, assertFits, signIn, TestBrowser } from './browser.js'

const COUNTS = { messages: 40, delivered: 37, bounced: 2, kept: 0, waiting: 1 }
const REPORT = {
  since: '2026-01-01T00:00:00.000Z',
  until: '2026-01-08T00:00:00.000Z',
  firstEntry: '2026-01-02T00:00:00.000Z',
  enforced: COUNTS,
  versions: [{ version: 'TLSv1.3', messages: 37 }],
  partners: [{ domain: 'bank.example', enforced: COUNTS, failures: { 'starttls-not-supported': 2 } }],
  expiring: [
    { domain: 'law.example', host: 'mx.law.example', expires: '2026-01-09T00:00:00.000Z', daysLeft: 1 },
  ],
  days: [{ date: '2026-01-02', wouldBounce: 1, ...COUNTS }],
}
const RULE = {
  name: 'Enforced TLS to First Bank',
  enabled: true,
  criteria: { to: { matchesAny: ['bank.example', 'group:banks'] }, subject: { matchesNone: ['public'] } },
  actions: { relayWithTls: { level: 'secure', names: ['mx.bank.example'] } },
}

/** Address to what tells that it is there. */
function pages(id: string): readonly (readonly [string, (page: Page) => Promise<void>])[] {
  const seen = (text: string | RegExp) => (page: Page) => page.getByText(text).first().waitFor()
  const rule = `#/domains/acme.example/outgoing/${id}`
  return [
    ['#/domains', seen('Add a domain')],
    ['#/domains/acme.example', seen('Rules of one sender')],
    ['#/domains/acme.example/outgoing', seen('Encrypt')],
    ['#/domains/acme.example/incoming', seen('There is no rule here yet.')],
    ['#/domains/asleep.example/outgoing', seen(/These rules sleep/)],
    [rule, seen('All changes are saved')],
    ['#/overview', seen('Partners with failures')],
    ['#/groups', seen('2 entries')],
    ['#/groups/banks', seen('Delete this group')],
    ['#/domains/acme.example/history', seen('Undo')],
    ['#/history', seen('Undo')],
    ['#/account', seen('Change your password')],
    ['#/nowhere', seen('Go to the domains')],
    [rule, seen('All changes are saved')],
  ]
}

/** Everything on the tabs of a rule. */
async function lookAtTabs(page: Page, look: (what: string) => Promise<void>): Promise<void> {
  await page.getByRole('tab', { name: 'Actions' }).click()
  await page.getByText('Lowest TLS version').waitFor()
  await look('actions')
  await page.getByRole('tab', { name: 'Try it out' }).click()
  await page.getByRole('button', { name: 'Show the bounce' }).click()
  await page.getByText('WHAT TO DO NEXT').waitFor()
  await page.getByRole('button', { name: 'Show', exact: true }).click()
  await page.getByText('as if there were no rules').or(page.getByText('leaves over TLS (')).first().waitFor()
  await look('try it out')
}

describe('every page', () => {
  for (const { dark, width } of [
    { dark: false, width: 360 },
    { dark: true, width: 1280 },
  ])
    it(`is for everyone, ${dark ? 'dark' : 'light'}, ${width} px wide`, async () => {
      await using server = await startConsole()
      const client = await server.signedIn('admin')
      await client.put('domains/acme.example', { enabled: true })
      await client.put('domains/asleep.example', { enabled: false })
      await client.put('groups/banks', { patterns: ['bank.example', 'cfo@partner.example'] })
      const made = await client.post<{ id: string }>('owners/acme.example/rules', { rule: RULE })
      const simple = { ...RULE, name: 'Second', actions: { relayWithTls: { level: 'encrypt' } } }
      await client.post('owners/acme.example/rules', { rule: simple })
      await using browser = new TestBrowser()
      const window = await browser.window({ dark, width })
      await window.route('**/api/report*', (route) => route.fulfill({ json: REPORT }))
      const page = await window.newPage()
      const look = async (what: string): Promise<void> => {
        await assertAccessible(page, what)
        await assertFits(page, what)
      }
      await page.goto(server.url)
      await page.getByLabel('User').waitFor()
      await look('sign-in')
      await signIn(page, server.url, 'admin')
      for (const [place, isThere] of pages(made.body.id)) {
        await page.evaluate(`location.hash = ${JSON.stringify(place)}`)
        await isThere(page)
        await look(place)
      }
      await lookAtTabs(page, look)
      assert.deepEqual(browser.errors, [])
    })

  it('says so where there is no report', async () => {
    await using server = await startConsole()
    await using browser = new TestBrowser()
    const window = await browser.window()
    const error = { code: 'not-implemented', message: 'not yet' }
    await window.route('**/api/report*', (route) => route.fulfill({ status: 501, json: { error } }))
    const page = await window.newPage()
    await signIn(page, server.url, 'viewer')
    await page.getByRole('link', { name: 'Overview' }).click()
    await page.getByText('The report is not available in this version.').waitFor()
    assert.deepEqual(browser.errors, [])
  })
})
