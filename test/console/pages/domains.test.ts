/** The list of domains: a new one with what is wrong at the field, the end of one with what it would do, and the way back. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Client } from '../client.js'
import { startConsole, type ConsoleServer } from '../console-server.js'
import { assertAccessible, assertFits, sharedBrowser } from './browser.js'

let server: ConsoleServer
let client: Client
before(async () => {
  server = await startConsole()
  client = await server.signedIn('admin')
  await client.put('domains/acme.example', { enabled: true })
  for (const owner of ['acme.example', 'bob@acme.example']) {
    const rule = {
      name: `Bank of ${owner}`,
      enabled: true,
      criteria: { to: { matchesAny: ['bank.example'] } },
      actions: { relayWithTls: { level: 'encrypt' } },
    }
    assert.equal((await client.post(`owners/${owner}/rules`, { rule })).status, 201)
  }
})
after(() => server[Symbol.asyncDispose]())

async function names(): Promise<readonly string[]> {
  return (await client.get<{ domain: string }[]>('domains')).body.map(({ domain }) => domain)
}

describe('the list of domains', () => {
  const browser = sharedBrowser()

  for (const width of [360, 1280])
    it(`corrects an address or URL at the field, and leads to the new domain, at ${width} px`, async () => {
      const name = `new${width}.example`
      const page = await browser.at(server, 'admin', '#/domains', { width, dark: width === 360 })
      const input = page.getByLabel('Domain', { exact: true })
      await input.fill(`https://${name}/path`)
      await input.press('Enter')
      await page.getByRole('alert').filter({ hasText: 'is a web address' }).waitFor()
      assert.equal(await input.getAttribute('aria-invalid'), 'true')
      await input.fill(`ann@${name}`)
      await input.press('Enter')
      await page.getByRole('alert').filter({ hasText: `is an address, and a domain is expected` }).waitFor()
      await assertAccessible(page, 'a wrong name')
      await assertFits(page, 'a wrong name')
      assert.deepEqual((await names()).includes(name), false)
      await page.getByRole('button', { name: `Use ${name}` }).click()
      await page.getByRole('heading', { level: 1, name }).waitFor()
      await page.getByText('Message rules: on').waitFor()
      assert.ok((await names()).includes(name))
      await assertAccessible(page, 'the new domain')
    })

  it('removes one with its rules once what that would do was seen, and brings all of it back', async () => {
    const page = await browser.at(server, 'admin', '#/domains/acme.example')
    const remove = page.getByRole('button', { name: 'Remove this domain' })
    await remove.click()
    const dialog = page.getByRole('dialog', { name: 'Remove acme.example?' })
    await dialog.getByText('2 rules of the domain and its senders will be deleted with it.').waitFor()
    await dialog.getByText('No other rule requires TLS for its mail').first().waitFor()
    await assertAccessible(page, 'the question')
    await assertFits(page, 'the question')
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    assert.ok((await names()).includes('acme.example'))
    await remove.click()
    await dialog.getByRole('button', { name: 'Remove', exact: true }).click()
    const said = page.locator('.notice').filter({ hasText: 'acme.example was removed with 2 rules.' })
    await said.waitFor()
    assert.equal((await names()).includes('acme.example'), false)
    await said.getByRole('button', { name: 'Undo' }).click()
    const question = page.getByRole('dialog', { name: 'Undo this change?' })
    await question.getByRole('button', { name: 'Undo' }).click()
    await page.getByText('acme.example is back.').first().waitFor()
    const { body } = await client.get<{ enabled: boolean; rules: { enabled: number } }>(
      'domains/acme.example',
    )
    assert.deepEqual([body.enabled, body.rules.enabled], [true, 2])
  })

  it('removes no other version than was seen', async () => {
    assert.equal((await client.send('DELETE', 'domains/acme.example')).status, 428)
    const { etag } = await client.get('domains/acme.example')
    await client.put('domains/acme.example', { enabled: false }, etag)
    const { status } = await client.send('DELETE', 'domains/acme.example', undefined, { 'if-match': etag })
    assert.equal(status, 412)
  })
})
