/** The eleven steps without a mouse. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { passwordOf, startConsole } from '../console-server.js'
import { sharedBrowser } from './browser.js'
import { Hand } from './by-hand.js'

interface List {
  readonly rules: readonly { readonly rule: unknown }[]
}

describe('the keyboard alone', () => {
  const browser = sharedBrowser()

  it('leads from the sign-in to a rule that is on', async (t) => {
    await using server = await startConsole()
    server.checkPartner = () => new Promise(() => undefined)
    const client = await server.signedIn('admin')
    await client.put('domains/acme.example', { enabled: true })
    const page = await (await browser.window()).newPage()
    const hand = new Hand(page)
    await page.goto(server.url)
    await page.getByLabel('User').waitFor()
    await hand.type('admin')
    await hand.press('Tab')
    await hand.type(passwordOf('admin'))
    await hand.press('Enter')
    for (const link of ['acme.example', 'Message rules', 'Outgoing']) {
      await hand.tabTo(page.getByRole('link', { name: link, exact: true }))
      await hand.press('Enter')
    }
    await hand.tabTo(page.getByLabel('Name of the new rule'))
    await hand.type('Enforced TLS to First Bank')
    await hand.press('Enter')
    await hand.tabTo(page.getByRole('button', { name: '+ To' }))
    await hand.press('Enter')
    // The list that was asked for has the focus.
    const to = page.getByRole('textbox', { name: 'To matches any of' })
    assert.equal(await hand.isAt(to), true)
    await hand.type('bank.example')
    await hand.press('Enter')
    await page.getByRole('button', { name: 'Remove bank.example' }).waitFor()
    await hand.tabTo(page.getByRole('tab', { name: 'Criteria' }), 'Shift+Tab')
    await hand.press('ArrowRight')
    await hand.tabTo(page.getByRole('switch', { name: 'Relay with TLS Encryption' }))
    await hand.press('Space')
    await page.getByText('All changes saved').waitFor()
    await hand.tabTo(page.getByRole('link', { name: 'Back to rules' }), 'Shift+Tab')
    await hand.press('Enter')
    const ruleSwitch = page.getByRole('switch', { name: 'Rule Enforced TLS to First Bank' })
    await hand.tabTo(ruleSwitch)
    await hand.press('Space')
    // The check of the partner has no end here, and need not be waited for.
    const dialog = page.getByRole('dialog', { name: 'Switch on rule Enforced TLS to First Bank?' })
    await dialog.getByText(/of 1 checked\./).waitFor()
    await hand.tabTo(dialog.getByRole('button', { name: 'Switch on' }))
    await hand.press('Enter')
    await page.getByRole('switch', { name: 'Rule Enforced TLS to First Bank', checked: true }).waitFor()
    // Switching keeps the focus, so that Space would take it back.
    assert.equal(await hand.isAt(ruleSwitch), true)
    const [stored] = (await client.get<List>('owners/acme.example/rules')).body.rules
    assert.deepEqual(stored?.rule, {
      name: 'Enforced TLS to First Bank',
      direction: 'outgoing',
      enabled: true,
      position: 1,
      criteria: { to: { matchesAny: ['bank.example'] } },
      actions: { relayWithTls: { level: 'encrypt' } },
    })
    t.diagnostic(`${hand.taken.keys} keys`)
  })
})
