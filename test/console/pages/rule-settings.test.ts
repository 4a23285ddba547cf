/** What the settings mean for a rule, on its page: gateways to choose from, defaults with their value, and where reporting is chosen. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Client } from '../client.js'
import { startConsole, type ConsoleServer } from '../console-server.js'
import { assertAccessible, assertFits, sharedBrowser } from './browser.js'

const RULES = 'owners/acme.example/rules'
const PIN = Array.from({ length: 32 }, (_, n) => n.toString(16).padStart(2, '0').toUpperCase()).join(':')

interface Stored {
  readonly rule: { readonly mode?: string; readonly actions: { readonly relayWithTls: object } }
}

let server: ConsoleServer
let client: Client
before(async () => {
  server = await startConsole({
    failure: { action: 'defer' },
    more: {
      tls: { min_version: 'TLSv1.3' },
      gateways: { vault: 'smtps://ann:secret@vault.example', backup: 'smtp://relay.acme.example' },
    },
  })
  client = await server.signedIn('admin')
  await client.put('domains/acme.example', { enabled: true })
})
after(() => server[Symbol.asyncDispose]())

async function made(action: object): Promise<string> {
  const rule = {
    name: 'Bank',
    criteria: { to: { matchesAny: ['bank.example'] } },
    actions: { relayWithTls: action },
  }
  return (await client.post<{ id: string }>(RULES, { rule })).body.id
}
const stored = async (id: string) => (await client.get<Stored>(`${RULES}/${id}`)).body.rule
const placeOf = (id: string) => `#/domains/acme.example/outgoing/${id}`

describe('the settings, on the page of a rule', () => {
  const browser = sharedBrowser()

  for (const width of [360, 1280])
    it(`say what holds by default, and offer gateways by name, at ${width} px`, async () => {
      const id = await made({ level: 'verify' })
      const page = await browser.at(server, 'admin', placeOf(id), { width })
      await page.getByRole('tab', { name: 'Actions' }).click()
      await page.getByText('Server default: TLS 1.3').waitFor({ state: 'attached' })
      await page.getByText('Server default: try again later').waitFor({ state: 'attached' })
      const gateway = page.getByLabel('Gateway')
      assert.deepEqual(await gateway.locator('option').allInnerTexts(), [
        'None: to the receiving servers themselves',
        'backup',
        'vault',
      ])
      const saved = page.waitForResponse((response) => response.request().method() === 'PUT')
      await gateway.selectOption('backup')
      await saved
      assert.deepEqual((await stored(id)).actions.relayWithTls, { level: 'verify', via: 'backup' })
      await assertFits(page, 'the actions')
      await assertAccessible(page, 'the actions')
    })

  it('aside: what is beyond the receiving server is chosen, said in short, and taken back', async () => {
    const id = await made({ level: 'verify' })
    const page = await browser.at(server, 'admin', placeOf(id), { width: 360, dark: true })
    await page.getByRole('tab', { name: 'Actions' }).click()
    const choice = page.getByLabel('Beyond the receiving server')
    assert.deepEqual(await choice.locator('option').allInnerTexts(), [
      'No requirement',
      'REQUIRETLS, where offered',
      'REQUIRETLS, or do not send',
    ])
    for (const [label, requireOnward] of [
      ['REQUIRETLS, where offered', 'offered'],
      ['REQUIRETLS, or do not send', 'must'],
      ['No requirement', undefined],
    ] as const) {
      const saved = page.waitForResponse((response) => response.request().method() === 'PUT')
      await choice.selectOption({ label })
      await saved
      const expected = { level: 'verify', ...(requireOnward ? { requireOnward } : {}) }
      assert.deepEqual((await stored(id)).actions.relayWithTls, expected)
      assert.equal(await choice.inputValue(), requireOnward ?? '')
    }
    await assertFits(page, 'the choice')
    await assertAccessible(page, 'the choice')
  })

  it('aside: with REQUIRETLS or not at all, level encrypt is not said to take any certificate', async () => {
    const id = await made({ level: 'encrypt', requireOnward: 'must' })
    const page = await browser.at(server, 'admin', placeOf(id))
    await page.getByRole('tab', { name: 'Actions' }).click()
    await page.getByText('The certificate is verified as well, because this rule').waitFor()
    await page.getByText('also wants a verified certificate, and proof that it is the right server').waitFor()
    assert.equal(await page.getByText('Any certificate is accepted').count(), 0)
  })

  it('aside: a name of any length is refused by its label, and does not fill the page', async () => {
    const id = await made({ level: 'encrypt' })
    const page = await browser.at(server, 'admin', placeOf(id))
    await page.locator('#name').evaluate((input: { value: string; dispatchEvent(event: Event): boolean }) => {
      input.value = 'x'.repeat(10_000)
      for (const type of ['input', 'change']) input.dispatchEvent(new Event(type, { bubbles: true }))
    })
    await page.getByText(/Not saved: Name: "x+\.\.\." is longer than 200 characters/).waitFor()
    const height = (await page.locator('body').boundingBox())?.height ?? Infinity
    assert.ok(height < 3000, String(height))
  })

  it('that lack the gateway of a rule are said, and the rule keeps it', async () => {
    const id = await made({ level: 'verify', via: 'gone' })
    const page = await browser.at(server, 'admin', placeOf(id))
    await page.getByRole('tab', { name: 'Actions' }).click()
    await page.getByText('“gone” is not in the settings of this server.').waitFor()
    assert.equal(await page.getByLabel('Gateway').inputValue(), 'gone')
    await assertAccessible(page, 'a gateway that is missing')
  })

  it('give viewers names alone', async () => {
    const { body } = await (await server.signedIn('viewer')).get('rule-settings')
    assert.deepEqual(body, { minVersion: 'TLSv1.3', onFailure: 'defer', gateways: ['backup', 'vault'] })
  })

  it('aside: reporting is chosen beside the switch, whichever part of the rule is open', async () => {
    const id = await made({ level: 'verify' })
    const page = await browser.at(server, 'admin', placeOf(id))
    const report = page.getByRole('switch', { name: 'Report only' })
    const [state, tabs] = [await report.boundingBox(), await page.getByRole('tablist').boundingBox()]
    assert.ok(state && tabs && state.y < tabs.y, 'above the parts of the rule')
    const saved = page.waitForResponse((response) => response.request().method() === 'PUT')
    await report.click()
    await saved
    assert.equal((await stored(id)).mode, 'report')
  })

  it('a question that is longer than the window is read from its beginning', async () => {
    const names = Array.from({ length: 40 }, (_, n) => `partner${n}.example`)
    const rule = { name: 'Many', criteria: { to: { matchesAny: names } }, mode: 'report', enabled: true }
    const actions = { relayWithTls: { level: 'verify' } }
    const { id } = (await client.post<{ id: string }>(RULES, { rule: { ...rule, actions } })).body
    const page = await browser.at(server, 'admin', placeOf(id), { width: 360 })
    await page.setViewportSize({ width: 360, height: 400 })
    await page.getByRole('switch', { name: 'Report only' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('heading').first().and(page.locator(':focus')).waitFor()
    assert.equal(await page.evaluate('document.querySelector("dialog").scrollTop'), 0)
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    await page.getByRole('switch', { name: 'Report only' }).and(page.locator(':focus')).waitFor()
    await page.setViewportSize({ width: 360, height: 900 })
  })

  it('a fingerprint takes a new line between bytes only', async () => {
    const id = await made({ level: 'fingerprint', fingerprints: [PIN] })
    const page = await browser.at(server, 'admin', placeOf(id), { width: 360 })
    await page.getByRole('tab', { name: 'Actions' }).click()
    const chip = page.locator('.chip-text').filter({ hasText: '1F' })
    assert.equal(await chip.innerText(), PIN, 'copied as it is')
    // Where each line of it begins.
    const rows = await page.evaluate<string[]>(`(() => {
      const chip = [...document.querySelectorAll('.chip-text')].find((each) => each.textContent.includes('1F'));
      const walker = document.createTreeWalker(chip, NodeFilter.SHOW_TEXT);
      const rows = [];
      let top = null;
      for (let node = walker.nextNode(); node; node = walker.nextNode())
        for (let at = 0; at < node.data.length; at++) {
          const range = document.createRange();
          range.setStart(node, at);
          range.setEnd(node, at + 1);
          const here = Math.round(range.getBoundingClientRect().top);
          if (here !== top) rows.push('');
          top = here;
          rows[rows.length - 1] += node.data[at];
        }
      return rows;
    })()`)
    assert.ok(rows.length > 1, 'it is longer than a line')
    for (const row of rows) assert.match(row, /^(?:[\dA-F]{2}:?)+$/)
  })
})
