/** The frame of all pages: how much a browser loads for the first one, and the menu of a narrow window. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startConsole, type ConsoleServer } from '../console-server.js'
import { assertAccessible, assertFits, fillSignIn, openAt, sharedBrowser } from './browser.js'

/** What sign-in and the first page may weigh, in bytes with headers, as they are transferred. */
const FIRST_PAGE_MAX = 150_000

let server: ConsoleServer
before(async () => {
  server = await startConsole()
})
after(() => server[Symbol.asyncDispose]())

describe('the frame of the pages', () => {
  const browser = sharedBrowser()

  it('is small: sign-in and the first page together', async () => {
    const page = await (await browser.window()).newPage()
    const sizes: Promise<number>[] = []
    page.on('requestfinished', (request) =>
      sizes.push(
        request
          .sizes()
          .then(({ responseBodySize, responseHeadersSize }) => responseBodySize + responseHeadersSize),
      ),
    )
    await page.goto(server.url)
    await fillSignIn(page, 'admin')
    await page.getByRole('heading', { name: 'Add a domain' }).waitFor()
    const bytes = (await Promise.all(sizes)).reduce((sum, each) => sum + each, 0)
    assert.ok(bytes > 20_000 && bytes <= FIRST_PAGE_MAX, `${bytes} bytes`)
  })

  it('has its sections in a menu on a telephone, by keys too', async () => {
    const page = await openAt(await browser.window({ width: 360, dark: true }), server, 'admin', '#/domains')
    const menu = page.getByRole('button', { name: 'Menu' })
    const groups = page.getByRole('link', { name: 'Groups' })
    assert.equal(await groups.isVisible(), false)
    await menu.press('Enter')
    await groups.waitFor()
    assert.equal(await menu.getAttribute('aria-expanded'), 'true')
    await assertAccessible(page, 'the menu')
    await assertFits(page, 'the menu')
    await groups.focus()
    await page.keyboard.press('Escape')
    await groups.waitFor({ state: 'hidden' })
    assert.equal(await page.locator(':focus').innerText(), 'Menu')
    await menu.press('Enter')
    await groups.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'Groups' }).waitFor()
    assert.equal(await groups.isVisible(), false, 'it is closed where one is there')
  })

  it('shows the shape of what is on its way', async () => {
    const page = await openAt(await browser.window(), server, 'admin', '#/domains')
    let go = (): void => undefined
    const held = new Promise<void>((resolve) => (go = resolve))
    await page.route('**/api/groups', async (route) => {
      await held
      await route.continue()
    })
    await page.getByRole('link', { name: 'Groups' }).click()
    await page.getByRole('status').filter({ hasText: 'Loading' }).waitFor()
    assert.equal(await page.locator('.bone').first().isVisible(), true)
    await assertAccessible(page, 'what is on its way')
    go()
    await page.getByText('No groups yet.').waitFor()
    assert.equal(await page.locator('.bone').count(), 0)
  })
})
