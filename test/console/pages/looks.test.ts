/** Every page for everyone: nothing that axe finds, light and dark, from a small telephone to a wall. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { withoutStartTls } from '../checked-partner.js'
import { startConsole, type ConsoleServer } from '../console-server.js'
import { assertAccessible, assertFits, goTo, openAt, sharedBrowser } from './browser.js'

const LONG_DOMAIN = `${'a-label-as-long-as-labels-may-be'.repeat(2).slice(0, 63)}.example`
const LONG_SENDER = `${'n'.repeat(64)}@acme.example`
const HOSTILE = '\u202eevil\u202c العربية <script>alert(1)</script> "&amp;'
const RULE = {
  name: 'Enforced TLS to First Bank',
  enabled: true,
  criteria: { to: { matchesAny: ['bank.example', 'group:banks'] }, subject: { matchesNone: ['public'] } },
  actions: { relayWithTls: { level: 'secure', names: ['mx.bank.example'] } },
  expiresAt: '2099-01-01T00:00:00Z',
}
const LONG_RULE = {
  name: `${HOSTILE} ${'and so on '.repeat(15)}`.slice(0, 200),
  criteria: {
    to: {
      matchesAny: [
        LONG_SENDER,
        `x@${LONG_DOMAIN}`,
        ...Array.from({ length: 500 }, (_, n) => `p${n}.example`),
      ],
    },
    header: [{ name: 'X-Classification', matchesAny: ['/secret/i'] }],
  },
  actions: { relayWithTls: { level: 'encrypt' } },
  mode: 'report',
}

let server: ConsoleServer
let rule = ''
let long = ''
before(async () => {
  server = await startConsole()
  server.checkPartner = withoutStartTls
  const client = await server.signedIn('admin')
  for (const domain of ['acme.example', LONG_DOMAIN]) await client.put(`domains/${domain}`, { enabled: true })
  await client.put('domains/asleep.example', { enabled: false })
  await client.put('groups/banks', { patterns: ['bank.example', 'cfo@partner.example'] })
  const make = async (owner: string, of: object): Promise<string> => {
    const { status, body } = await client.post<{ id: string }>(`owners/${owner}/rules`, { rule: of })
    assert.equal(status, 201, JSON.stringify(body))
    return body.id
  }
  rule = await make('acme.example', RULE)
  long = await make('acme.example', LONG_RULE)
  await make(LONG_SENDER, { ...RULE, name: 'Of one sender' })
})
after(() => server[Symbol.asyncDispose]())

/** Address to what tells that it is there. */
function pages(): readonly (readonly [string, (page: Page) => Promise<unknown>])[] {
  const seen = (text: string | RegExp) => (page: Page) => page.getByText(text).first().waitFor()
  const outgoing = '#/domains/acme.example/outgoing'
  const tab = (name: string, text: string | RegExp) => async (page: Page) => {
    await page.getByRole('tab', { name }).click()
    await seen(text)(page)
  }
  return [
    ['#/domains', seen('Add a domain')],
    ['#/domains/acme.example', seen('Rules for one sender')],
    [outgoing, (page) => page.getByText('Encrypt', { exact: true }).first().waitFor()],
    ['#/domains/acme.example/incoming', seen('No rules yet.')],
    ['#/domains/asleep.example/outgoing', seen(/Inactive: message rules are switched off for this domain/)],
    [`#/domains/${encodeURIComponent(LONG_SENDER)}/outgoing`, seen('Of one sender')],
    ['#/overview', seen('The delivery log has no entries for this period.')],
    ['#/waiting', seen('No Haraka has said yet what waits there.')],
    ['#/rules', seen('Of one sender')],
    ['#/partners/bank.example', seen('Rules that name it')],
    ['#/groups', seen('2 entries')],
    ['#/groups/banks', seen('Delete this group')],
    ['#/groups/not-yet', seen(/^Not saved yet\. The group/)],
    ['#/domains/acme.example/history', seen('Undo')],
    ['#/history', seen('Undo')],
    ['#/account', seen('Change your password')],
    ['#/people', seen('Add a person')],
    ['#/person/viewer', seen('Browsers that are signed in.')],
    ['#/tokens', seen('No tokens yet.')],
    ['#/nowhere', seen('Go to domains')],
    [`${outgoing}/${long}`, seen('Show all 502')],
    [`${outgoing}/${rule}`, seen('All changes saved')],
    [`${outgoing}/${rule}`, tab('Actions', 'Minimum TLS version')],
    [`${outgoing}/${rule}`, tab('History', 'created')],
    [`${outgoing}/${rule}`, tab('Try it out', 'Message file')],
    [`${outgoing}/${rule}`, showAnswers],
  ]
}

async function showAnswers(page: Page): Promise<void> {
  await page.getByLabel('Subject').fill('Invoice')
  await page.getByRole('button', { name: 'Show what happens' }).click()
  await page.getByText('WHAT TO DO NEXT').waitFor()
  await page.getByText('Requires TLS (Secure)').waitFor()
}

describe('every page', () => {
  const browser = sharedBrowser()

  for (const dark of [false, true])
    it(`is for everyone, ${dark ? 'dark' : 'light'}`, async () => {
      // A window of its own: it signs out in the end.
      const page = await openAt(await browser.window({ dark, width: 360 }), server, 'admin', '#/domains')
      for (const [place, isThere] of pages()) {
        await goTo(page, place)
        await isThere(page)
        for (const width of [360, 1280, 3840]) {
          await page.setViewportSize({ width, height: 900 })
          await assertFits(page, `${place} at ${width} px`)
          if (width < 3840) await assertAccessible(page, `${place} at ${width} px`)
        }
        await page.setViewportSize({ width: 360, height: 900 })
      }
      await page.getByRole('button', { name: 'Delete this rule' }).click()
      await page.getByRole('dialog').waitFor()
      await assertAccessible(page, 'a question')
      await page.getByRole('button', { name: 'Cancel' }).click()
      assert.equal(await page.locator(':focus').innerText(), 'Delete this rule')
      await page.getByRole('button', { name: 'Menu' }).click()
      await page.getByRole('button', { name: 'Sign out' }).click()
      await page.getByRole('button', { name: 'Sign in' }).waitFor()
      await assertAccessible(page, 'sign-in')
      await assertFits(page, 'sign-in')
    })

  it('lets no name turn the words around it', async () => {
    const page = await browser.at(server, 'admin', `#/domains/acme.example/outgoing/${long}`)
    for (const place of [
      `#/domains/acme.example/outgoing/${long}`,
      '#/domains/acme.example/outgoing',
      '#/history',
    ]) {
      await goTo(page, place)
      await page
        .getByText(/<script>alert\(1\)<\/script>/)
        .first()
        .waitFor()
      assert.doesNotMatch(await page.locator('body').innerText(), /[\u202a-\u202e]/, place)
    }
    assert.doesNotMatch(await page.title(), /[\u202a-\u202e]/)
  })
})
