import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { PartnerCheck } from '../../plugins/enforce-tls/check/types.js'
import { openOwnPartners } from '../../plugins/enforce-tls/cli/partners.js'
import { inProcess } from '../cli/enforce-tls.js'
import {
  fingerprints,
  makeAuthority,
  selfSigned,
  validity,
  type Authority,
  type KeyAndCertificate,
} from '../support/certificates.js'
import { packagesMissing } from '../support/debian-package.js'
import { startDns, type DnsServer } from '../support/dns-server.js'
import { startExim } from '../support/exim-server.js'
import { startHaraka, type Haraka } from '../support/haraka.js'
import { parseBounce } from '../support/mail.js'
import { postfixImpossible, startPostfix } from '../support/postfix-server.js'
import type { RealPeer, RealPeerOptions } from '../support/real-peer.js'
import { fileStoreConfig, type TestRule } from '../support/rules.js'
import { startPeer, type SmtpPeer } from '../support/smtp-peer.js'
import { TemporaryFolder } from '../support/temporary-folder.js'

/** The host belongs to somebody else than the recipients' domains, as with most hosted mail. */
const MX = 'mx.provider.example'
const PINNED = { level: 'fingerprint' }

/** What the rule of each level says of a server with this certificate. */
const LEVELS = {
  encrypt: () => ({ level: 'encrypt' }),
  'encrypt with TLS 1.3': () => ({ level: 'encrypt', minVersion: 'TLSv1.3' }),
  'fingerprint of the certificate': (own) => ({ ...PINNED, fingerprints: [own.certificate] }),
  'fingerprint of the public key': (own) => ({ ...PINNED, fingerprints: [own.publicKey] }),
  'fingerprint of another certificate': () => ({ ...PINNED, fingerprints: ['AB'.repeat(32)] }),
  verify: () => ({ level: 'verify' }),
  secure: () => ({ level: 'secure' }),
  'secure with the MX host listed': () => ({ level: 'secure', names: [MX] }),
} as const satisfies Record<string, (own: ReturnType<typeof fingerprints>) => Record<string, unknown>>

type LevelName = keyof typeof LEVELS
const LEVEL_NAMES = Object.keys(LEVELS) as LevelName[]

/** `TLSv1.3` for a message delivered over it, or the class of the failure that the bounce tells. */
type Outcome = string

interface SetUp {
  readonly name: string
  readonly certificate?: (authority: Authority) => Promise<KeyAndCertificate>
  readonly onlyVersion?: 'TLSv1.2'
  readonly outcomes: Readonly<Record<LevelName, Outcome>>
}

const SET_UPS: readonly SetUp[] = [
  { name: 'TLS off', outcomes: forAll('starttls-not-supported') },
  {
    name: 'a self-signed certificate',
    certificate: () => selfSigned({ dnsNames: [MX] }),
    outcomes: {
      ...forAll('TLSv1.3'),
      'fingerprint of another certificate': 'fingerprint-mismatch',
      verify: 'certificate-not-trusted',
      secure: 'certificate-not-trusted',
      'secure with the MX host listed': 'certificate-not-trusted',
    },
  },
  {
    name: 'a trusted certificate for the MX host',
    certificate: (authority) => authority.issue({ dnsNames: [MX] }),
    outcomes: {
      ...forAll('TLSv1.3'),
      'fingerprint of another certificate': 'fingerprint-mismatch',
      secure: 'certificate-host-mismatch',
    },
  },
  {
    name: 'a trusted certificate for another host',
    certificate: (authority) => authority.issue({ dnsNames: ['mx.somebody-else.example'] }),
    outcomes: {
      ...forAll('TLSv1.3'),
      'fingerprint of another certificate': 'fingerprint-mismatch',
      verify: 'certificate-host-mismatch',
      secure: 'certificate-host-mismatch',
      'secure with the MX host listed': 'certificate-host-mismatch',
    },
  },
  {
    name: 'an expired certificate for the MX host',
    certificate: (authority) => authority.issue({ dnsNames: [MX], ...validity.expired() }),
    outcomes: {
      ...forAll('TLSv1.3'),
      'fingerprint of another certificate': 'fingerprint-mismatch',
      verify: 'certificate-expired',
      secure: 'certificate-expired',
      'secure with the MX host listed': 'certificate-expired',
    },
  },
  {
    name: 'TLS 1.2 only',
    certificate: (authority) => authority.issue({ dnsNames: [MX] }),
    onlyVersion: 'TLSv1.2',
    outcomes: {
      ...forAll('TLSv1.2'),
      'encrypt with TLS 1.3': 'handshake-failure',
      'fingerprint of another certificate': 'fingerprint-mismatch',
      secure: 'certificate-host-mismatch',
    },
  },
]

const RECEIVERS: readonly {
  readonly name: string
  readonly impossible: string | false
  start(options: RealPeerOptions): Promise<RealPeer>
}[] = [
  { name: 'Postfix', impossible: packagesMissing() || postfixImpossible(), start: startPostfix },
  { name: 'Exim', impossible: packagesMissing(), start: startExim },
]

describe('real receiving servers', () => {
  const certificates = new Map<SetUp, KeyAndCertificate>()
  let mailbox: SmtpPeer
  let haraka: Haraka
  let dns: DnsServer
  const opened: AsyncDisposable[] = []

  before(async () => {
    const folder = new TemporaryFolder('authority')
    opened.push(folder)
    const authority = await makeAuthority('Test CA')
    const ca = join(folder.path, 'ca.pem')
    writeFileSync(ca, authority.cert)
    for (const setUp of SET_UPS) {
      const made = await setUp.certificate?.(authority)
      if (made) certificates.set(setUp, made)
    }
    mailbox = await startPeer()
    opened.push(mailbox)
    haraka = await startHaraka({
      config: fileStoreConfig({ 'acme.example': SET_UPS.flatMap(rulesOf) }, `[tls]\nca=${ca}\n`),
      routes: { 'acme.example': [mailbox.route()] },
    })
    opened.push(haraka)
    dns = await startDns({ [MX]: { a: ['127.0.0.1'] } })
    opened.push(dns)
  })
  after(async () => {
    for (const each of opened.reverse()) await each[Symbol.asyncDispose]()
  })

  /** One rule for each level; servers of both kinds have the same certificate. */
  function rulesOf(setUp: SetUp): TestRule[] {
    const own = certificates.get(setUp)
    const known = own ? fingerprints(own.cert) : { certificate: 'CD'.repeat(32), publicKey: 'EF'.repeat(32) }
    return LEVEL_NAMES.map((level) => ({
      to: RECEIVERS.map((receiver) => domainOf(receiver.name, setUp, level)),
      name: level,
      action: LEVELS[level](known),
    }))
  }

  for (const receiver of RECEIVERS) {
    describe(receiver.name, { skip: receiver.impossible }, () => {
      for (const setUp of SET_UPS) {
        describe(`with ${setUp.name}`, () => {
          let server: RealPeer
          before(async () => {
            const certificate = certificates.get(setUp)
            const { onlyVersion } = setUp
            server = await receiver.start({
              hostname: MX,
              ...(certificate && { certificate }),
              ...(onlyVersion && { onlyVersion }),
            })
            haraka.setRoutes({ '*': [server.route()], 'acme.example': [mailbox.route()] })
            for (const level of LEVEL_NAMES)
              await haraka.send({
                from: 'ann@acme.example',
                to: `cfo@${domainOf(receiver.name, setUp, level)}`,
              })
          })
          after(() => server.close())

          for (const level of LEVEL_NAMES) {
            const outcome = setUp.outcomes[level]
            const to = `cfo@${domainOf(receiver.name, setUp, level)}`
            const received = () => server.received().filter(({ recipient }) => recipient === to)
            const bounces = () => bouncesFor(mailbox, to)

            if (outcome.startsWith('TLSv1'))
              it(`gets the message over ${outcome} at level ${level}`, async () => {
                await haraka.until(() => received().length + bounces().length > 0, `an outcome for ${to}`)
                assert.deepEqual(
                  received().map(({ tls }) => tls),
                  [outcome],
                )
              })
            else
              it(`gets nothing at level ${level}, and the bounce says ${outcome}`, async () => {
                await haraka.until(() => received().length + bounces().length > 0, `an outcome for ${to}`)
                const [bounce] = bounces()
                assert.equal(bounce?.['status'], outcome.startsWith('starttls') ? '5.7.4' : '5.7.5')
                assert.match(bounce['diagnostic-code'] ?? '', new RegExp(`^x-enforce-tls; ${outcome}: `))
                assert.match(bounce['x-enforce-tls-result'] ?? '', new RegExp(`^${outcome} `))
                assert.equal(bounce['remote-mta'], `dns; ${MX}`)
              })
          }

          it('is told beforehand by the command check, at every level', async () => {
            const place = ['--config', haraka.folder, '--dns', dns.address, '--from', 'ann@acme.example']
            const told: Record<string, Outcome> = {}
            for (const level of LEVEL_NAMES) {
              const to = `cfo@${domainOf(receiver.name, setUp, level)}`
              const mx = `${MX}:${server.route().port ?? 0}`
              const ran = await inProcess(['check', to, '--mx', mx, '--json', ...place], {
                partners: openOwnPartners,
              })
              const { hosts, verdict } = JSON.parse(ran.stdout) as PartnerCheck
              const [host] = hosts
              assert.equal(ran.code, verdict === 'delivered' ? 0 : 1)
              told[level] = (verdict === 'delivered' ? host?.protocol : host?.failure?.class) ?? verdict
            }
            assert.deepEqual(told, setUp.outcomes)
          })

          it('has each message once, and heard of none in the clear', async () => {
            await haraka.waitForEmptyQueue()
            const delivered = LEVEL_NAMES.filter((level) => setUp.outcomes[level].startsWith('TLSv1'))
            const recipients = (levels: readonly LevelName[]): string[] =>
              levels.map((level) => `cfo@${domainOf(receiver.name, setUp, level)}`).sort()
            const inTheBox = (): string[] =>
              server
                .received()
                .map(({ recipient }) => recipient)
                .sort()
            assert.deepEqual(inTheBox(), recipients(delivered))
            assert.equal(server.taken(), delivered.length, server.log)
            assert.deepEqual(server.mailInTheClear(), [])
            for (const level of LEVEL_NAMES) {
              const [to = ''] = recipients([level])
              assert.equal(bouncesFor(mailbox, to).length, delivered.includes(level) ? 0 : 1, to)
            }
          })

          if (!setUp.certificate)
            it('gets what no rule covers in the clear, and its log says so', async () => {
              await haraka.send({ from: 'ann@acme.example', to: 'joe@third.example' })
              await haraka.until(() => server.received().length > 0, 'the message that no rule covers')
              assert.deepEqual(
                server.received().map(({ recipient, tls }) => [recipient, tls]),
                [['joe@third.example', undefined]],
              )
              assert.equal(server.mailInTheClear().length, 1)
              assert.equal(server.taken(), 1)
            })
        })
      }
    })
  }
})

function forAll(outcome: Outcome): Record<LevelName, Outcome> {
  return Object.fromEntries(LEVEL_NAMES.map((level) => [level, outcome])) as Record<LevelName, Outcome>
}

function domainOf(receiver: string, setUp: SetUp, level: LevelName): string {
  const label = (words: string): string => words.toLowerCase().replace(/[^a-z0-9]+/g, '-')
  return [level, setUp.name, receiver, 'example'].map(label).join('.')
}

/** The delivery-status fields of every bounce about this recipient. */
function bouncesFor(mailbox: SmtpPeer, recipient: string): Readonly<Record<string, string>>[] {
  return mailbox.messages
    .flatMap(({ data }) => parseBounce(data).recipients)
    .filter((fields) => fields['final-recipient'] === `rfc822; ${recipient}`)
}
