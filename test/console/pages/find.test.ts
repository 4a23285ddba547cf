/** Finding things in the pages: the search of the header, a partner's page, and rules of all owners, several at once. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { toRecord } from '../../../plugins/enforce-tls/observe/delivery-log/entry.js'
import { entry } from '../../support/evidence-entries.js'
import { startConsole, type ConsoleServer } from '../console-server.js'
import { assertAccessible, assertFits, sharedBrowser } from './browser.js'

const MINUTE = 60_000

let server: ConsoleServer
before(async () => {
  server = await startConsole()
  const client = await server.signedIn('admin')
  await client.put('groups/banks', { patterns: ['bank.example', 'cfo@partner.example', '.court.example'] })
  for (const domain of ['acme.example', 'other.example'])
    await client.put(`domains/${domain}`, { enabled: true })
  const make = async (
    owner: string,
    name: string,
    to: readonly string[],
    more: object = {},
  ): Promise<void> => {
    const rule = {
      name,
      criteria: { to: { matchesAny: to } },
      actions: { relayWithTls: { level: 'verify' } },
      ...more,
    }
    assert.equal((await client.post(`owners/${owner}/rules`, { rule })).status, 201)
  }
  await make('acme.example', 'To First Bank', ['bank.example'], { enabled: true })
  await make('acme.example', 'To banks', ['group:banks'], { mode: 'report', enabled: true })
  await make('acme.example', 'To the bank, again', ['bank.example'], { enabled: true })
  await make('other.example', 'Elsewhere', ['notbank.example'])
  await make('*', 'Everyone', ['*'], { actions: { relayWithTls: { level: 'none' } } })
  const at = (minutes: number) => new Date(Date.now() - minutes * MINUTE).toISOString()
  const seen = {
    mx: 'mx.bank.example',
    protocol: 'TLSv1.3',
    cipher: 'TLS_AES_256_GCM_SHA384',
    fingerprint: Array.from({ length: 32 }, () => 'A1').join(':'),
    issuer: 'CN=First CA, O=First Certificates',
    expires: at(-60 * 24 * 60),
    policy: JSON.stringify([{ type: 'tlsa', domain: 'mx.bank.example', strings: ['3 1 1 A1A1A1'] }]),
  }
  const failed = { uuid: 'BAD1.1.1', class: 'starttls-not-supported', detail: 'offers no STARTTLS' } as const
  await server.deliveries.append(
    [
      entry({ at: at(30), uuid: 'GOOD1.1.1', kind: 'attempt', result: 'secured', ...seen }),
      entry({ at: at(30), uuid: 'GOOD1.1.1', ...seen }),
      entry({ at: at(5), ...failed, kind: 'attempt', result: 'failed' }),
      entry({ at: at(5), ...failed, result: 'bounced', status: '5.7.4' }),
    ].map(toRecord),
    100,
  )
})
after(() => server[Symbol.asyncDispose]())

describe('finding things', () => {
  const browser = sharedBrowser()

  for (const { dark, width } of [
    { dark: false, width: 1280 },
    { dark: true, width: 360 },
  ])
    it(`by keys alone, up to all about a partner, ${dark ? 'dark' : 'light'}, ${width} px`, async () => {
      const page = await browser.at(server, 'admin', '#/domains', { dark, width })
      await page.keyboard.press('/')
      await page.keyboard.type('bank')
      const options = page.getByRole('option')
      await options.filter({ hasText: 'To First Bank' }).waitFor()
      await assertAccessible(page, 'a search')
      await assertFits(page, 'a search')
      await page.keyboard.press('Escape')
      assert.equal(await options.count(), 0)
      await page.keyboard.press('ArrowDown')
      assert.equal(await page.getByRole('option', { selected: true }).innerText(), 'bank.example\nPartner')
      await page.keyboard.press('ArrowUp')
      assert.match(await page.getByRole('option', { selected: true }).innerText(), /^All rules with “bank”/)
      await page.keyboard.press('ArrowDown')
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { level: 1, name: 'bank.example' }).waitFor()
      await page.getByRole('link', { name: '1 Bounced' }).waitFor()
      await page.getByText('No STARTTLS (1)').waitFor()
      await page.getByText('Named as: bank.example in group banks').waitFor()
      await page.getByText('Named as: everyone').waitFor()
      await page.getByText('same criteria as “To First Bank”').waitFor()
      await page.getByText(/^CN=First CA/).waitFor()
      await page.getByText('3 1 1 A1A1A1').waitFor()
      await page.getByText('No mail to this partner is known to wait.').waitFor()
      await page.getByText('Checks at the level of rule “To First Bank”: Verify.').waitFor()
      assert.equal(await page.getByText('Elsewhere').count(), 0)
      await assertAccessible(page, 'a partner')
      await assertFits(page, 'a partner')
    })

  it('rules of all owners, several of them changed at once, and taken back', async () => {
    const page = await browser.at(server, 'admin', '#/rules')
    const row = page.locator('.found-rule')
    await row.nth(4).waitFor()
    // A slash in a field is a slash.
    await page.getByLabel('Name, domain, address or word').press('/')
    assert.equal(await page.getByLabel('Name, domain, address or word').inputValue(), '/')
    await page.getByLabel('Name, domain, address or word').fill('')
    await page.getByLabel('State').selectOption('on')
    await page.getByRole('main').getByText('3 rules', { exact: true }).waitFor()
    await page.getByLabel('Name, domain, address or word').fill('again')
    await page.getByRole('main').getByText('1 rule', { exact: true }).waitFor()
    await assertAccessible(page, 'rules')
    await page.getByLabel('Name, domain, address or word').fill('')
    await page.getByRole('main').getByText('3 rules', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Select all' }).click()
    await page.getByText('3 selected').waitFor()
    await page.getByRole('button', { name: 'Switch off' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('To the bank, again').waitFor()
    await assertAccessible(page, 'a question')
    await dialog.getByRole('button', { name: 'Switch off' }).click()
    await page.getByRole('main').getByText('3 rules are off.').waitFor()
    await page.getByText('No rule fits.').waitFor()
    await page.getByRole('link', { name: 'History' }).click()
    await page.getByRole('button', { name: /^Undo/ }).first().click()
    await page.getByRole('dialog').getByRole('button', { name: 'Undo' }).click()
    await page.getByRole('main').getByText('The change was undone.').waitFor()
    await page.goBack()
    await page.getByRole('main').getByText('3 rules', { exact: true }).waitFor()
  })

  it('a rule copied to another domain, where its name is told if it is taken', async () => {
    const page = await browser.at(server, 'admin', '#/rules/text%3DFirst%2520Bank')
    const copy = async (name: string): Promise<void> => {
      await page.getByLabel('Select rule To First Bank').first().check()
      await page.getByRole('button', { name: 'Copy to …' }).click()
      await page.getByLabel('To', { exact: true }).fill('other.example')
      await page.getByLabel('Name of the copy').fill(name)
      await assertAccessible(page, 'a copy')
      await page.getByRole('button', { name: 'Copy', exact: true }).click()
    }
    await copy('To First Bank')
    await page.getByRole('main').getByText('1 rule was copied to other.example, switched off.').waitFor()
    await copy('To First Bank')
    await page.getByText(/already has the name "To First Bank"; give the copy another one\.$/).waitFor()
    assert.equal(await page.locator('.found-rule').count(), 2)
  })

  it('a group says what uses it, and leads to its partners', async () => {
    const page = await browser.at(server, 'viewer', '#/groups')
    await page.getByText('used by 1 rule of acme.example').waitFor()
    await page.getByRole('link', { name: 'banks' }).click()
    await page.getByRole('link', { name: 'To banks' }).waitFor()
    await assertAccessible(page, 'a group')
    await page.getByRole('link', { name: 'partner.example' }).click()
    await page.getByText('Named as: cfo@partner.example in group banks').waitFor()
    await page.getByText(/^Your role cannot check a partner/).waitFor()
  })
})
