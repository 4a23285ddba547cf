/** A list of rules that is longer than a screen: shown in parts, moved within them, filtered by the server. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { storedRule } from '../../support/rules.js'
import { startConsole, type ConsoleServer } from '../console-server.js'
import { assertAccessible, assertFits, sharedBrowser } from './browser.js'

const OWNER = 'acme.example'
const RULES = 450
const OUTGOING = `#/domains/${OWNER}/outgoing`

let server: ConsoleServer
before(async () => {
  server = await startConsole()
  await server.store.writeService(OWNER, null, '{"enabled":true}')
  const rules = Array.from({ length: RULES }, (_, n) => ({
    id: `r${n}`,
    expected: null,
    value: JSON.stringify({
      ...storedRule({ to: [`bank${n}.example`] }),
      name: `Rule ${n}`,
      // One in ten is for incoming mail, and stands between the others.
      ...(n % 10 === 5
        ? { direction: 'incoming', criteria: { from: { matchesAny: [`bank${n}.example`] } } }
        : {}),
      position: n + 1,
    }),
  }))
  await server.store.writeRules(OWNER, rules, { by: 'test' })
})
after(() => server[Symbol.asyncDispose]())

describe('a long list of rules', () => {
  const browser = sharedBrowser()

  it('is shown in parts, whose rules can change places', async () => {
    const page = await browser.at(server, 'admin', OUTGOING)
    const rows = page.locator('.rule-row')
    await page.getByText('200 of 405 rules').waitFor()
    assert.equal(await rows.count(), 200)
    await page.getByRole('button', { name: /^Move rule Rule 0:/ }).press('ArrowDown')
    await page.getByText('Rule Rule 0 is now number 2 of 405.').waitFor({ state: 'attached' })
    await page.getByRole('button', { name: 'Show more' }).click()
    await page.getByText('400 of 405 rules').waitFor()
    await page.getByRole('button', { name: 'Show more' }).click()
    await page.getByRole('link', { name: 'Rule 449' }).waitFor()
    assert.equal(await rows.count(), 405)
    assert.equal(await page.getByRole('button', { name: 'Show more' }).count(), 0)
    assert.equal(await page.getByRole('link', { name: 'Rule 445' }).count(), 0, 'a rule for incoming mail')
    await page.getByRole('link', { name: 'Incoming' }).click()
    await page.getByRole('link', { name: 'Rule 445' }).waitFor()
    assert.equal(await rows.count(), 45)
  })

  it('is filtered as a whole, and what was found can be changed', async () => {
    const page = await browser.at(server, 'admin', OUTGOING)
    await page.getByText('200 of 405 rules').waitFor()
    await page.getByRole('button', { name: 'Filter, or change several at once' }).click()
    await page.getByLabel('Name, domain, address or word').fill('bank44')
    const rows = page.locator('.found-rule')
    await page.getByRole('main').getByText('10 rules', { exact: true }).waitFor()
    assert.equal(await rows.filter({ hasText: 'Rule 445' }).count(), 0, 'a rule for incoming mail')
    await assertAccessible(page, 'what was found')
    await assertFits(page, 'what was found')
    await page.getByLabel('Select rule Rule 449').check()
    await page.getByRole('button', { name: 'Switch off' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Switch off' }).click()
    await page.getByRole('main').getByText('1 rule is off.').waitFor()
    await rows
      .filter({ hasText: 'Rule 449' })
      .getByText(/^\W* ?Off$/)
      .waitFor()
  })
})
