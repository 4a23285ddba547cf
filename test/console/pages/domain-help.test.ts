/** Whom the senders of a domain can ask: set on its page, said by the history, read-only for viewers. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Client } from '../client.js'
import { startConsole, type ConsoleServer } from '../console-server.js'
import { assertAccessible, assertFits, sharedBrowser } from './browser.js'

interface DomainRow {
  readonly contact: string | null
  readonly link: string | null
  readonly language: string | null
}

let server: ConsoleServer
let client: Client
before(async () => {
  server = await startConsole()
  client = await server.signedIn('admin')
  await client.put('domains/acme.example', { enabled: true })
})
after(() => server[Symbol.asyncDispose]())

describe('the page of a domain', () => {
  const browser = sharedBrowser()

  it('sets whom senders can ask by keyboard, says what is wrong with a link, and the history undoes it', async () => {
    const page = await browser.at(server, 'acme', '#/domains/acme.example')
    const [contact, link] = [page.getByLabel('Who to ask'), page.getByLabel('Link', { exact: true })]
    const save = page.getByRole('button', { name: 'Save' })
    assert.equal(await save.isDisabled(), true)
    await contact.fill('helpdesk@acme.example')
    await link.fill('http://acme.example/tls')
    await link.press('Enter')
    await page.getByRole('alert').filter({ hasText: 'is not a link; expected: an https:// URL' }).waitFor()
    await assertAccessible(page, 'the page of a domain')
    await assertFits(page, 'the page of a domain')
    await link.fill('https://acme.example/tls')
    await page.getByLabel('Language').selectOption('German')
    await link.press('Enter')
    await page.getByText('Saved: bounces now say so.').first().waitFor()
    const said = async () => {
      const { body } = await client.get<DomainRow>('domains/acme.example')
      return [body.contact, body.link, body.language]
    }
    assert.deepEqual(await said(), ['helpdesk@acme.example', 'https://acme.example/tls', 'de'])
    await page.getByRole('link', { name: 'History' }).last().click()
    const entry = page.getByRole('listitem').filter({ hasText: 'helpdesk@acme.example' })
    await entry.getByRole('button', { name: /^Undo/ }).click()
    await page.getByText('The change was undone.').first().waitFor()
    assert.deepEqual(await said(), [null, null, null])
  })

  it('shows it to viewers as text', async () => {
    const { etag } = await client.get('domains/acme.example')
    await client.put('domains/acme.example/help', { contact: 'IT desk', link: null, language: 'nl' }, etag)
    const page = await browser.at(server, 'viewer', '#/domains/acme.example')
    await page.getByText('IT desk').waitFor()
    await page.getByText('Dutch').waitFor()
    assert.equal(await page.getByLabel('Who to ask').count(), 0)
  })
})
