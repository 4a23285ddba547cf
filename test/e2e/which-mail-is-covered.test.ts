import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startHaraka, type Haraka } from '../support/haraka.js'
import { fileStoreConfig } from '../support/rules.js'
import { startPeer, type SmtpPeer } from '../support/smtp-peer.js'

/** sender, recipient, whether a rule covers the message. All partners are without TLS: covered mail bounces. */
const ROWS: readonly (readonly [what: string, from: string, to: string, covered: boolean])[] = [
  ['a domain of the rule', 'ann@acme.example', 'cfo@bank.example', true],
  ['the domain in upper case', 'ann@acme.example', 'CFO@BANK.EXAMPLE', true],
  ['the sender in upper case', 'Ann@ACME.Example', 'cfo@bank.example', true],
  ['an address of the rule', 'ann@acme.example', 'cfo@partner.example', true],
  ['that address in upper case', 'ann@acme.example', 'Cfo@Partner.Example', true],
  ['that address in quotes', 'ann@acme.example', '"cfo"@partner.example', true],
  ['an address that needs quotes', 'ann@acme.example', '"Jane Doe"@partner.example', true],
  ['an address that differs from it', 'ann@acme.example', 'jane.doe@partner.example', false],
  ['a domain that an earlier version took with *@', 'ann@acme.example', 'x@legacy.example', true],
  ['a sender that needs quotes', '"Night Shift"@other.example', 'x@night.example', true],
  ['that sender without them', 'nightshift@other.example', 'x@night.example', false],
  ['another address of that domain', 'ann@acme.example', 'ceo@partner.example', false],
  ['a domain that ends like it', 'ann@acme.example', 'cfo@notbank.example', false],
  ['a subdomain of it', 'ann@acme.example', 'cfo@mail.bank.example', false],
  ['a domain that begins like it', 'ann@acme.example', 'cfo@bank.example.org', false],
  ['an IDN as A-label', 'ann@acme.example', 'info@xn--bcher-kva.example', true],
  ['an IDN as U-label', 'ann@acme.example', 'info@bücher.example', true],
  ['a subdomain by a leading dot', 'ann@acme.example', 'clerk@district.court.example', true],
  ['not the domain itself by a leading dot', 'ann@acme.example', 'clerk@court.example', false],
  ['a rule that is off', 'ann@acme.example', 'cfo@off.example', false],
  ['a domain without any rule', 'ann@acme.example', 'joe@third.example', false],
  ['a sender of another domain', 'joe@other.example', 'cfo@bank.example', false],
  ['a sender of a subdomain', 'ann@sub.acme.example', 'cfo@bank.example', false],
  ['a domain whose service is off', 'ann@asleep.example', 'cfo@bank.example', false],
  ['a rule of the whole service', 'joe@other.example', 'judge@everyone.example', true],
  ['a rule of the whole service, null sender', '', 'judge@elsewhere.example', false],
  ['a rule of one sender', 'boss@other.example', 'x@boss-only.example', true],
  ['a rule of one sender, a colleague', 'joe@other.example', 'x@boss-only.example', false],
]

describe('a message is covered by', () => {
  let partner: SmtpPeer
  let mailbox: SmtpPeer
  let haraka: Haraka
  before(async () => {
    partner = await startPeer({ starttls: false })
    mailbox = await startPeer()
    const config = fileStoreConfig({
      'acme.example': [
        { to: ['Bank.Example', 'cfo@partner.example', 'bücher.example', '.court.example'] },
        { to: ['"jane doe"@partner.example', '*@legacy.example'] },
        { to: ['off.example'], enabled: false },
      ],
      'asleep.example': [{ to: ['bank.example'] }],
      '*': [{ to: ['everyone.example'] }],
      'other.example': [],
      'boss@other.example': [{ to: ['boss-only.example'] }],
      '"night shift"@other.example': [{ to: ['night.example'] }],
    })
    const document = config['enforce-tls.rules.json'] as { domains: Record<string, { enabled: boolean }> }
    document.domains['asleep.example'] = { enabled: false }
    haraka = await startHaraka({
      config,
      routes: {
        '*': [partner.route()],
        ...Object.fromEntries(['acme.example', 'other.example'].map((domain) => [domain, [mailbox.route()]])),
      },
    })
  })
  after(async () => {
    await haraka.close()
    await partner.close()
    await mailbox.close()
  })

  for (const [what, from, to, covered] of ROWS) {
    it(`${what}: ${covered ? 'yes' : 'no'}`, async () => {
      const subject = `row ${what}`
      const has = (peer: SmtpPeer) => peer.messages.some(({ data }) => data.includes(`Subject: ${subject}`))
      const bounced = () =>
        mailbox.messages.some(
          ({ data, from: sender }) => sender === '' && data.includes(to.toLowerCase().split('@')[1] ?? to),
        )
      const before = mailbox.messages.length
      await haraka.send({ from, to, subject })
      await haraka.until(() => has(partner) || mailbox.messages.length > before, `an outcome of ${what}`)
      assert.equal(has(partner), !covered)
      if (covered && !/[^\x00-\x7f]/.test(to)) assert.ok(bounced()) // eslint-disable-line no-control-regex
      await haraka.waitForEmptyQueue()
    })
  }

  it('and nothing of covered mail was ever sent in the clear', () => {
    const clear = partner.connections.flatMap((connection) => connection.cleartextAfterEhlo())
    assert.ok(clear.length > 0, 'mail that no rule covers went in the clear')
    assert.equal(
      clear.filter((verb) => verb === 'MAIL').length,
      ROWS.filter(([, , , covered]) => !covered).length,
    )
  })
})
