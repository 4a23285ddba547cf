/** Named trusts in the pages: the choice, what it saves, and that a rule keeps the one it has. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { CheckRequest } from '../../../plugins/enforce-tls/check/types.js'
import type { Client } from '../client.js'
import { startConsole, type ConsoleServer } from '../console-server.js'
import { assertAccessible, assertFits, goTo, sharedBrowser } from './browser.js'

const RULES = 'owners/acme.example/rules'
const NONE = "None: this server's authorities"
const OUTGOING = '#/domains/acme.example/outgoing'

interface Stored {
  readonly rule: { readonly actions: { readonly relayWithTls: object } }
}

let server: ConsoleServer
let client: Client
const asked: CheckRequest[] = []
before(async () => {
  server = await startConsole({
    more: { 'trust:bank': { ca: 'bank.pem' }, 'trust:clinic': { ca: 'clinic.pem' } },
  })
  server.checkPartner = (request) => {
    asked.push(request)
    return Promise.reject(new Error('asked'))
  }
  client = await server.signedIn('admin')
  await client.put('domains/acme.example', { enabled: true })
})
after(() => server[Symbol.asyncDispose]())

/** Makes a rule, and gives its id. */
async function made(trust?: string): Promise<string> {
  const rule = {
    name: 'Bank',
    criteria: { to: { matchesAny: ['bank.example'] } },
    actions: { relayWithTls: { level: 'verify', ...(trust === undefined ? {} : { trust }) } },
  }
  return (await client.post<{ id: string }>(RULES, { rule })).body.id
}

async function action(id: string): Promise<object> {
  return (await client.get<Stored>(`${RULES}/${id}`)).body.rule.actions.relayWithTls
}

describe('a named trust, in the pages', () => {
  const browser = sharedBrowser()

  for (const width of [360, 1280])
    it(`is chosen among those of the settings, at ${width} px`, async () => {
      const id = await made()
      const page = await browser.at(server, 'admin', `${OUTGOING}/${id}`, { width })
      await page.getByRole('tab', { name: 'Actions' }).click()
      const choice = page.getByLabel('Named trust')
      await choice.waitFor()
      assert.deepEqual(await choice.locator('option').allInnerTexts(), [NONE, 'bank', 'clinic'])
      const choose = async (name: string, expected: object): Promise<void> => {
        const saved = page.waitForResponse((response) => response.request().method() === 'PUT')
        await choice.selectOption({ label: name })
        await saved
        assert.deepEqual(await action(id), expected)
      }
      await choose('clinic', { level: 'verify', trust: 'clinic' })
      await assertFits(page, 'the actions')
      await assertAccessible(page, 'the actions')
      await page.getByRole('tab', { name: 'Try it out' }).click()
      await page.getByRole('button', { name: 'Show what happens' }).click()
      await page.getByRole('alert').first().waitFor()
      assert.deepEqual(
        asked.at(-1)?.requirement.trusts?.map(({ name }) => name),
        ['clinic'],
      )
      await page.getByRole('tab', { name: 'Actions' }).click()
      await choose(NONE, { level: 'verify' })
    })

  it('that is not set up stays, with a word, also with another level', async () => {
    const id = await made('gone')
    const page = await browser.at(server, 'admin', `${OUTGOING}/${id}`, { width: 1280 })
    await page.getByRole('tab', { name: 'Actions' }).click()
    await page.getByText('gone (not set up on this server)').waitFor({ state: 'attached' })
    const saved = page.waitForResponse((response) => response.request().method() === 'PUT')
    await page.getByRole('radio', { name: /^Secure/ }).check()
    await saved
    assert.deepEqual(await action(id), { level: 'secure', trust: 'gone' })
    await goTo(page, OUTGOING)
  })

  it('is what a check by the API is made with', async () => {
    await client
      .post('check', { target: 'bank.example', level: 'verify', trust: 'bank' })
      .catch(() => undefined)
    assert.deepEqual(
      asked.at(-1)?.requirement.trusts?.map(({ name }) => name),
      ['bank'],
    )
  })
})
