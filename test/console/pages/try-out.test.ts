/** Trying a message out in the pages, at real servers: what is asked, the answer in its order, and the bounce of that answer. */
import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import type { Page } from 'playwright-core'
import { openOwnPartners, type Partners } from '../../../plugins/enforce-tls/cli/partners.js'
import { toSettings } from '../../../plugins/enforce-tls/settings/schema.js'
import { fingerprints, makeAuthority } from '../../support/certificates.js'
import { startPartners, type TestPartners } from '../../support/partners.js'
import { startConsole, type ConsoleServer } from '../console-server.js'
import { assertAccessible, assertFits, sharedBrowser } from './browser.js'

const EVIL = '\x1b[31m\u202eevil'
const RULES = 'owners/acme.example/rules'

let world: TestPartners | string
let partners: Partners
let server: ConsoleServer
let bankKey: string
before(async () => {
  const authority = await makeAuthority('Test CA')
  const bank = await authority.issue({ dnsNames: ['mx.bank.example'] })
  bankKey = fingerprints(bank.cert).publicKey
  world = await startPartners(
    {
      'bank.example': { tls: bank },
      'plain.example': { starttls: false },
      'self.example': { tls: { maxVersion: 'TLSv1.2' } },
      'busy.example': { on: { connect: `421 4.3.2 ${EVIL}` } },
    },
    { config: { 'ca.pem': authority.cert } },
  )
  server = await startConsole()
  await (await server.signedIn('admin')).put('domains/acme.example', { enabled: true })
  if (typeof world === 'string') return
  const settings = toSettings({ tls: { ca: 'ca.pem' } })
  partners = await openOwnPartners({ settings, folder: world.folder, dns: world.dns.address })
  server.checkPartner = partners.check
})
after(async () => {
  await server[Symbol.asyncDispose]()
  if (typeof world === 'string') return
  partners.close()
  await world[Symbol.asyncDispose]()
})

describe('Try it out', () => {
  const browser = sharedBrowser()

  /** A page with the answer for a rule to a partner; `null` where no server can listen here. */
  async function checked(
    t: TestContext,
    domain: string,
    action: object,
    verdict: RegExp,
    looks: { dark?: boolean; width?: number } = {},
  ): Promise<Page | null> {
    if (typeof world === 'string') {
      t.skip(world)
      return null
    }
    const client = await server.signedIn('admin')
    const rule = {
      name: 'Rule',
      criteria: { to: { matchesAny: [domain] } },
      actions: { relayWithTls: action },
    }
    const { id } = (await client.post<{ id: string }>(RULES, { rule })).body
    const page = await browser.at(server, 'admin', `#/domains/acme.example/outgoing/${id}`, looks)
    await page.getByRole('tab', { name: 'Try it out' }).click()
    await page.getByRole('button', { name: 'Show what happens' }).click()
    await page.getByText(verdict).waitFor()
    await assertAccessible(page, domain)
    await assertFits(page, domain)
    return page
  }
  const hosts = (page: Page) => page.getByRole('list', { name: /^Receiving servers of/ }).innerText()

  it('shows a server that is good, and asks for all that the rule requires', async (t) => {
    const action = { level: 'secure', minVersion: 'TLSv1.3', names: ['mx.bank.example'] }
    const asked = new Promise<object>((resolve) => {
      server.checkPartner = (question) => {
        resolve(question.requirement)
        return partners.check(question)
      }
    })
    const page = await checked(t, 'bank.example', action, /^Delivered over TLS\./)
    if (!page) return
    const { level, minVersion, namesAnyOf } = (await asked) as Record<string, unknown>
    assert.deepEqual({ level, minVersion }, { level: 'secure', minVersion: 'TLSv1.3' })
    assert.match(JSON.stringify(namesAnyOf), /mx\.bank\.example/)
    await page.getByText('Checked against: Secure, TLS 1.3 or later, with 1 other name').waitFor()
    const text = await hosts(page)
    assert.match(text, /Meets the requirement/)
    assert.match(text, /TLS 1\.3, TLS_/)
    assert.match(text, /for mx\.bank\.example; issued by CN=Test CA; valid until .*; trusted/)
    assert.match(text, /Verify: yes/)
    assert.match(text, /EHLO \S+: 250 mx\.bank\.example/)
  })

  it('asks about the recipient where that is wanted', async (t) => {
    if (typeof world === 'string') return t.skip(world)
    server.checkPartner = partners.check
    const page = await checked(t, 'cfo@bank.example', { level: 'verify' }, /^Delivered over TLS\./)
    if (!page) return
    assert.doesNotMatch(await hosts(page), /RCPT/)
    await page.getByRole('switch', { name: 'Also check whether the recipient is accepted' }).click()
    await page.getByRole('button', { name: 'Show what happens' }).click()
    await page.getByText('RCPT TO:<cfo@bank.example>').waitFor()
    await assertAccessible(page, 'with a recipient')
    await assertFits(page, 'with a recipient')
    assert.deepEqual(world.peers['bank.example']?.messages, [])
  })

  it('shows what DANE says, and the TLSA records', async (t) => {
    const record = { usage: 3, selector: 1, matchingType: 1, data: 'ab'.repeat(32) }
    const detail = `the server has a public key that is not the one of its TLSA record 3 1 1 ${'ab'.repeat(8)}…`
    server.checkPartner = async (question) => {
      const found = await partners.check(question)
      const hosts = found.hosts.map((host) => ({
        ...host,
        dane: {
          outcome: 'not-vouched' as const,
          detail,
          mxAuthentic: true,
          addressesAuthentic: true,
          base: host.host,
          records: [{ ...record, matches: false, reason: 'tlsa-mismatch' as const, detail }],
        },
      }))
      const sentence = `DANE does not vouch for mx.bank.example: ${detail}.`
      return { ...found, hosts, dane: { outcome: 'not-vouched', sentence } }
    }
    const page = await checked(t, 'bank.example', { level: 'verify' }, /^Delivered over TLS\./, {
      width: 360,
    })
    server.checkPartner = partners.check
    if (!page) return
    await page.getByText('DANE does not vouch for mx.bank.example: the server has a public key').waitFor()
    assert.match(
      await hosts(page),
      /TLSA records\s+3 1 1 (?:ab){8}…: the server has a public key that is not/,
    )
  })

  it('shows one without STARTTLS, on a telephone', async (t) => {
    const page = await checked(t, 'plain.example', { level: 'encrypt' }, /^Bounces\./, {
      width: 360,
      dark: true,
    })
    if (!page) return
    assert.match(await hosts(page), /does not offer STARTTLS/i)
    assert.deepEqual(await page.getByRole('heading', { level: 3 }).allInnerTexts(), [
      'Which rule decides',
      'Receiving servers now',
      'What happens',
      'The bounce the sender gets',
    ])
    await page.getByText('Decided by “Rule”.').waitFor()
    const bounce = await page.getByRole('region', { name: 'The bounce the sender gets' }).innerText()
    assert.match(bounce, /Subject: Not sent: plain\.example cannot receive your message encrypted/)
    assert.match(bounce, /^WHAT TO DO NEXT$/m)
    assert.match(bounce, /mx\.plain\.example \(127[^)]*\): .*STARTTLS/)
    await page.getByLabel('Language of the bounce').selectOption('Dutch')
    await page.getByRole('button', { name: 'Show what happens' }).click()
    await page.getByText('Subject: Niet verzonden: plain.example').waitFor()
    await page.getByText('English text below.').waitFor()
  })

  it('answers for each of several recipients, with the header of a message file, and no bounce where there is none', async (t) => {
    if (typeof world === 'string') return t.skip(world)
    const client = await server.signedIn('admin')
    const rule = {
      name: 'Secret',
      criteria: {
        to: { matchesAny: ['bank.example', 'plain.example'] },
        subject: { matchesAny: ['secret'] },
      },
      actions: { relayWithTls: { level: 'encrypt' } },
    }
    const { id } = (await client.post<{ id: string }>(RULES, { rule })).body
    const page = await browser.at(server, 'admin', `#/domains/acme.example/outgoing/${id}`)
    await page.getByRole('tab', { name: 'Try it out' }).click()
    await page.getByLabel('To', { exact: true }).fill('cfo@bank.example, plain.example')
    await page.getByRole('button', { name: 'Show what happens' }).click()
    const answerFor = (to: string) => page.getByRole('region', { name: `Answer for ${to}` })
    await answerFor('cfo@bank.example').getByText("Depends on the message's headers: give them").waitFor()
    const file = (name: string, text: string) =>
      page
        .getByLabel('Message file')
        .setInputFiles({ name, mimeType: 'message/rfc822', buffer: Buffer.from(text) })
    await file('notes.txt', 'no message at all\n')
    await page.getByText('notes.txt does not begin with a message header').waitFor()
    await file('a.eml', 'Subject: Secret plans\nFrom: ann@acme.example\n\nnot read\n')
    await page.getByText('Uses the header of a.eml.').waitFor()
    const asked = page.waitForRequest((request) => request.url().endsWith('/try-out'))
    await page.getByRole('button', { name: 'Show what happens' }).click()
    assert.equal((await asked).postData()?.includes('not read'), false)
    await answerFor('cfo@bank.example').getByText('Delivered over TLS.').waitFor()
    await answerFor('someone@plain.example').getByText('The bounce the sender gets').waitFor()
    const bounces = page.getByRole('region', { name: 'The bounce the sender gets' })
    assert.equal(await bounces.count(), 1)
    await assertAccessible(page, 'several recipients')
    await assertFits(page, 'several recipients')
  })

  it('shows one with a wrong certificate, and what it has', async (t) => {
    const page = await checked(t, 'self.example', { level: 'verify' }, /^Bounces\./)
    if (!page) return
    const text = await hosts(page)
    assert.match(text, /self-signed/)
    assert.match(text, /TLS 1\.2/)
    assert.match(text, /Encrypt: yes\s+Verify: no/)
  })

  it('shows one of which nothing can be told now, whatever it says', async (t) => {
    const page = await checked(
      t,
      'busy.example',
      { level: 'verify' },
      /^Unknown: the servers gave no clear answer\./,
    )
    if (!page) return
    const text = await hosts(page)
    assert.match(text, /421/)
    for (const sign of ['\x1b', '\u202e']) assert.equal(text.includes(sign), false)
  })

  it('asks for TLS 1.3 where the rule does', async (t) => {
    const action = { level: 'encrypt', minVersion: 'TLSv1.3' }
    const page = await checked(t, 'self.example', action, /^Bounces\./)
    if (page) assert.match(await hosts(page), /failed the TLS handshake/i)
  })

  it('finds the key for a rule by fingerprint that lists none yet', async (t) => {
    if (typeof world === 'string') return t.skip(world)
    const page = await browser.at(server, 'admin', '#/domains/acme.example/outgoing')
    await page.getByLabel('Name').fill('Pinned')
    await page.getByRole('button', { name: 'Create' }).click()
    await page.getByRole('tab', { name: 'Actions' }).click()
    await page.getByRole('switch', { name: 'Relay with TLS Encryption' }).click()
    await page.getByRole('radio', { name: /^Fingerprint/ }).check()
    await page.getByRole('tab', { name: 'Try it out' }).click()
    await page.getByLabel('Domain or address').fill('bank.example')
    await page.getByRole('button', { name: 'Check', exact: true }).click()
    await page.getByRole('button', { name: 'Add the key of mx.bank.example to the list' }).click()
    await page.getByRole('button', { name: 'Show what happens' }).waitFor()
  })

  it("puts a server's key on the list of a rule by fingerprint", async (t) => {
    const other = 'ab'.repeat(32)
    const action = { level: 'fingerprint', fingerprints: [other] }
    const page = await checked(t, 'bank.example', action, /^Bounces\./)
    if (!page) return
    await page.getByRole('button', { name: 'Add the key of mx.bank.example to the list' }).click()
    await page.getByText('on the list', { exact: true }).waitFor()
    await page.getByText('All changes saved').waitFor()
    await page.getByRole('button', { name: 'Show what happens' }).click()
    await page.getByText(/^Delivered over TLS\./).waitFor()
    await page.getByRole('tab', { name: 'Actions' }).click()
    await page.getByText(bankKey).waitFor()
  })
})
