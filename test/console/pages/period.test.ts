/** The times of a rule in the pages: typed and shown in the viewer's zone, kept as instants. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import type { Client } from '../client.js'
import { startConsole, type ConsoleServer } from '../console-server.js'
import { assertAccessible, sharedBrowser } from './browser.js'

const RULES = 'owners/acme.example/rules'

interface Stored {
  readonly rule: { readonly startsAt?: string; readonly expiresAt?: string; readonly comment?: string }
}

let server: ConsoleServer
let client: Client
before(async () => {
  server = await startConsole()
  client = await server.signedIn('admin')
  await client.put('domains/acme.example', { enabled: true })
})
after(() => server[Symbol.asyncDispose]())

describe('the times of a rule', () => {
  const browser = sharedBrowser()

  /** A rule's actions, as somebody in that zone sees them. */
  async function actions(times: object, zone: string): Promise<{ page: Page; id: string }> {
    const criteria = { to: { matchesAny: ['bank.example'] } }
    const rule = { name: 'Rule', criteria, actions: { relayWithTls: { level: 'encrypt' } }, ...times }
    const { id } = (await client.post<{ id: string }>(RULES, { rule })).body
    const page = await browser.at(server, 'acme', `#/domains/acme.example/outgoing/${id}`, { zone })
    await page.getByRole('tab', { name: 'Actions' }).click()
    return { page, id }
  }
  /** Types a time and leaves the field. */
  async function type(page: Page, name: string, value: string): Promise<void> {
    const field = page.getByLabel(name, { exact: true })
    await field.fill(value)
    await field.blur()
  }
  async function stored(page: Page, id: string, holds: (rule: Stored['rule']) => boolean): Promise<void> {
    await page.getByText('All changes saved').waitFor()
    const { rule } = (await client.get<Stored>(`${RULES}/${id}`)).body
    assert.ok(holds(rule), JSON.stringify(rule))
  }

  it('are typed in the zone that the page names, and kept as instants', async () => {
    const { page, id } = await actions({}, 'Europe/Berlin')
    await page.getByText('Times are in your time zone, Europe/Berlin.').waitFor()
    await type(page, 'From', '2026-01-31T08:00')
    await page.getByText(/31 Jan 2026, 08:00 (CET|GMT\+1)/).waitFor()
    await type(page, 'Until', '2026-07-01T08:00')
    await page.getByText(/1 Jul 2026, 08:00 (CEST|GMT\+2)/).waitFor()
    await assertAccessible(page, 'times')
    await stored(
      page,
      id,
      (rule) => rule.startsAt === '2026-01-31T07:00:00Z' && rule.expiresAt === '2026-07-01T06:00:00Z',
    )
    await page.getByRole('button', { name: 'Remove Until' }).click()
    await page.getByText('no end time').waitFor()
    await stored(page, id, (rule) => !('expiresAt' in rule) && 'startsAt' in rule)
  })

  it('are shown in the zone of whoever looks, and stay as they are when they are only looked at', async () => {
    const startsAt = '2026-01-31T08:00:30+01:00'
    const { page, id } = await actions({ startsAt }, 'America/New_York')
    const field = page.getByLabel('From', { exact: true })
    assert.equal(await field.inputValue(), '2026-01-31T02:00:30')
    await field.focus()
    await field.blur()
    await page.getByLabel('Comment').fill('two\nlines')
    const saved = page.waitForResponse((answer) => answer.request().method() === 'PUT')
    await page.getByLabel('Comment').blur()
    await saved
    await stored(page, id, (rule) => rule.startsAt === startsAt && rule.comment === 'two\nlines')
  })

  it('are refused in the hour that summer time leaves out', async () => {
    const { page, id } = await actions({}, 'Europe/Berlin')
    await type(page, 'From', '2027-03-28T02:30')
    await page.getByText(/clocks in Europe\/Berlin go forward .* The next valid time is 03:30/).waitFor()
    await page.getByText('Not saved yet …').waitFor()
    await type(page, 'From', '2027-03-28T03:30')
    await page.getByText(/28 Mar 2027, 03:30/).waitFor()
    await stored(page, id, (rule) => rule.startsAt === '2027-03-28T01:30:00Z')
  })

  it('say which one is meant of the hour that comes twice', async () => {
    const { page, id } = await actions({}, 'America/New_York')
    await type(page, 'Until', '2027-11-07T01:30')
    await page.getByText(/01:30.*occurs twice that day; the first one is used/).waitFor()
    await stored(page, id, (rule) => rule.expiresAt === '2027-11-07T05:30:00Z')
  })

  it('ask before they let mail leave without encryption, and are as they were after a no', async () => {
    const startsAt = '2040-01-01T00:00:00Z'
    const exempts = { enabled: true, actions: { relayWithTls: { level: 'none' } } }
    const { page, id } = await actions({ startsAt, ...exempts }, 'Etc/UTC')
    for (const answer of ['Cancel', 'Change']) {
      await type(page, 'From', '2020-01-01T00:00')
      const dialog = page.getByRole('dialog')
      await dialog
        .getByText('This is an exemption: mail that it matches may leave without encryption.')
        .waitFor()
      const { rule } = (await client.get<Stored>(`${RULES}/${id}`)).body
      assert.equal(rule.startsAt, startsAt)
      await dialog.getByRole('button', { name: answer }).click()
      await dialog.waitFor({ state: 'detached' })
    }
    await stored(page, id, (rule) => rule.startsAt === '2020-01-01T00:00:00Z')
  })

  it('tell an end before the start at its field', async () => {
    const { page } = await actions({ startsAt: '2027-01-01T00:00:00Z' }, 'Europe/Berlin')
    await type(page, 'Until', '2026-12-31T00:00')
    await page.getByText('The end must be after the start.').waitFor()
    await page
      .getByText(/^Not saved/)
      .first()
      .waitFor()
  })
})
