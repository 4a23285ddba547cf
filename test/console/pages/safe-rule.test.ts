/** What a rule does is chosen on purpose, and what a change would do is shown once before it is made. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { PartnerCheck } from '../../../plugins/enforce-tls/check/types.js'
import type { Client } from '../client.js'
import { startConsole, type ConsoleServer } from '../console-server.js'
import { assertAccessible, assertFits, sharedBrowser } from './browser.js'

const RULES = 'owners/acme.example/rules'
const OUTGOING = '#/domains/acme.example/outgoing'

interface Shown {
  readonly id: string
  readonly rule: { readonly enabled: boolean; readonly actions: object; readonly criteria: object }
}

let server: ConsoleServer
let client: Client
before(async () => {
  server = await startConsole()
  client = await server.signedIn('admin')
  await client.put('domains/acme.example', { enabled: true })
})
after(() => server[Symbol.asyncDispose]())

async function make(name: string, to: readonly string[], more: object): Promise<string> {
  const rule = { name, criteria: { to: { matchesAny: to } }, ...more }
  const { status, body } = await client.post<Shown>(RULES, { rule })
  assert.equal(status, 201, JSON.stringify(body))
  return body.id
}

const stored = async (id: string) => (await client.get<Shown>(`${RULES}/${id}`)).body.rule
const does = (level: string) => ({ actions: { relayWithTls: { level } } })

/** Answers of a check: mail to some bounces. */
function answering(bounces: (domain: string) => boolean): void {
  server.checkPartner = ({ domain, requirement }) => {
    const verdict = bounces(domain) ? 'bounced' : 'delivered'
    return Promise.resolve({
      domain,
      recipient: null,
      level: requirement.level,
      requirement,
      decidedBy: requirement.decidedBy,
      verdict,
      reason: `mx.${domain} does not offer STARTTLS`,
      hosts: [],
      dane: null,
      mtaSts: null,
      tlsReports: null,
      levels: [],
      remarks: [],
      checkedAt: new Date(0).toISOString(),
    } satisfies PartnerCheck)
  }
}

describe('a rule is safe from its first second', () => {
  const browser = sharedBrowser()

  it('without an action it says what is missing, and leads there', async () => {
    const id = await make('Unfinished', ['bank.example'], { actions: {} })
    const page = await browser.at(server, 'acme', OUTGOING)
    const row = page.getByRole('listitem').filter({ hasText: 'Unfinished' })
    await row.getByText('No action yet').waitFor()
    await row.getByRole('switch', { name: 'Rule Unfinished' }).click()
    await row.getByText('Choose what rule Unfinished does before you switch it on.').waitFor()
    await assertAccessible(page, 'the list')
    await row.getByRole('link', { name: 'Choose an action' }).click()
    const relay = page.getByRole('switch', { name: 'Relay with TLS Encryption' })
    await relay.waitFor()
    assert.equal(await relay.getAttribute('aria-checked'), 'false')
    await page.getByRole('tab', { name: 'Try it out' }).click()
    await page.getByText('Choose an action first: this rule does nothing yet.').waitFor()
    await page.getByRole('switch', { name: 'Rule Unfinished' }).click()
    await relay.and(page.locator(':focus')).waitFor()
    assert.equal((await stored(id)).enabled, false)
    await page.keyboard.press('Space')
    await page.getByText('All changes saved').waitFor()
    await page.getByRole('switch', { name: 'Relay with TLS Encryption', checked: true }).waitFor()
    assert.deepEqual((await stored(id)).actions, { relayWithTls: { level: 'encrypt' } })
    await relay.click()
    await page.getByText('No action chosen yet.').waitFor()
    await page.getByText('All changes saved').waitFor()
    assert.deepEqual((await stored(id)).actions, {})
  })

  for (const width of [360, 1280])
    it(`an exemption is chosen apart, asks, and looks like one, at ${width} px`, async () => {
      const name = `Free ${width}`
      const id = await make(name, ['free.example'], { actions: {} })
      const page = await browser.at(server, 'acme', `${OUTGOING}/${id}`, { width, dark: width === 360 })
      await page.getByRole('button', { name: 'Exempt this mail …' }).click()
      const dialog = page.getByRole('dialog', { name: 'Deliver without requiring TLS?' })
      await dialog.getByText(/may be sent unencrypted/).waitFor()
      await assertAccessible(page, 'the question')
      await dialog.getByRole('button', { name: 'Cancel' }).click()
      assert.deepEqual((await stored(id)).actions, {})
      await page.getByRole('button', { name: 'Exempt this mail …' }).click()
      await dialog.getByRole('button', { name: 'Exempt this mail' }).click()
      await page.getByText('Exemption: TLS not required').waitFor()
      await page.getByText('All changes saved').waitFor()
      assert.deepEqual((await stored(id)).actions, { relayWithTls: { level: 'none' } })
      await assertAccessible(page, 'the exemption')
      await assertFits(page, 'the exemption')
      await page.getByRole('switch', { name: `Rule ${name}` }).click()
      const question = page.getByRole('dialog', { name: `Switch on rule ${name}?` })
      await question
        .getByText('This is an exemption: mail that it matches may leave without encryption.')
        .waitFor()
      await question.getByRole('button', { name: 'Cancel' }).click()
      assert.equal((await stored(id)).enabled, false)
      await page.getByRole('link', { name: 'Back to rules' }).click()
      const row = page.getByRole('listitem').filter({ hasText: name })
      await row.getByText('Exemption: TLS not required').waitFor()
    })

  it('says that 3 of 40 would bounce, as the answers come', async () => {
    answering((domain) => /^p[123]\./.test(domain))
    const members = Array.from({ length: 40 }, (_, index) => `p${index}.example`)
    await client.put('groups/forty', { patterns: members })
    const id = await make('Forty', ['group:forty', '.sub.example'], does('verify'))
    const page = await browser.at(server, 'acme', `${OUTGOING}/${id}`, { width: 360 })
    const toggle = page.getByRole('switch', { name: 'Rule Forty' })
    await toggle.click()
    const dialog = page.getByRole('dialog', { name: 'Switch on rule Forty?' })
    await dialog.getByText('40 of 40 checked. 3 of 40 would bounce.').waitFor()
    await dialog.getByText('p2.example', { exact: true }).waitFor()
    await dialog.getByText('Not checked, because no single domain is named: .sub.example').waitFor()
    await assertAccessible(page, 'the question')
    await assertFits(page, 'the question')
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    // The focus is where it was.
    await toggle.and(page.locator(':focus')).waitFor()
    assert.equal((await stored(id)).enabled, false)
  })

  it('that is switched off above one that lets mail leave in the clear says so, and not that more is required', async () => {
    const id = await make('Top', ['ord.example'], { enabled: true, ...does('encrypt') })
    const open = { relayWithTls: { level: 'published', otherwise: 'none' } }
    await make('Low', ['ord.example'], { enabled: true, actions: open })
    const page = await browser.at(server, 'acme', `${OUTGOING}/${id}`)
    await page.getByRole('switch', { name: 'Rule Top' }).click()
    const dialog = page.getByRole('dialog', { name: 'Switch off rule Top?' })
    await dialog.getByText(/asks for less than before: mail may leave in the clear/).waitFor()
    await dialog.getByText(/instead, which requires something else: level published/).waitFor()
    assert.equal(await dialog.getByText(/requires more/).count(), 0)
    await dialog.getByRole('button', { name: 'Cancel' }).click()
  })

  it('that is on asks before more is required, and takes a no', async () => {
    answering(() => true)
    const id = await make('Strict', ['bank.example'], { enabled: true, ...does('encrypt') })
    const page = await browser.at(server, 'acme', `${OUTGOING}/${id}`)
    await page.getByRole('tab', { name: 'Actions' }).click()
    const dialog = page.getByRole('dialog', { name: 'Change rule Strict?' })
    await page.getByRole('radio', { name: /^Verify/ }).click()
    await dialog.getByText('1 of 1 would bounce.').waitFor()
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('radio', { name: /^Encrypt/, checked: true }).waitFor()
    await page.getByText('All changes saved').waitFor()
    assert.deepEqual((await stored(id)).actions, { relayWithTls: { level: 'encrypt' } })
    await page.getByRole('switch', { name: 'Relay with TLS Encryption' }).click()
    await page.getByText('This rule is on, so it needs an action.').waitFor()
    await page.getByRole('button', { name: 'Exempt this mail …' }).click()
    await dialog.getByText(/may leave without encryption/).waitFor()
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('radio', { name: /^Verify/ }).click()
    await dialog.getByRole('button', { name: 'Change' }).click()
    await dialog.waitFor({ state: 'detached' })
    await page.getByText('All changes saved').waitFor()
    assert.deepEqual((await stored(id)).actions, { relayWithTls: { level: 'verify' } })
  })

  it('asks before a change is undone that takes an exemption away', async () => {
    const id = await make('Exempted', ['exempt.example'], { enabled: true, ...does('none') })
    const page = await browser.at(server, 'acme', `${OUTGOING}/${id}`)
    await page.getByRole('tab', { name: 'History' }).click()
    await page.getByRole('button', { name: /^Undo/ }).click()
    const dialog = page.getByRole('dialog', { name: 'Undo this change?' })
    await dialog.getByText(/no longer exempt its mail from the rules below it/).waitFor()
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    assert.equal((await stored(id)).enabled, true)
  })
})
