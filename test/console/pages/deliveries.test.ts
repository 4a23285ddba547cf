/** What the pages show of deliveries and senders: failures of the last day, what report mode saw, whose overview. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { toRecord } from '../../../plugins/enforce-tls/observe/delivery-log/entry.js'
import type { DeliveryLogEntry } from '../../../plugins/enforce-tls/observe/delivery-log/schema.js'
import { entry } from '../../support/evidence-entries.js'
import { startConsole, type ConsoleServer } from '../console-server.js'
import { assertAccessible, goTo, sharedBrowser } from './browser.js'

const NAMES = ['acme.example', 'one.example', 'quiet.example']
const ago = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString()

let server: ConsoleServer
before(async () => {
  server = await startConsole()
  const client = await server.signedIn('admin')
  // Not by the API, which would remember that nothing has failed yet.
  for (const domain of NAMES) await server.store.writeService(domain, null, JSON.stringify({ enabled: true }))
  const make = async (owner: string, name: string): Promise<string> => {
    const criteria = { to: { matchesAny: ['bank.example'] } }
    const actions = { relayWithTls: { level: 'encrypt' } }
    const rule = { name, criteria, actions }
    return (await client.post<{ id: string }>(`owners/${owner}/rules`, { rule })).body.id
  }
  await make('bob@acme.example', 'Of Bob')
  const seen = { kind: 'report', at: ago(48) } as const
  const rules = async (name: string) => [{ owner: 'acme.example', id: await make('acme.example', name) }]
  const failed = (from: string): DeliveryLogEntry =>
    entry({ from, at: ago(1), result: 'bounced', class: 'starttls-refused' })
  await make('acme.example', 'Nothing seen')
  const entries = [
    failed('one.example'),
    ...Array.from({ length: 1200 }, () => failed('acme.example')),
    entry({ ...seen, result: 'would-bounce', rules: await rules('One seen') }),
    ...(await rules('Many seen')).flatMap((rule) => [
      entry({ ...seen, result: 'would-bounce', rules: [rule] }),
      entry({ ...seen, result: 'would-deliver', rules: [rule] }),
      entry({ ...seen, result: 'would-deliver', rules: [rule] }),
    ]),
  ]
  await server.deliveries.append(entries.map(toRecord), 10_000)
})
after(() => server[Symbol.asyncDispose]())

describe('what the pages show of deliveries', () => {
  const browser = sharedBrowser()

  it('is none, one or many failures of each domain, with the way to more', async () => {
    const page = await browser.at(server, 'admin', '#/domains')
    const row = (domain: string) => page.getByRole('listitem').filter({ hasText: domain })
    assert.match(await row('quiet.example').innerText(), /Failures, last 24 hours\s+none/)
    assert.match(await row('one.example').innerText(), /Failures, last 24 hours\s+1/)
    await assertAccessible(page, 'domains')
    await row('acme.example')
      .getByRole('link', { name: '1,200 failures of acme.example, show details' })
      .click()
    await page.getByRole('heading', { name: 'Messages' }).waitFor()
    await page.locator('.message-row').nth(49).waitFor()
    assert.equal(await page.getByLabel('Domain', { exact: true }).inputValue(), 'acme.example')
    assert.equal(await page.getByLabel('Result').inputValue(), 'failed')
    await page.getByLabel('Domain', { exact: true }).selectOption('one.example')
    await page.getByRole('button', { name: 'Search' }).click()
    await page.locator('.message-row').nth(1).waitFor({ state: 'detached' })
    await page.getByText('From a sender of one.example').waitFor()
    assert.equal(await page.locator('.message-row').count(), 1)
  })

  it('is the reason where failures are not recorded', async () => {
    await using silent = await startConsole({ evidence: { stream: 'false' } })
    await (await silent.signedIn('admin')).put('domains/acme.example', { enabled: true })
    const page = await browser.at(silent, 'admin', '#/domains')
    await page.getByText('unknown', { exact: true }).first().waitFor()
    await page.getByText('the delivery log is off').waitFor()
    await goTo(page, '#/domains/acme.example')
    await page.getByRole('link', { name: 'Go to message rules' }).waitFor()
    await page.getByText('the delivery log is off').waitFor()
  })

  it('is what report mode saw, before a rule is switched on', async () => {
    const page = await browser.at(server, 'acme', '#/domains/acme.example/outgoing')
    const rows = [
      ['Nothing seen', /^In the last 30 days rules in report mode would have bounced 2 of 4 messages/],
      ['One seen', /it would have bounced 1 of 1 message \(100\.0%\): bank\.example 1\.$/],
      ['Many seen', /it would have bounced 1 of 3 messages \(33\.3%\): bank\.example 1\.$/],
    ] as const
    for (const [name, text] of rows) {
      await page.getByRole('switch', { name: `Rule ${name}` }).click()
      const dialog = page.getByRole('dialog', { name: `Switch on rule ${name}?` })
      await dialog.getByText(text).waitFor()
      if (name === 'Many seen') await assertAccessible(page, 'what was seen')
      await dialog.getByRole('button', { name: 'Switch on' }).click()
      // A question about the next one that is older than this change would be asked again.
      await page.getByRole('switch', { name: `Rule ${name}`, checked: true }).waitFor()
    }
  })

  it('is the overview of their own domain for those who see no other', async () => {
    const page = await browser.at(server, 'acme', '#/overview')
    await page.getByText('Messages by day').waitFor()
    assert.deepEqual(await page.getByLabel('Domain').locator('option').allInnerTexts(), ['acme.example'])
  })

  it("are a domain's senders with rules of their own, and the way to them", async () => {
    const page = await browser.at(server, 'acme', '#/domains/acme.example')
    const senders = page.getByRole('list', { name: 'Rules for one sender' })
    assert.match(await senders.innerText(), /bob@acme\.example\s+1 rule/)
    await senders.getByRole('link', { name: 'bob@acme.example' }).click()
    await page.getByRole('link', { name: 'Of Bob' }).waitFor()
    await page.getByRole('link', { name: 'acme.example', exact: true }).click()
    await page.getByLabel('Sender address').fill('carol@other.example')
    await page.getByRole('button', { name: 'Open rules' }).click()
    await page.getByText('Enter an address at acme.example').waitFor()
  })
})
