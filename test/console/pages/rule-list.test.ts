/** A list of rules at a glance: how each stands, what its level means, who is in its groups, and what it was about. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { toRecord } from '../../../plugins/enforce-tls/observe/delivery-log/entry.js'
import { entry } from '../../support/evidence-entries.js'
import { startConsole, type ConsoleServer } from '../console-server.js'
import { assertAccessible, assertFits, goTo, sharedBrowser } from './browser.js'

const LIST = '#/domains/acme.example/outgoing'
const DAY = 86_400_000
const ago = (days: number) => new Date(Date.now() - days * DAY).toISOString()

const to = (...patterns: readonly string[]) => ({ to: { matchesAny: patterns } })
const level = (name: string) => ({ relayWithTls: { level: name } })
const RULES = {
  'To banks': { criteria: to('group:banks'), actions: level('verify') },
  'To clinics': {
    criteria: to('clinic.example'),
    actions: { relayWithTls: { level: 'verify', onFailure: 'reroute', via: 'backup' } },
    mode: 'report',
  },
  Newsletter: { criteria: to('news.example'), actions: level('none') },
  'Old contract': {
    criteria: to('old.example'),
    actions: level('encrypt'),
    expiresAt: '2026-01-01T00:00:00Z',
  },
  'To all': { criteria: to('*'), actions: level('encrypt') },
  'Too late': {
    criteria: to('late.example'),
    actions: { relayWithTls: { level: 'verify', via: 'vault' } },
  },
}

let server: ConsoleServer
before(async () => {
  server = await startConsole()
  const client = await server.signedIn('admin')
  await client.put('domains/acme.example', { enabled: true })
  await client.put('groups/banks', { patterns: ['bank.example', 'cfo@partner.example'] })
  const ids: string[] = []
  for (const [name, of] of Object.entries(RULES)) {
    const rule = { name, enabled: true, ...of }
    const { status, body } = await client.post<{ id: string }>('owners/acme.example/rules', { rule })
    assert.equal(status, 201, JSON.stringify(body))
    ids.push(body.id)
  }
  const rules = [{ owner: 'acme.example', id: ids[0] ?? '' }]
  const bounced = { rules, uuid: 'BAD.1', class: 'certificate-expired', domain: 'partner.example' } as const
  const entries = [
    entry({ rules, at: ago(8), uuid: 'OLD.1' }),
    entry({ rules, at: ago(3), uuid: 'ONE.1' }),
    entry({ ...bounced, at: ago(2), kind: 'attempt', result: 'failed' }),
    entry({ ...bounced, at: ago(2), result: 'bounced' }),
    entry({ rules, at: ago(1), from: 'other.example', uuid: 'STRANGE.1' }),
  ]
  await server.deliveries.append(entries.map(toRecord), 100)
})
after(() => server[Symbol.asyncDispose]())

const row = (page: Page, name: string) => page.locator('.rule-row').filter({ hasText: name })

describe('a list of rules', () => {
  const browser = sharedBrowser()

  for (const dark of [false, true])
    it(`says how each stands, not by colour alone, ${dark ? 'dark' : 'light'}`, async () => {
      const page = await browser.at(server, 'viewer', LIST, { dark, width: 360 })
      await row(page, 'To banks').getByText('Last 7 days: 2 messages').waitFor()
      const states = await page.locator('.state').allInnerTexts()
      assert.deepEqual(states, [
        '● Active',
        '◐ Report only',
        '⊘ Exempt',
        '✕ Over',
        '● Active',
        '⇥ Unreachable',
      ])
      const edges = await page.evaluate<string[]>(
        `[...document.querySelectorAll('.rule-row')].map((each) => getComputedStyle(each).borderLeftStyle)`,
      )
      assert.deepEqual(edges, ['solid', 'dotted', 'double', 'dotted', 'solid', 'double'])
      await row(page, 'To all').getByText('To: everyone').waitFor()
      assert.match(
        await row(page, 'To banks').locator('.rule-traffic').innerText(),
        /^Last 7 days: 2 messages, 1 not delivered for a TLS reason$/,
      )
      await row(page, 'To clinics').getByText('gateway backup if TLS fails', { exact: true }).waitFor()
      await row(page, 'Too late').getByText('through gateway vault', { exact: true }).waitFor()
      await assertAccessible(page, 'rules')
      await assertFits(page, 'rules')
    })

  it('explains a level on hover, on focus and by a tap, and hides that again', async () => {
    const page = await browser.at(server, 'viewer', LIST, { width: 360 })
    const badge = row(page, 'To banks').getByRole('button', { name: 'Security level Verify' })
    const tip = row(page, 'To banks').getByRole('tooltip')
    await badge.hover()
    await tip.waitFor()
    await page.mouse.move(0, 0)
    await tip.waitFor({ state: 'hidden' })
    await badge.focus()
    await tip.waitFor()
    assert.match(await tip.innerText(), /a trusted certificate names the receiving server/)
    await assertAccessible(page, 'a level that is explained')
    await assertFits(page, 'a level that is explained')
    await page.keyboard.press('Escape')
    await tip.waitFor({ state: 'hidden' })
  })

  it('opens groups, and its numbers lead to the messages that they count', async () => {
    const page = await browser.at(server, 'viewer', '#/groups')
    const requests: string[] = []
    page.on('request', (request) => requests.push(request.url()))
    await goTo(page, LIST)
    const banks = row(page, 'To banks')
    await banks.getByText('Group banks').click()
    await banks.getByText('bank.example, cfo@partner.example').waitFor()
    await banks.getByRole('link', { name: '1 not delivered for a TLS reason' }).waitFor()
    await row(page, 'To clinics').getByText('no messages').waitFor()
    assert.equal(requests.filter((url) => url.endsWith('/rule-traffic')).length, 1)
    await assertAccessible(page, 'a group that is open')
    for (const [name, count] of [
      ['2 messages', 2],
      ['1 not delivered for a TLS reason', 1],
    ] as const) {
      await goTo(page, LIST)
      await row(page, 'To banks').getByRole('link', { name }).click()
      await page.locator('.message-row').first().waitFor()
      assert.equal(await page.locator('.message-row').count(), count, name)
    }
  })
})
