/** People in the pages: invited, given roles, signed out, removed; tokens; who did what; what others may not see. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import type { Client } from '../client.js'
import { passwordOf, startConsole, type ConsoleServer } from '../console-server.js'
import { assertAccessible, fillSignIn, goTo, openAt, sharedBrowser } from './browser.js'
import { Hand } from './by-hand.js'

const PASSWORD = 'a very long new password'
const RULE = {
  name: 'Enforced TLS to First Bank',
  criteria: { to: { matchesAny: ['bank.example'] } },
  actions: { relayWithTls: { level: 'secure', names: ['mx.bank.example'] } },
}

let server: ConsoleServer
let admin: Client
let rule = ''
before(async () => {
  server = await startConsole()
  admin = await server.signedIn('admin')
  await admin.put('domains/acme.example', { enabled: true })
  await admin.put('groups/banks', { patterns: ['bank.example'] })
  const acme = await server.signedIn('acme')
  const { body } = await acme.post<{ id: string }>('owners/acme.example/rules', { rule: RULE })
  rule = body.id
})
after(() => server[Symbol.asyncDispose]())

const role = async (name: string) => (await admin.get<{ role: string }>(`users/${name}`)).body.role

describe('people in the pages', () => {
  const browser = sharedBrowser()

  it('are invited with the keyboard, and choose their password with a link that works once', async () => {
    const page = await browser.at(server, 'admin', '#/people')
    const hand = new Hand(page)
    await hand.tabTo(page.getByLabel('User name'))
    await hand.type('New@acme.example')
    await hand.tabTo(page.getByRole('radio', { name: /^Viewer/ }))
    await hand.press('ArrowUp')
    await hand.tabTo(page.getByLabel('Domains', { exact: true }))
    await hand.type('acme@example')
    await hand.press('Enter')
    await page.getByText(/^Domain "acme@example" /).waitFor()
    await page.getByLabel('Domains', { exact: true }).fill('acme.example')
    await hand.press('Enter')
    const link = await page.getByLabel('One-time link').inputValue()
    await page.getByRole('link', { name: 'new@acme.example' }).waitFor()
    assert.equal(await role('new@acme.example'), 'domain-admin')

    const window = await browser.window()
    const theirs = await window.newPage()
    await theirs.goto(link)
    await theirs.getByText('You sign in as new@acme.example from now on.').waitFor()
    await assertAccessible(theirs, 'an invitation')
    await theirs.getByLabel('New password').fill(PASSWORD)
    await theirs.keyboard.press('Enter')
    await theirs.getByRole('heading', { name: 'Domains' }).waitFor()
    await theirs.getByRole('link', { name: 'acme.example', exact: true }).waitFor()
    assert.ok(!theirs.url().includes('invitation'))
    await theirs.goto(link)
    await theirs.getByLabel('New password').fill(PASSWORD)
    await theirs.keyboard.press('Enter')
    await theirs.getByText('This invitation is not valid, or was used already.').waitFor()

    // And they are out at once when they are removed.
    await theirs.getByRole('link', { name: 'Go to sign-in' }).click()
    await theirs.getByRole('link', { name: 'acme.example', exact: true }).waitFor()
    await goTo(page, '#/person/new%40acme.example')
    await page.getByRole('button', { name: 'Remove this person' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
    await page.getByRole('heading', { name: 'People' }).waitFor()
    await goTo(theirs, '#/groups')
    await theirs.getByText('Your session has ended.').waitFor()
    await theirs.getByText(/Message rules of this mail server/).waitFor()
  })

  it('see their sessions and end them; an administrator ends those of others', async () => {
    const other = await openAt(await browser.window(), server, 'other', '#/account')
    await server.signedIn('other')
    await other.reload()
    await other.getByText('this browser').waitFor()
    await other.getByRole('button', { name: /^End session/ }).click()
    await other.getByRole('button', { name: /^End session/ }).waitFor({ state: 'detached' })
    const page = await browser.at(server, 'admin', '#/person/other')
    await page.getByRole('button', { name: /^End session/ }).click()
    await page.getByText('No sessions.').waitFor()
    await goTo(other, '#/groups')
    await other.getByText('Your session has ended.').waitFor()
    await fillSignIn(other, 'other', passwordOf('other'))
    await other.getByRole('heading', { name: 'Groups' }).waitFor()
  })

  it('keep the last administrator, and what somebody else changed meanwhile', async () => {
    const page = await browser.at(server, 'admin', '#/person/admin')
    await page.getByRole('radio', { name: /^Viewer/ }).check()
    await page.getByRole('button', { name: 'Save role' }).click()
    await page.getByText('User "admin" is the last administrator who can sign in').waitFor()
    assert.equal(await role('admin'), 'admin')
    await page.getByRole('link', { name: 'Change your password under Your account' }).waitFor()
    assert.equal(await page.getByLabel('Set a password').count(), 0)

    await goTo(page, '#/person/viewer')
    await page.getByRole('radio', { name: /^Administrator/ }).check()
    const { etag } = await admin.get('users/viewer')
    await admin.put('users/viewer', { role: 'viewer', domains: ['acme.example'] }, etag)
    await page.getByRole('button', { name: 'Save role' }).click()
    await page.getByText('Someone else changed viewer while you had it open.').waitFor()
    await page.getByRole('radio', { name: /^Viewer/, checked: true }).waitFor()
    assert.equal(await page.getByLabel('Domains', { exact: true }).inputValue(), 'acme.example')
    assert.equal(await role('viewer'), 'viewer')
    const now = await admin.get('users/viewer')
    await admin.put('users/viewer', { role: 'viewer', domains: [] }, now.etag)
  })

  it('make tokens, which are shown once, and revoke them', async () => {
    const page = await browser.at(server, 'admin', '#/tokens')
    await page.getByLabel('What it is for').fill('nightly report')
    await page.getByRole('button', { name: 'Create token' }).click()
    const program = server.client()
    program.token = await page.getByLabel('Token', { exact: true }).inputValue()
    assert.equal((await program.get('session')).status, 200)
    await page.reload()
    await page.getByText(/last used .*; valid until .*; made by admin/).waitFor()
    assert.ok(!(await page.locator('body').innerHTML()).includes(program.token))
    await page.getByRole('button', { name: 'Revoke token nightly report' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
    await page.getByText('No tokens yet.').waitFor()
    assert.equal((await program.get('session')).status, 401)
  })

  it('are what the history is filtered by; what was undone says so, and cannot be undone again', async () => {
    const acme = await server.signedIn('acme')
    await acme.post('owners/acme.example/rules', {
      rule: { ...RULE, name: 'Short-lived', criteria: { to: { matchesAny: ['short.example'] } } },
    })
    const page = await browser.at(server, 'admin', '#/person/acme')
    await page.getByRole('link', { name: 'What acme changed' }).click()
    const entry = page.getByRole('listitem').filter({ hasText: 'Short-lived' })
    await entry.getByText('To: short.example; Security level: Secure; switched off').waitFor()
    assert.equal(await page.getByText(/^Group banks/).count(), 0)
    await entry.getByRole('button', { name: /^Undo/ }).click()
    await entry.getByText(/^Undone by admin/).waitFor()
    assert.equal(await entry.getByRole('button').count(), 0)
    await page.getByLabel('Person').fill('')
    await page.getByLabel('Rule', { exact: true }).fill('first bank')
    await page.keyboard.press('Enter')
    await entry.waitFor({ state: 'detached' })
    await page.getByText(/^Rule “Enforced TLS to First Bank” of acme\.example/).waitFor()
    assert.equal(await page.getByRole('listitem').count(), 2)
    await page.getByLabel('Person').fill('nobody')
    await page.keyboard.press('Enter')
    await page.getByText('No such changes.').waitFor()
  })
})

describe('the pages of a viewer', () => {
  const browser = sharedBrowser()
  const RULES = '#/domains/acme.example/outgoing'

  it('are text, and no form that is greyed out', async () => {
    const page = await browser.at(server, 'viewer', '#/domains', { width: 360 })
    const pages: readonly (readonly [place: string, text: string | RegExp])[] = [
      ['#/domains', 'Message rules: on'],
      ['#/domains/acme.example', 'Rules of this domain that are on apply to its mail.'],
      [RULES, 'Rule Enforced TLS to First Bank: off'],
      [`${RULES}/${rule}`, 'mx.bank.example'],
      ['#/groups/banks', 'Domains and addresses'],
    ]
    for (const [place, text] of pages) {
      await goTo(page, place)
      await page.getByText(text).last().waitFor()
      assert.equal(await page.locator(':disabled, [role=switch]').count(), 0, place)
      await assertAccessible(page, place)
    }
  })

  it('and those that are missing or of others say so, and lead on', async () => {
    const missing = async (page: Page, place: string, text: string | RegExp): Promise<void> => {
      await goTo(page, place)
      await page.getByText(text).first().waitFor()
      await page.getByRole('link', { name: 'Go to domains' }).waitFor()
      assert.equal(await page.getByRole('button', { name: 'Try again' }).count(), 0, place)
    }
    const viewer = await browser.at(server, 'viewer', '#/domains', { width: 360 })
    const nowhere = 'Page not found, or not visible to you.'
    for (const place of ['#/people', '#/person/admin', '#/tokens', '#/nowhere'])
      await missing(viewer, place, nowhere)
    await missing(viewer, '#/groups/none', 'Group "none" not found, or not visible to you.')
    await missing(viewer, `${RULES}/none`, 'Rule "none" of acme.example not found, or not visible to you.')
    const other = await browser.at(server, 'other', '#/groups', { width: 360 })
    await missing(other, '#/domains/acme.example', 'Owner "acme.example" not found, or not visible to you.')
    await missing(other, `${RULES}/${rule}`, 'Owner "acme.example" not found, or not visible to you.')
    assert.equal(await other.getByText('no longer exists').count(), 0)
  })
})
