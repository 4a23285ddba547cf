import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import type { PartnerCheck } from '../../plugins/enforce-tls/check/types.js'
import { openOwnPartners } from '../../plugins/enforce-tls/cli/partners.js'
import { inProcess } from '../cli/enforce-tls.js'
import { dnsPlugin, startDns, type DnsServer } from '../support/dns-server.js'
import { startHaraka, type Haraka } from '../support/haraka.js'
import { parseBounce } from '../support/mail.js'
import { fileStoreConfig } from '../support/rules.js'
import { startPeer, type SmtpPeer } from '../support/smtp-peer.js'

/** Mail servers found by DNS listen on port 25; each test run has loopback addresses of its own. */
const NET = `127.${randomInt(1, 255)}.${randomInt(1, 255)}`
const [TLS, PLAIN, MAILBOX] = [`${NET}.1`, `${NET}.2`, `${NET}.3`]

describe('hosts found by DNS', () => {
  const peers: Record<string, SmtpPeer> = {}
  let dns: DnsServer | undefined
  let haraka: Haraka | undefined
  let skip: string | false = false

  before(async () => {
    try {
      peers['tls'] = await startPeer({ host: TLS, port: 25 })
      peers['plain'] = await startPeer({ host: PLAIN, port: 25, starttls: false })
      peers['mailbox'] = await startPeer({ host: MAILBOX, port: 25 })
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code !== 'EACCES' && code !== 'EADDRNOTAVAIL' && code !== 'EADDRINUSE') throw error
      skip = `no server can listen on port 25 of ${NET}.x here (${code})`
      return
    }
    dns = await startDns({
      'acme.example': { mx: [{ preference: 10, exchange: 'mail.acme.example' }] },
      'mail.acme.example': { a: [MAILBOX] },
      'two.example': {
        mx: [
          { preference: 20, exchange: 'mx2.two.example' },
          { preference: 10, exchange: 'mx1.two.example' },
        ],
      },
      'mx1.two.example': { a: [PLAIN] },
      'mx2.two.example': { a: [TLS] },
      'plain.example': { mx: [{ preference: 10, exchange: 'mx.plain.example' }] },
      'mx.plain.example': { a: [PLAIN] },
      'implicit.example': { a: [TLS] },
      'implicit-plain.example': { a: [PLAIN] },
      'null.example': { mx: [{ preference: 0, exchange: '' }] },
      'odd-null.example': { mx: [{ preference: 10, exchange: '' }] },
      'null-beside.example': {
        mx: [
          { preference: 0, exchange: '' },
          { preference: 10, exchange: 'mx2.two.example' },
        ],
      },
      'broken.example': { servfail: true },
      'homeless.example': { mx: [{ preference: 10, exchange: 'mx.homeless.example' }] },
      'literal.example': { mx: [{ preference: 10, exchange: TLS }] },
      'literal-plain.example': { mx: [{ preference: 10, exchange: PLAIN }] },
      'xn--bcher-kva.example': { mx: [{ preference: 10, exchange: 'mx.xn--bcher-kva.example' }] },
      'mx.xn--bcher-kva.example': { a: [TLS] },
      'half.example': {
        mx: [
          { preference: 10, exchange: 'mx.homeless.example' },
          { preference: 20, exchange: 'mx.plain.example' },
        ],
      },
    })
    haraka = await startHaraka({
      config: fileStoreConfig({ 'acme.example': [{ to: ['*'] }] }),
      plugins: ['test-relay', 'dns', 'enforce-tls'],
      extraPlugins: { dns: dnsPlugin(dns) },
      outbound: { temp_fail_intervals: 'none' },
    })
  })
  after(async () => {
    await haraka?.close()
    await dns?.[Symbol.asyncDispose]()
    for (const peer of Object.values(peers)) await peer.close()
  })

  const rows: readonly (readonly [what: string, to: string, outcome: 'delivered' | RegExp, text?: RegExp])[] =
    [
      ['the second of two MX hosts, the only one with TLS', 'a@two.example', 'delivered'],
      [
        'an MX host without TLS',
        'a@plain.example',
        /^5\.7\.4/,
        /mx\.plain\.example of plain\.example could not establish/,
      ],
      ['a domain without MX, but with an address', 'a@implicit.example', 'delivered'],
      ['the same without TLS', 'a@implicit-plain.example', /^5\.7\.4/, /server of implicit-plain\.example/],
      ['a null MX', 'a@null.example', /^5\.1\.10/],
      ['a null MX of another preference', 'a@odd-null.example', /^5\.1\.10/],
      ['a null MX beside another host', 'a@null-beside.example', 'delivered'],
      ['a domain that does not exist', 'a@nowhere.example', /^5\./],
      ['a DNS server that fails', 'a@broken.example', /^5\./, /DNS lookup failure/],
      [
        'an MX host without address',
        'a@homeless.example',
        /^5\.4\.4/,
        /mx\.homeless\.example has no address/,
      ],
      ['an MX that is an IP address', 'a@literal.example', 'delivered'],
      ['an MX that is an IP address, without TLS', 'a@literal-plain.example', /^5\.7\.4/],
      ['an IDN domain', 'a@bücher.example', 'delivered'],
      [
        'one MX host without address, one without TLS',
        'a@half.example',
        /^5\.7\.4/,
        /- mx\.homeless\.example: has no address/,
      ],
    ]
  /** What may end otherwise another time; with another schedule these messages would wait. */
  const NOT_KNOWN = [
    'a DNS server that fails',
    'an MX host without address',
    'one MX host without address, one without TLS',
  ]
  for (const [what, to, outcome, text] of rows) {
    it(`${what}: the command check tells the same`, async (t) => {
      if (skip || !haraka || !dns) return t.skip(skip || 'Haraka did not start')
      const place = ['--config', haraka.folder, '--dns', dns.address]
      const ran = await inProcess(['check', to, '--from', 'ann@acme.example', '--json', ...place], {
        partners: openOwnPartners,
      })
      const { verdict } = JSON.parse(ran.stdout) as PartnerCheck
      const told = NOT_KNOWN.includes(what) ? 'not-known' : 'bounced'
      assert.equal(verdict, outcome === 'delivered' ? 'delivered' : told, ran.stdout)
    })

    it(`${what}: ${outcome === 'delivered' ? 'delivered over TLS' : 'bounces'}`, async (t) => {
      if (skip || !haraka) return t.skip(skip || 'Haraka did not start')
      const subject = `row ${what}`
      const { mailbox, tls, plain } = peers as Record<'mailbox' | 'tls' | 'plain', SmtpPeer>
      const bounced = mailbox.messages.length
      await haraka.send({ from: 'ann@acme.example', to, subject })
      const arrived = () => tls.messages.find(({ data }) => data.includes(`Subject: ${subject}`))
      await haraka.until(
        () => arrived() !== undefined || mailbox.messages.length > bounced,
        `an outcome for ${what}`,
      )
      await haraka.waitForEmptyQueue()
      assert.deepEqual(plain.cleartextAfterEhlo(), [])
      if (outcome === 'delivered') {
        assert.ok(arrived()?.tls)
        assert.equal(mailbox.messages.length, bounced)
        return
      }
      const bounce = parseBounce(mailbox.messages.at(-1)?.data ?? '')
      assert.match(bounce.recipients[0]?.['status'] ?? '', outcome)
      if (text) assert.match(bounce.text.replace(/\s+/g, ' '), text)
      assert.doesNotMatch(
        mailbox.messages.at(-1)?.data ?? '',
        /row /,
        'the bounce carries nothing of the message',
      )
    })
  }
})

it('with local_mx_ok=false a host that is this machine is skipped, and the log says so', async () => {
  await using dns = await startDns({
    'acme.example': { mx: [{ preference: 10, exchange: MAILBOX }] },
    'self.example': { mx: [{ preference: 10, exchange: 'mx.self.example' }] },
    'mx.self.example': { a: [PLAIN] },
  })
  await using haraka = await startHaraka({
    config: fileStoreConfig({ 'acme.example': [{ to: ['*'] }] }),
    plugins: ['test-relay', 'dns', 'enforce-tls'],
    extraPlugins: { dns: dnsPlugin(dns) },
    outbound: { local_mx_ok: false, temp_fail_intervals: 'none' },
  })
  await haraka.send({ from: 'ann@acme.example', to: 'a@self.example' })
  await haraka.waitForLog(/attempt .*domain=self\.example .*is this machine itself, which Haraka skips/)
  assert.doesNotMatch(haraka.log, /domain=self\.example .*could not be reached/)
})
