/** Two administrators at once: each is told what the other did, and no change is lost or made unseen. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Client } from '../client.js'
import { startConsole, type ConsoleServer } from '../console-server.js'
import { assertAccessible, openAt, sharedBrowser } from './browser.js'

const RULES = 'owners/acme.example/rules'

interface Stored {
  readonly id: string
  readonly etag: string
  readonly rule: object & { readonly criteria: { readonly to: { readonly matchesAny: readonly string[] } } }
}
interface Group {
  readonly patterns: readonly string[]
  readonly etag: string
}

let server: ConsoleServer
let client: Client
before(async () => {
  server = await startConsole()
  client = await server.signedIn('admin')
  await client.put('domains/acme.example', { enabled: true })
  await server.addUser('second', { role: 'admin', domains: [] })
})
after(() => server[Symbol.asyncDispose]())

async function made(name: string): Promise<Stored> {
  const criteria = { to: { matchesAny: ['bank.example', 'old.example'] } }
  const rule = { name, criteria, actions: { relayWithTls: { level: 'encrypt' } } }
  return (await client.post<Stored>(RULES, { rule })).body
}

describe('two administrators', () => {
  const browser = sharedBrowser()

  for (const apply of [true, false])
    it(`see at a group what the other did; ${apply ? 'both changes hold' : 'the first one holds'}`, async () => {
      const name = `banks${apply ? 1 : 2}`
      await client.put(`groups/${name}`, { patterns: ['bank.example', 'old.example'] })
      const page = await browser.at(server, 'admin', `#/groups/${name}`)
      const input = page.getByRole('textbox', { name: 'Domains and addresses' })
      await input.waitFor()
      const second = server.client()
      await second.signIn('second', 'second-and-a-long-password')
      const { etag } = (await second.get<Group>(`groups/${name}`)).body
      await second.put(`groups/${name}`, { patterns: ['bank.example', 'theirs.example'] }, etag)

      await input.fill('mine.example')
      await input.press('Enter')
      const dialog = page.getByRole('dialog', { name: 'This group was changed while you were editing' })
      await dialog.getByText(/^second changed it/).waitFor()
      await dialog.getByText('+ theirs.example, − old.example').waitFor()
      await dialog.getByText('+ mine.example', { exact: true }).waitFor()
      await assertAccessible(page, 'conflict of a group')
      const choice = apply ? 'Apply my changes again' : 'Discard my changes'
      await dialog.getByRole('button', { name: choice }).click()
      await dialog.waitFor({ state: 'detached' })
      await page.getByText('All changes saved').waitFor()
      const { patterns } = (await client.get<Group>(`groups/${name}`)).body
      const wanted = ['bank.example', 'theirs.example', ...(apply ? ['mine.example'] : [])]
      assert.deepEqual(patterns, wanted)
      await page.getByRole('button', { name: 'Remove theirs.example' }).waitFor()
      assert.equal(await page.getByRole('button', { name: 'Remove old.example' }).count(), 0)
    })

  it('can both change the same list of a rule', async () => {
    const { id } = await made('One list')
    const path = `${RULES}/${id}`
    const page = await browser.at(server, 'acme', `#/domains/acme.example/outgoing/${id}`)
    // With groups to choose from.
    const input = page.getByRole('combobox', { name: 'To matches any of' })
    await input.waitFor()
    const { rule, etag } = (await client.get<Stored>(path)).body
    const to = { matchesAny: ['bank.example', 'theirs.example'] }
    await client.put(path, { rule: { ...rule, criteria: { to } } }, etag)
    await input.fill('mine.example')
    await input.press('Enter')
    const dialog = page.getByRole('dialog', { name: 'This rule was changed while you were editing' })
    await dialog.getByRole('button', { name: 'Apply my changes again' }).click()
    await page.getByText('All changes saved').waitFor()
    const { criteria } = (await client.get<Stored>(path)).body.rule
    assert.deepEqual(criteria.to.matchesAny, ['bank.example', 'theirs.example', 'mine.example'])
  })

  it('are not asked where the other only switched the rule, and it stays switched', async () => {
    const { id } = await made('Switched')
    const path = `${RULES}/${id}`
    const page = await browser.at(server, 'acme', `#/domains/acme.example/outgoing/${id}`)
    const name = page.getByLabel('Name', { exact: true })
    await name.waitFor()
    await client.post(`${path}/enabled`, { enabled: true })
    await name.fill('Named anew')
    await name.blur()
    await page.getByRole('switch', { name: 'Rule Named anew', checked: true }).waitFor()
    await page.getByText('All changes saved').waitFor()
    const { rule } = (await client.get<Stored>(path)).body
    const { name: stored, enabled } = rule as { name?: unknown; enabled?: unknown }
    assert.deepEqual({ stored, enabled }, { stored: 'Named anew', enabled: true })
  })

  it('are asked anew where a change would do something else by the time of the answer', async () => {
    await client.put('groups/g', { patterns: ['other-bank.example'] })
    const criteria = { to: { matchesAny: ['group:g'] } }
    const rule = { name: 'Exemption', criteria, actions: { relayWithTls: { level: 'none' } } }
    const { id } = (await client.post<Stored>(RULES, { rule })).body
    const page = await browser.at(server, 'acme', '#/domains/acme.example/outgoing')
    const ruleSwitch = page.getByRole('switch', { name: 'Rule Exemption' })
    await ruleSwitch.click()
    const dialog = page.getByRole('dialog', { name: 'Switch on rule Exemption?' })
    const yes = dialog.getByRole('button', { name: 'Switch on' })
    await yes.waitFor()
    const { etag } = (await client.get<Group>('groups/g')).body
    const grown = { patterns: ['other-bank.example', 'plain.example'] }
    assert.equal((await client.put('groups/g', grown, etag)).status, 200)
    await yes.click()
    await dialog.getByText('What this would do has changed since you were asked.').waitFor()
    await dialog
      .getByText(/plain\.example/)
      .first()
      .waitFor()
    await assertAccessible(page, 'a question asked anew')
    assert.match(JSON.stringify((await client.get(`${RULES}/${id}`)).body), /"enabled":false/)
    await yes.click()
    await page.getByRole('switch', { name: 'Rule Exemption', checked: true }).waitFor()
  })

  it('are asked about a change of a rule that the other switched on meanwhile', async () => {
    const { id } = await made('Quiet')
    const path = `${RULES}/${id}`
    const page = await browser.at(server, 'acme', `#/domains/acme.example/outgoing/${id}`)
    const input = page.getByRole('combobox', { name: 'To matches any of' })
    await input.waitFor()
    await client.post(`${path}/enabled`, { enabled: true })
    await input.fill('new.example')
    await input.press('Enter')
    const dialog = page.getByRole('dialog', { name: 'Change rule Quiet?' })
    await dialog.getByRole('button', { name: 'Change' }).waitFor()
    assert.doesNotMatch(JSON.stringify((await client.get(path)).body), /"new\.example"/)
    await dialog.getByRole('button', { name: 'Change' }).click()
    await page.getByText('All changes saved').waitFor()
    const { rule } = (await client.get<Stored>(path)).body
    assert.deepEqual(rule.criteria.to.matchesAny, ['bank.example', 'old.example', 'new.example'])
    assert.equal((rule as { enabled?: unknown }).enabled, true)
  })

  it('do not switch a rule that they have not seen as it is', async () => {
    const { id } = await made('Stale')
    const path = `${RULES}/${id}`
    const page = await browser.at(server, 'acme', '#/domains/acme.example/outgoing')
    const ruleSwitch = page.getByRole('switch', { name: 'Rule Stale' })
    await ruleSwitch.waitFor()
    const { rule, etag } = (await client.get<Stored>(path)).body
    const to = { matchesAny: ['*'] }
    await client.put(path, { rule: { ...rule, criteria: { to } } }, etag)
    const yes = page.getByRole('dialog').getByRole('button', { name: 'Switch on' })
    await ruleSwitch.click()
    await yes.click()
    await page.getByText('Rule Stale was not switched on: someone else changed it').waitFor()
    await page.getByText('To: everyone').waitFor()
    assert.equal(await ruleSwitch.getAttribute('aria-checked'), 'false')
    // Seen as it is now, it can be switched.
    await ruleSwitch.click()
    await yes.click()
    await page.getByRole('switch', { name: 'Rule Stale', checked: true }).waitFor()
    assert.equal(await page.getByText('was not switched on').count(), 0)
  })

  it('see in the list that a change could not be saved', async () => {
    const { id } = await made('Left behind')
    const path = `${RULES}/${id}`
    const window = await browser.window()
    const page = await openAt(window, server, 'acme', `#/domains/acme.example/outgoing/${id}`)
    const comment = page.getByLabel('Comment')
    await comment.waitFor()
    const { rule, etag } = (await client.get<Stored>(path)).body
    await client.put(path, { rule: { ...rule, comment: 'theirs' } }, etag)
    // The answer comes when the page is left already.
    await window.route('**/api/**/rules/*', async (route) => {
      if (route.request().method() === 'PUT') await left
      await route.continue()
    })
    let leave = (): void => undefined
    const left = new Promise<void>((resolve) => (leave = resolve))
    await comment.fill('mine')
    await page.getByRole('link', { name: 'Back to rules' }).click()
    const row = page.getByRole('listitem').filter({ hasText: 'Left behind' })
    await row.waitFor()
    leave()
    await row.getByText('This rule has unsaved changes.').waitFor()
    await row.getByRole('link', { name: 'Left behind' }).click()
    const dialog = page.getByRole('dialog', { name: 'This rule was changed while you were editing' })
    await dialog.getByRole('button', { name: 'Apply my changes again' }).click()
    await page.getByText('All changes saved').waitFor()
    assert.match(JSON.stringify((await client.get<Stored>(path)).body.rule), /"comment":"mine"/)
  })

  it('are told of a rule that is gone', async () => {
    const { id, etag } = await made('Gone')
    const page = await browser.at(server, 'acme', '#/domains/acme.example/outgoing')
    const ruleSwitch = page.getByRole('switch', { name: 'Rule Gone' })
    await ruleSwitch.waitFor()
    await client.delete(`${RULES}/${id}`, etag)
    await ruleSwitch.click()
    await page.getByText('Rule Gone no longer exists').waitFor()
    await ruleSwitch.waitFor({ state: 'detached' })
  })
})
