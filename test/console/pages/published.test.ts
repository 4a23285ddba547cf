/** Levels for what partners publish in the pages: the choices, what they save, and that mail in the clear is said. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import type { Client } from '../client.js'
import { withoutStartTls } from '../checked-partner.js'
import { startConsole, type ConsoleServer } from '../console-server.js'
import { assertAccessible, assertFits, goTo, sharedBrowser } from './browser.js'

const RULES = 'owners/acme.example/rules'
const OUTGOING = '#/domains/acme.example/outgoing'

interface Stored {
  readonly rule: { readonly actions: { readonly relayWithTls: object } }
}

let server: ConsoleServer
let client: Client
let id: string
before(async () => {
  server = await startConsole()
  server.checkPartner = withoutStartTls
  client = await server.signedIn('admin')
  await client.put('domains/acme.example', { enabled: true })
  const rule = {
    name: 'Bank',
    criteria: { to: { matchesAny: ['bank.example'] } },
    actions: { relayWithTls: { level: 'encrypt' } },
  }
  id = (await client.post<{ id: string }>(RULES, { rule })).body.id
})
after(() => server[Symbol.asyncDispose]())

async function action(): Promise<object> {
  return (await client.get<Stored>(`${RULES}/${id}`)).body.rule.actions.relayWithTls
}

/** Chooses, and waits until that is saved. */
async function choose(page: Page, name: RegExp, expected: object): Promise<void> {
  const saved = page.waitForResponse((response) => response.request().method() === 'PUT')
  await page.getByRole('radio', { name }).check()
  await saved
  assert.deepEqual(await action(), expected)
}

describe('what partners publish, in the pages', () => {
  const browser = sharedBrowser()

  for (const width of [360, 1280])
    it(`is a level with what holds if nothing is published, at ${width} px`, async () => {
      const page = await browser.at(server, 'admin', `${OUTGOING}/${id}`, { width })
      await page.getByRole('tab', { name: 'Actions' }).click()
      await page.getByRole('group', { name: 'Security level' }).waitFor()
      assert.equal(await page.getByText('If nothing is published').count(), 0)
      await choose(page, /^MTA-STS/, { level: 'mta-sts' })
      await choose(page, /^DANE(?! or)/, { level: 'dane' })
      assert.ok(await page.getByRole('radio', { name: /^Wait/ }).isChecked())
      await choose(page, /^No encryption required/, { level: 'dane', otherwise: 'none' })
      await page.getByText(/^Requires TLS where the partner publishes what is asked for\./).waitFor()
      await assertFits(page, 'the actions')
      await assertAccessible(page, 'the actions')

      await page.getByRole('tab', { name: 'Try it out' }).click()
      await page.getByRole('button', { name: 'Show what happens' }).click()
      await page
        .getByText(
          'Requires TLS (DANE) if the partner publishes it. If not, or if its sender waives TLS (TLS-Required: No), the message may be sent unencrypted.',
        )
        .waitFor()
      await page.getByText(/against: DANE, no encryption required if nothing is published/).waitFor()
      await page.getByText('WHAT TO DO NEXT').waitFor()
      await goTo(page, OUTGOING)
      await page.getByText('Unencrypted if nothing is published').waitFor()
      await assertFits(page, 'the list')

      // What belongs to these levels goes with them, and comes back with them.
      await goTo(page, `${OUTGOING}/${id}`)
      await page.getByRole('tab', { name: 'Actions' }).click()
      await choose(page, /^Verify/, { level: 'verify' })
      await choose(page, /^DANE or MTA-STS/, { level: 'published', otherwise: 'none' })
      await choose(page, /^Any encryption/, { level: 'published', otherwise: 'encrypt' })
      await choose(page, /^Wait/, { level: 'published' })
      await choose(page, /^Encrypt/, { level: 'encrypt' })
    })

  it('leave nothing open where the rule wants REQUIRETLS or nothing', async () => {
    const relayWithTls = { level: 'dane', otherwise: 'none', requireOnward: 'must' }
    const rule = {
      name: 'Onward',
      criteria: { to: { matchesAny: ['onward-bank.example'] } },
      actions: { relayWithTls },
    }
    const other = 'owners/onward.example/rules'
    await client.put('domains/onward.example', { enabled: true })
    const made = (await client.post<{ id: string }>(other, { rule: { ...rule, enabled: true } })).body.id
    const outgoing = '#/domains/onward.example/outgoing'
    const page = await browser.at(server, 'admin', `${outgoing}/${made}`, { width: 360, dark: true })
    await page.getByRole('tab', { name: 'Actions' }).click()
    await page.getByText('Messages are sent only as REQUIRETLS requires').first().waitFor()
    assert.deepEqual(
      await page
        .getByText(/as usual, and may be sent unencrypted|over TLS, with any certificate/)
        .allInnerTexts(),
      [],
    )
    await assertFits(page, 'the actions')

    await page.getByRole('tab', { name: 'Try it out' }).click()
    await page.getByRole('button', { name: 'Show what happens' }).click()
    await page.getByText(/^Requires TLS \(DANE, only with REQUIRETLS\)\./).waitFor()
    await page.getByText(/against: DANE, only with REQUIRETLS\./).waitFor()
    await assertFits(page, 'what happens')
    await assertAccessible(page, 'what happens')
    await goTo(page, outgoing)
    await page.getByText('REQUIRETLS, or do not send').waitFor()
    await assertFits(page, 'the list')
    assert.equal(await page.getByText('Unencrypted if nothing is published').count(), 0)
    await goTo(page, '#/partners/onward-bank.example')
    await page.getByText('Checks at the level of rule “Onward”: DANE, only with REQUIRETLS.').waitFor()
  })

  it('are checked by the server as well: the field is named', async () => {
    const rule = {
      name: 'Bad',
      criteria: { to: { matchesAny: ['bank.example'] } },
      actions: { relayWithTls: { level: 'verify', otherwise: 'none' } },
    }
    const { status, body } = await client.post<{ field?: string; detail?: string }>(RULES, { rule })
    assert.equal(status, 422)
    assert.match(JSON.stringify(body), /actions\.relayWithTls\.otherwise.*has no meaning at level verify/)
  })
})
