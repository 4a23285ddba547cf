/** What the pages say that a rule does comes from what would happen, wherever it is said. */
import { after, before, describe, it } from 'node:test'
import { startConsole, type ConsoleServer } from '../console-server.js'
import { assertAccessible, assertFits, goTo, sharedBrowser } from './browser.js'

const OUTGOING = '#/domains/acme.example/outgoing'
let server: ConsoleServer
let bank = ''
before(async () => {
  server = await startConsole()
  const client = await server.signedIn('admin')
  await client.put('domains/acme.example', { enabled: true })
  await client.put('groups/banks', { patterns: ['bank.example'] })
  const make = async (owner: string, name: string, to: string, level: string): Promise<string> => {
    const criteria = { to: { matchesAny: [to] } }
    const rule = { name, enabled: true, criteria, actions: { relayWithTls: { level } } }
    return (await client.post<{ id: string }>(`owners/${owner}/rules`, { rule })).body.id
  }
  await make('*', 'All of it', '*', 'encrypt')
  await make('acme.example', 'Free', '*', 'none')
  bank = await make('acme.example', 'Bank', 'group:banks', 'verify')
})
after(() => server[Symbol.asyncDispose]())

describe('the pages say of a rule', () => {
  const browser = sharedBrowser()

  for (const width of [360, 1280])
    it(`that another one comes first, and what it does once it is moved up, at ${width} px`, async () => {
      const page = await browser.at(server, 'admin', OUTGOING, { width })
      const row = page.getByRole('listitem').filter({ hasText: 'Bank' })
      await row.getByText('no effect: rule “Free” comes first').waitFor()
      await assertFits(page, 'the list')
      await assertAccessible(page, 'the list')
      await goTo(page, `${OUTGOING}/${bank}`)
      await page.getByText(/^The rule is on, but has no effect: rule \w+ of acme\.example \(Free\)/).waitFor()
      await assertFits(page, 'the rule')
      await assertAccessible(page, 'the rule')
      await goTo(page, OUTGOING)
      await row.getByRole('button', { name: /^Move rule Bank/ }).press('ArrowUp')
      await page.getByRole('dialog').getByRole('button', { name: 'Move' }).click()
      await row.getByText('no effect').waitFor({ state: 'detached' })
      await goTo(page, `${OUTGOING}/${bank}`)
      await page
        .getByText(/^The rule is on: mail from acme\.example to group:banks leaves over TLS/)
        .waitFor()
      await goTo(page, OUTGOING)
      await row.getByRole('button', { name: /^Move rule Bank/ }).press('ArrowDown')
      await page
        .getByRole('dialog')
        .getByText(/Bank.*has no effect|has no effect/)
        .waitFor()
      await page.getByRole('dialog').getByRole('button', { name: 'Move' }).click()
      await row.getByText('no effect').waitFor()
    })

  it('that is switched on, for all to hear', async () => {
    const page = await browser.at(server, 'admin', OUTGOING)
    const toggle = page.getByRole('switch', { name: 'Rule Bank' })
    await toggle.click()
    const said = page.locator('#announcements').getByText(/^Rule Bank is off\./)
    await said.waitFor({ state: 'attached' })
    await toggle.click()
    const dialog = page.getByRole('dialog', { name: 'Switch on rule Bank?' })
    await dialog.getByText(/It would be on, but has no effect/).waitFor()
    await dialog.getByRole('button', { name: 'Switch on' }).click()
    await page
      .locator('#announcements')
      .getByText(/^Rule Bank is on, but has no effect/)
      .waitFor({ state: 'attached' })
  })

  it('what a group that it names means for it', async () => {
    const page = await browser.at(server, 'admin', '#/groups/banks')
    const field = page.getByRole('main').getByRole('textbox').first()
    await field.fill('two.example')
    await field.press('Enter')
    const dialog = page.getByRole('dialog', { name: 'Change group banks?' })
    await assertAccessible(page, 'what it would do')
    await assertFits(page, 'what it would do')
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    await page.getByText('two.example').waitFor({ state: 'detached' })
    await field.fill('two.example')
    await field.press('Enter')
    await dialog.getByRole('button', { name: 'Change' }).click()
    await page.getByText('What this changes').waitFor()
    await page.getByRole('link', { name: 'Bank', exact: true }).first().waitFor()
    await assertAccessible(page, 'the group')
    await assertFits(page, 'the group')
  })

  it('what a switch of its domain means for it', async () => {
    const page = await browser.at(server, 'admin', '#/domains/acme.example', { width: 360 })
    const toggle = page.getByRole('switch', { name: 'Message rules of acme.example' })
    await toggle.click()
    await page
      .getByText(/inactive: message rules are switched off for acme\.example/)
      .first()
      .waitFor()
    await assertFits(page, 'the domain')
    await toggle.click()
    await page.getByRole('dialog').getByRole('button', { name: 'Switch on' }).click()
    await page.getByText(/The exemption is from the rules of acme\.example alone/).waitFor()
    await page.getByRole('switch', { name: 'Message rules of acme.example', checked: true }).waitFor()
  })
})
