/** What can't be taken back easily asks first, and what was done can be undone from the history. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Client } from '../client.js'
import { startConsole, type ConsoleServer } from '../console-server.js'
import { fillSignIn, goTo, openAt, sharedBrowser } from './browser.js'

const RULES = 'owners/acme.example/rules'

interface List {
  readonly rules: readonly { readonly id: string; readonly rule: { readonly name: string } }[]
}

let server: ConsoleServer
let client: Client
before(async () => {
  server = await startConsole()
  client = await server.signedIn('admin')
  await client.put('domains/acme.example', { enabled: true })
})
after(() => server[Symbol.asyncDispose]())

async function made(name: string, to: string): Promise<string> {
  const criteria = { to: { matchesAny: [to] } }
  const rule = { name, criteria, actions: { relayWithTls: { level: 'encrypt' } } }
  return (await client.post<{ id: string }>(RULES, { rule })).body.id
}

async function names(): Promise<string[]> {
  return (await client.get<List>(RULES)).body.rules.map(({ rule }) => rule.name)
}

describe('the pages', () => {
  const browser = sharedBrowser()

  it('delete a rule when that is confirmed, and bring it back from the history', async () => {
    const id = await made('Short-lived', 'bank.example')
    const page = await browser.at(server, 'acme', `#/domains/acme.example/outgoing/${id}`)
    await page.getByRole('button', { name: 'Delete this rule' }).click()
    const dialog = page.getByRole('dialog', { name: 'Delete rule Short-lived?' })
    await dialog.waitFor()
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    assert.deepEqual(await names(), ['Short-lived'])
    await page.getByRole('button', { name: 'Delete this rule' }).click()
    await dialog.getByRole('button', { name: 'Delete', exact: true }).click()
    await page.getByText('No rules yet.').waitFor()
    assert.deepEqual(await names(), [])

    await page.getByRole('link', { name: 'History' }).last().click()
    const entry = page.getByRole('listitem').filter({ hasText: 'deleted' })
    await entry.getByText('acme', { exact: true }).waitFor()
    await entry.getByRole('button', { name: /^Undo the change of Rule “Short-lived”/ }).click()
    await page.getByText('The change was undone.').first().waitFor()
    assert.deepEqual(await names(), ['Short-lived'])
    await goTo(page, '#/domains/acme.example/outgoing')
    await page.getByRole('link', { name: 'Short-lived' }).waitFor()
  })

  it('undo a change of a rule in the rule itself', async () => {
    const id = await made('Before', 'undo.example')
    const page = await browser.at(server, 'acme', `#/domains/acme.example/outgoing/${id}`)
    const saved = page.waitForResponse((answer) => answer.request().method() === 'PUT')
    await page.getByLabel('Name', { exact: true }).fill('After')
    await page.getByLabel('Name', { exact: true }).blur()
    await saved
    await page.getByRole('tab', { name: 'History' }).click()
    await page
      .getByRole('listitem')
      .filter({ hasText: 'After' })
      .getByRole('button', { name: /^Undo/ })
      .first()
      .click()
    await page.getByRole('heading', { name: 'Before' }).waitFor()
    assert.ok((await names()).includes('Before'))
  })

  it('delete a group that no rule needs, and say which rule needs it', async () => {
    await client.put('groups/needed', { patterns: ['bank.example'] })
    await client.put('groups/spare', { patterns: ['bank.example'] })
    await made('Needs it', 'group:needed')
    const page = await browser.at(server, 'admin', '#/groups/needed')
    await page.getByRole('button', { name: 'Delete this group' }).click()
    const confirm = page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true })
    await confirm.click()
    await page.getByText('Group needed is in use').waitFor()
    await goTo(page, '#/groups/spare')
    await page.getByRole('heading', { name: 'spare' }).waitFor()
    await page.getByRole('button', { name: 'Delete this group' }).click()
    await confirm.click()
    await page.getByRole('link', { name: 'needed' }).waitFor()
    assert.equal(await page.getByRole('link', { name: 'spare' }).count(), 0)
    assert.deepEqual(
      (await client.get<{ name: string }[]>('groups')).body.map(({ name }) => name),
      ['needed'],
    )
  })

  it('end all other sessions with a new password', async () => {
    await server.addUser('moving', { role: 'admin', domains: [] })
    const open = async (place: string) => {
      const page = await (await browser.window()).newPage()
      await page.goto(`${server.url}${place}`)
      await fillSignIn(page, 'moving', 'moving-and-a-long-password')
      await page.getByRole('button', { name: 'Sign out' }).waitFor()
      return page
    }
    const elsewhere = await open('#/groups')
    const page = await open('#/account')
    await page.getByLabel('Current password').fill('moving-and-a-long-password')
    await page.getByLabel('New password').fill('short')
    await page.getByRole('button', { name: 'Change password' }).click()
    await page.getByText(/use at least 12/).waitFor()
    await page.getByLabel('Current password').fill('moving-and-a-long-password')
    await page.getByLabel('New password').fill('another-long-password')
    await page.getByRole('button', { name: 'Change password' }).click()
    await page.getByText('Your password was changed.').waitFor()
    await goTo(page, '#/domains')
    await page.getByRole('link', { name: 'acme.example' }).waitFor()
    await elsewhere.getByRole('link', { name: 'Domains', exact: true }).click()
    await elsewhere.getByText('Your session has ended.').waitFor()
    await fillSignIn(elsewhere, 'moving', 'another-long-password')
    await elsewhere.getByRole('link', { name: 'acme.example' }).waitFor()
  })

  it('say how long to wait after too many wrong passwords', async () => {
    const page = await (await browser.window()).newPage()
    await page.goto(server.url)
    for (let tries = 0; tries < 6; tries++) {
      await fillSignIn(page, 'acme-viewer', 'wrong')
      await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor()
    }
    await page.getByText(/Too many sign-in attempts\. Try again in \d+ minutes\./).waitFor()
  })

  it('say that the server is away, and go on when it is back', async () => {
    const window = await browser.window()
    const page = await openAt(window, server, 'admin', '#/groups')
    await window.setOffline(true)
    await page.getByRole('link', { name: 'Domains', exact: true }).click()
    const problem = page.getByRole('alert')
    await problem.getByText('Cannot reach the server.').waitFor()
    // In its place, below the heading.
    assert.match(await page.locator('main').innerText(), /^Domains\s[^]*Cannot reach/)
    await window.setOffline(false)
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('link', { name: 'acme.example' }).waitFor()
  })
})
