/** The page of suggestions: what was seen, a rule that reports by one click, several, a group, and who may not. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { ofIncoming, together } from '../../../plugins/enforce-tls/suggest/record.js'
import { daily, noteDown } from '../../support/pair-records.js'
import { startConsole, type ConsoleServer } from '../console-server.js'
import { assertAccessible, assertFits, openAt, sharedBrowser } from './browser.js'

let server: ConsoleServer
before(async () => {
  server = await startConsole({ more: { suggest: { enabled: 'true' } } })
  for (const domain of ['acme.example', 'other.example'])
    await server.store.writeService(domain, null, '{"enabled":true}', { by: 'test' })
  const incoming = ofIncoming(true, Date.now())
  await noteDown(server.partnerFacts, 'acme.example', {
    'bank.example': together(daily(12, 'encrypt', 'verify'), incoming),
    'clinic.example': daily(13, 'encrypt'),
    'court.example': daily(14, 'encrypt', 'verify', 'secure'),
    'few.example': daily(3, 'encrypt'),
    'news.example': daily(11, 'encrypt'),
  })
  await noteDown(server.partnerFacts, 'other.example', { 'secret.example': daily(12, 'encrypt') })
})
after(() => server[Symbol.asyncDispose]())

const rulesOf = async (owner: string) =>
  [...(await server.store.readRules(owner)).values()].map(
    (json) =>
      JSON.parse(json) as { mode: string; enabled: boolean; criteria: { to: { matchesAny: string[] } } },
  )

describe('the page of suggestions', () => {
  const browser = sharedBrowser()

  for (const [width, dark] of [
    [360, true],
    [1280, false],
  ] as const)
    it(`is readable, ${width} px wide, ${dark ? 'dark' : 'light'}`, async () => {
      const window = await browser.window({ width, dark })
      const page = await openAt(window, server, 'viewer', '#/suggestions')
      await page.getByText('The last 12 deliveries fulfilled level verify').waitFor()
      await page.getByText('Only a hint, since a sender can be forged').waitFor()
      assert.equal(await page.getByText('few.example').count(), 0, 'too few deliveries')
      assert.equal(await page.getByRole('button', { name: 'Make rules' }).count(), 0, 'a viewer makes none')
      await assertAccessible(page, 'suggestions')
      await assertFits(page, 'suggestions')
    })

  it('makes rules that only report: one, a group, and none of what is dismissed', async () => {
    const page = await openAt(await browser.window(), server, 'admin', '#/suggestions')
    await page.getByRole('button', { name: 'Make a rule that reports: bank.example' }).click()
    await page.getByText('Made a rule that reports; no delivery changes:').first().waitFor()
    await page.getByRole('checkbox', { name: 'bank.example' }).waitFor({ state: 'detached' })
    assert.deepEqual(
      (await rulesOf('acme.example')).map(({ mode, enabled, criteria }) => [
        mode,
        enabled,
        criteria.to.matchesAny,
      ]),
      [['report', true, ['bank.example']]],
    )

    await page.getByRole('checkbox', { name: 'clinic.example' }).check()
    await page.getByRole('checkbox', { name: 'court.example' }).check()
    await page.getByRole('button', { name: 'Make one rule for a group' }).click()
    const dialog = page.getByRole('dialog')
    await assertAccessible(page, 'the name of a group')
    await dialog.getByLabel('Name of the new group').fill('partners')
    await dialog.getByRole('button', { name: 'Make one rule for a group' }).click()
    await page.getByRole('link', { name: 'TLS to partners, of acme.example' }).waitFor()
    assert.equal((await server.store.groups()).get('partners'), '["clinic.example","court.example"]')
    await page.getByRole('checkbox', { name: 'clinic.example' }).waitFor({ state: 'detached' })

    await page.getByRole('checkbox', { name: 'news.example' }).check()
    await page.getByRole('button', { name: 'Dismiss' }).click()
    await page.getByRole('checkbox', { name: 'news.example' }).waitFor({ state: 'detached' })
    await page.getByText('secret.example').waitFor()
    assert.equal((await rulesOf('acme.example')).length, 2)
  })

  it("shows an administrator of one domain nothing of another one's mail", async () => {
    const page = await openAt(await browser.window(), server, 'acme', '#/suggestions')
    await page.getByText('No suggestions').waitFor()
    await page.getByText('5 partners are observed.').waitFor()
    const client = await server.signedIn('acme')
    const { body } = await client.get<{ suggestions: readonly unknown[] }>('suggestions')
    assert.doesNotMatch(JSON.stringify(body), /secret|other\.example/)
  })
})
