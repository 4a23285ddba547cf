/**
 * A real Chromium without a window, for tests of the pages. Every page of it fails its test for an error in the
 * console, such as a breach of the content security policy.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, afterEach } from 'node:test'
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core'
import { passwordOf, type ConsoleServer, type UserName } from '../console-server.js'

const ARGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
const HEIGHT = 900
const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')

/** How a page is looked at. */
export interface Looks {
  readonly dark?: boolean
  readonly width?: number
  /** @default Europe/Berlin */
  readonly zone?: string
}

/** The browser of a test file; a test fails for an error in any page, and its own windows close after it. */
export function sharedBrowser(): TestBrowser {
  const browser = new TestBrowser()
  afterEach(async () => {
    const errors = browser.errors.splice(0)
    await browser.closeWindows()
    assert.deepEqual(errors, [])
  })
  after(() => browser[Symbol.asyncDispose]())
  return browser
}

/** A browser that starts with its first window. */
export class TestBrowser implements AsyncDisposable {
  #browser: Browser | undefined
  readonly #contexts: BrowserContext[] = []
  readonly #kept = new Map<string, Page>()
  /** What went wrong in any of its pages. */
  readonly errors: string[] = []

  /** A window that shares nothing with others. */
  async window({ dark = false, width = 1280, zone = 'Europe/Berlin' }: Looks = {}): Promise<BrowserContext> {
    this.#browser ??= await chromium.launch({ executablePath: '/usr/bin/chromium', args: ARGS })
    const context = await this.#browser.newContext({
      viewport: { width, height: HEIGHT },
      colorScheme: dark ? 'dark' : 'light',
      locale: 'en-GB',
      timezoneId: zone,
      permissions: ['clipboard-read', 'clipboard-write'],
    })
    context.setDefaultTimeout(15_000)
    context.on('weberror', (error) => this.errors.push(String(error.error())))
    context.on('console', (message) => {
      // A request that is answered with an error is part of some tests, and told as such by the browser.
      const expected = message.text().startsWith('Failed to load resource')
      if (message.type() === 'error' && !expected) this.errors.push(message.text())
    })
    this.#contexts.push(context)
    return context
  }

  /**
   * The pages at a place, for somebody who signed in before. One window serves all tests of a file, made wider and
   * darker as they look: to load the pages anew takes longer than most tests.
   */
  async at(server: ConsoleServer, user: UserName, place: string, looks: Looks = {}): Promise<Page> {
    const { dark = false, width = 1280, zone } = looks
    const key = JSON.stringify([server.url, user, zone])
    const known = this.#kept.get(key)
    const page = known ?? (await openAt(await this.window(looks), server, user, '#/account'))
    if (known === undefined) {
      this.#contexts.pop()
      this.#kept.set(key, page)
    } else {
      await page.setViewportSize({ width, height: HEIGHT })
      await page.emulateMedia({ colorScheme: dark ? 'dark' : 'light' })
    }
    // From another place, and without what an earlier test typed.
    await goTo(page, '#/account')
    await page.getByRole('heading', { name: 'Your account' }).waitFor()
    await page.evaluate('sessionStorage.clear()')
    await goTo(page, place)
    await page.getByRole('heading', { level: 1 }).filter({ hasNotText: 'Your account' }).waitFor()
    return page
  }

  /** Those of the test that ended. */
  async closeWindows(): Promise<void> {
    for (const context of this.#contexts.splice(0)) await context.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser?.close()
  }
}

/** The pages at a place, for somebody who signed in before. */
export async function openAt(
  window: BrowserContext,
  server: ConsoleServer,
  user: UserName,
  place: string,
): Promise<Page> {
  const [name = '', value = ''] = ((await server.signedIn(user)).cookie ?? '').split('=')
  await window.addCookies([{ name, value, domain: '127.0.0.1', path: '/enforce-tls/' }])
  const page = await window.newPage()
  await page.goto(`${server.url}${place}`)
  await page.getByRole('heading', { level: 1 }).waitFor()
  return page
}

/** Goes to another place of the pages. */
export async function goTo(page: Page, place: string): Promise<void> {
  await page.evaluate(`location.hash = ${JSON.stringify(place)}`)
}

/** Signs in where the page asks for it. */
export async function fillSignIn(page: Page, user: string, password = passwordOf(user)): Promise<void> {
  await page.getByLabel('User').fill(user)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

/** Fails for anything that axe finds: WCAG 2.2 A and AA, and its best practices. */
export async function assertAccessible(page: Page, what: string): Promise<void> {
  // The pages stay one document: once is enough.
  if (!(await page.evaluate<boolean>('globalThis.axe !== undefined')))
    await page.evaluate(
      `(() => { const module = { exports: {} }; ${AXE}; globalThis.axe ??= module.exports })()`,
    )
  const evaluated = await page.evaluate(`(async () => {
    const { violations } = await axe.run(document);
    return violations.map(({ id, nodes }) => id + ': ' + nodes.map((n) => n.html.slice(0, 160) + ' ' + n.failureSummary).join(' | '));
  })()`)
  assert.deepEqual(evaluated, [], what)
}

/** Fails where a page is wider than the window. */
export async function assertFits(page: Page, what: string): Promise<void> {
  const wide = await page.evaluate(`(() => {
    const max = document.documentElement.clientWidth;
    return document.documentElement.scrollWidth <= max ? [] : [...document.querySelectorAll('body *')]
      .filter((each) => each.getBoundingClientRect().right > max + 1)
      .map((each) => each.tagName + '.' + each.className);
  })()`)
  assert.deepEqual(wide, [], what)
}
