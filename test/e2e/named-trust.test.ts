import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import { inProcess } from '../cli/enforce-tls.js'
import { makeAuthority, validity, type Authority, type KeyAndCertificate } from '../support/certificates.js'
import { issue } from '../support/chains.js'
import { startHaraka, type Haraka } from '../support/haraka.js'
import { fileStoreConfig, rulesDocument, storedRule, type TestRule } from '../support/rules.js'
import { until } from '../support/until.js'
import type { Listed } from '../support/waiting-scene.js'
import { startPeer, type PeerOptions, type SmtpPeer } from '../support/smtp-peer.js'

const MX = 'mx.bank.example'
/** The rules' names and domains: what each asks for. */
const RULES: readonly TestRule[] = [
  { to: ['bank.example'], name: 'Bank', action: { level: 'verify', trust: 'bank' } },
  { to: ['other.example'], name: 'Other', action: { level: 'verify', trust: 'other' } },
  { to: ['plain.example'], name: 'Plain', action: { level: 'verify' } },
  { to: ['any.example'], name: 'Any', action: { level: 'encrypt', trust: 'certificate' } },
  { to: ['loose.example'], name: 'Loose', action: { level: 'encrypt', trust: 'bank' } },
  { to: ['named.example'], name: 'Named', action: { level: 'verify', trust: 'named' } },
  { to: ['gone.example'], name: 'Gone', action: { level: 'verify', trust: 'gone' } },
  { to: ['free.example'], name: 'Free' },
  { to: ['old.example'], name: 'Old', action: { level: 'encrypt', trust: 'old' } },
  { to: ['suites.example'], name: 'Suites', action: { level: 'encrypt', trust: 'suites' } },
]
const SECTIONS = `[tls]
ca=public.pem
connection_idle=30s
[trust:bank]
ca=bank-ca.pem
cert=own.pem
key=own.key
[trust:other]
ca=other-ca.pem
[trust:certificate]
cert=own.pem
key=own.key
[trust:named]
ca=bank-ca.pem
server_name=Real.Bank.Example
[trust:old]
cert=old.pem
key=old.key
[trust:suites]
ciphers=TLS_CHACHA20_POLY1305_SHA256
groups=P-384
`

/** Of the same level, without a trust, with one and with another. */
const ONE_BY_ONE = ['free.example', 'any.example', 'suites.example']

describe('a named trust', () => {
  let bankCa: Authority, publicCa: Authority, ownCa: Authority
  let server: KeyAndCertificate, publicServer: KeyAndCertificate
  let own: KeyAndCertificate, another: KeyAndCertificate, old: KeyAndCertificate
  let expiredCa = ''

  before(async () => {
    bankCa = await makeAuthority('Bank CA')
    publicCa = await makeAuthority('Public CA')
    ownCa = await makeAuthority('Own CA')
    expiredCa = (await issue({ name: 'Old CA', from: -20, until: -10 })).pem
    server = await bankCa.issue({ dnsNames: [MX] })
    publicServer = await publicCa.issue({ dnsNames: [MX] })
    own = await ownCa.issue({ dnsNames: ['mail.acme.example'], clientOnly: true })
    another = await ownCa.issue({ dnsNames: ['mail.acme.example'] })
    old = await ownCa.issue({ dnsNames: ['mail.acme.example'], ...validity.expired() })
  })

  /** A bank that takes nothing from who shows no certificate of ours. */
  const strict = (certificate: KeyAndCertificate): PeerOptions => ({
    tls: { ...certificate, ca: ownCa.cert, requestCert: true, rejectUnauthorized: true },
  })

  async function start(bank: SmtpPeer, more: Record<string, unknown> = {}, rules = RULES): Promise<Haraka> {
    return startHaraka({
      config: {
        ...fileStoreConfig({ 'acme.example': rules }, SECTIONS),
        'public.pem': publicCa.cert,
        'bank-ca.pem': bankCa.cert,
        'other-ca.pem': ownCa.cert,
        'own.pem': own.cert,
        'own.key': own.key,
        'old.pem': old.cert,
        'old.key': old.key,
        ...more,
      },
      routes: { '*': [bank.route({ name: MX })] },
      outbound: { temp_fail_intervals: '5s*20' },
    })
  }

  const write = (haraka: Haraka, name: string, text = ''): void =>
    writeFileSync(join(haraka.folder, 'config', name), text)

  /** Sends one message, and gives the log line of its failure. */
  async function fails(haraka: Haraka, domain: string, line: RegExp): Promise<string> {
    const after = haraka.mark()
    await haraka.send({ from: 'ann@acme.example', to: `cfo@${domain}` })
    await haraka.waitForLog(new RegExp(`domain=${domain} .*${line.source}`), { after })
    return haraka.log.slice(after).replaceAll('\\"', '"')
  }

  it('delivers to a partner with its own authority that wants to see our certificate', async () => {
    await using bank = await startPeer(strict(server))
    await using haraka = await start(bank)
    await haraka.send({ from: 'ann@acme.example', to: 'cfo@bank.example' })
    const [message] = await bank.waitForMessages(1)
    assert.ok(message?.tls)
    // Without the certificate the server lets nothing in, and without the authority the server is not trusted.
    await fails(haraka, 'free.example', /handshake-failure/)
    await fails(haraka, 'plain.example', /certificate-not-trusted/)
    await fails(haraka, 'other.example', /certificate-not-trusted/)
    assert.equal(bank.messages.length, 1)
    assert.deepEqual(bank.cleartextAfterEhlo(), [])
  })

  it('trusts none but its own authorities', async () => {
    await using bank = await startPeer({ tls: publicServer })
    await using haraka = await start(bank)
    await haraka.send({ from: 'ann@acme.example', to: 'cfo@plain.example' })
    await bank.waitForMessages(1)
    await fails(haraka, 'bank.example', /certificate-not-trusted/)
    assert.equal(bank.messages.length, 1)
  })

  it('shares no connection and no session with another trust, or with none', async () => {
    await using bank = await startPeer({ tls: server })
    await using haraka = await start(bank)
    for (const domain of [...ONE_BY_ONE, ...ONE_BY_ONE]) {
      const before = bank.messages.length
      await haraka.send({ from: 'ann@acme.example', to: `cfo@${domain}` })
      await bank.waitForMessages(before + 1)
      await haraka.waitForEmptyQueue()
    }
    assert.deepEqual(
      bank.connections.map(({ messages }) => messages.flatMap(({ acceptedFor }) => acceptedFor)),
      ONE_BY_ONE.map((domain) => [`cfo@${domain}`, `cfo@${domain}`]),
    )
    assert.ok(bank.messages.every(({ tls }) => tls?.resumed === false))
  })

  it('whose authorities have changed resumes no session of before', async () => {
    await using bank = await startPeer({ tls: server })
    const config = fileStoreConfig(
      { 'acme.example': RULES },
      SECTIONS.replace('[tls]', '[tls]\nconnection_reuse=false'),
    )
    await using haraka = await start(bank, config)
    const delivered = async (count: number): Promise<boolean | undefined> => {
      await haraka.send({ from: 'ann@acme.example', to: 'cfo@bank.example' })
      return (await bank.waitForMessages(count)).at(-1)?.tls?.resumed
    }
    assert.equal(await delivered(1), false)
    assert.equal(await delivered(2), true)
    write(haraka, 'bank-ca.pem', `${ownCa.cert}\n${bankCa.cert}`)
    await passed(1100)
    assert.equal(await delivered(3), false)
    write(haraka, 'bank-ca.pem', ownCa.cert)
    await passed(1100)
    await fails(haraka, 'bank.example', /certificate-not-trusted/)
    assert.equal(bank.messages.length, 3)
  })

  it('that cannot be used makes its mail wait with words, until it can; other mail goes on', async () => {
    await using bank = await startPeer({ tls: server })
    await using haraka = await start(bank, { 'own.key': another.key })
    const waits = async (domain: string, why: RegExp): Promise<void> => {
      assert.match(await fails(haraka, domain, /trust-unusable/), why)
    }
    await waits(
      'bank.example',
      /trust "bank" of rule "Bank" of acme\.example cannot be used: key=own\.key does not belong/,
    )
    await waits('gone.example', /trust "gone" of rule "Gone" of acme\.example cannot be used: does not exist/)
    await waits('old.example', /cert=old\.pem is a certificate that expired on/)
    assert.equal(bank.connections.length, 0)
    await haraka.send({ from: 'ann@acme.example', to: 'cfo@free.example' })
    await bank.waitForMessages(1)
    write(haraka, 'own.key', own.key)
    const [, second] = await bank.waitForMessages(2)
    assert.deepEqual(second?.acceptedFor, ['cfo@bank.example'])
    rmSync(join(haraka.folder, 'config', 'bank-ca.pem'))
    await passed(1100)
    await waits('bank.example', /ca=bank-ca\.pem does not exist/)
    write(haraka, 'bank-ca.pem', 'nothing')
    await haraka.waitForLog(/trust-unusable.*ca=bank-ca\.pem contains no certificate/)
    write(haraka, 'bank-ca.pem', expiredCa)
    await haraka.waitForLog(
      /trust-unusable.*ca=bank-ca\.pem has no authority that is valid now \(expired on /,
    )
    assert.deepEqual(bank.cleartextAfterEhlo(), [])
    assert.equal(bank.messages.length, 2)
    assert.doesNotMatch(haraka.log, /PRIVATE KEY/)
  })

  it('with authorities is not for a level that does not look at them', async () => {
    await using bank = await startPeer({ tls: server })
    await using haraka = await start(bank)
    assert.match(
      await fails(haraka, 'loose.example', /trust-unusable/),
      /has ca=, but level encrypt does not look at authorities; use level verify or secure, or remove ca=/,
    )
    assert.equal(bank.connections.length, 0)
  })

  it('names the server that is asked for, and that has to be there', async () => {
    const real = await bankCa.issue({ dnsNames: ['real.bank.example'] })
    await using bank = await startPeer({ tls: real })
    await using haraka = await start(bank)
    await haraka.send({ from: 'ann@acme.example', to: 'cfo@named.example' })
    const [message] = await bank.waitForMessages(1)
    assert.equal(message?.tls?.servername, 'real.bank.example')
    await bank.behave({ tls: server })
    await haraka.stop()
    await haraka.start()
    await fails(haraka, 'named.example', /certificate-host-mismatch/)
    assert.equal(bank.messages.length, 1)
  })

  it('limits ciphers and groups', async () => {
    await using bank = await startPeer({ tls: server })
    await using haraka = await start(bank)
    await haraka.send({ from: 'ann@acme.example', to: 'cfo@suites.example' })
    await bank.waitForMessages(1)
    await haraka.waitForLog(/TLS_CHACHA20_POLY1305_SHA256/)
    await bank.behave({ tls: { ...server, ecdhCurve: 'X25519' } })
    await passed(100)
    await haraka.stop()
    await haraka.start()
    await fails(haraka, 'suites.example', /handshake-failure/)
  })

  it('of two rules for one message makes it wait with words that name both', async () => {
    await using bank = await startPeer({ tls: server })
    const owners = {
      '*': [{ to: ['bank.example'], name: 'Ours', action: { level: 'encrypt', trust: 'certificate' } }],
      'acme.example': RULES,
    }
    const config = fileStoreConfig(
      {
        ...owners,
        '*': [...owners['*'], { to: ['other.example'], name: 'All', action: { level: 'verify' } }],
      },
      SECTIONS,
    )
    await using haraka = await start(bank, config)
    assert.match(
      await fails(haraka, 'bank.example', /trust-unusable/),
      /rule "Ours" of \* requires trust "certificate", rule "Bank" of acme\.example trust "bank", and no session has both/,
    )
    assert.match(
      await fails(haraka, 'other.example', /trust-unusable/),
      /trust "other" of rule "Other" of acme\.example replaces the trusted authorities, but rule "All" of \* requires/,
    )
    assert.equal(bank.connections.length, 0)
  })

  it('that only a rule in report mode names is not told to have been fulfilled, nor broken', async () => {
    await using bank = await startPeer({ tls: publicServer })
    const rule = { ...storedRule(RULES[0] as TestRule), mode: 'report' }
    const document = { ...rulesDocument({ 'acme.example': [] }), rules: { 'acme.example': { r1: rule } } }
    await using haraka = await start(bank, { 'enforce-tls.rules.json': document })
    await haraka.send({ from: 'ann@acme.example', to: 'cfo@bank.example' })
    await bank.waitForMessages(1)
    await haraka.waitForLog(/report.*unknown.*Haraka delivered without trust bank/)
  })

  it('that cannot be used is what a message can be released from; TLS is tried all the same', async () => {
    await using bank = await startPeer({ tls: server })
    const ini = `${SECTIONS}[failure]\nallow_release=true\n`
    await using haraka = await start(bank, {
      ...fileStoreConfig({ 'acme.example': RULES }, ini),
      'own.key': another.key,
    })
    await fails(haraka, 'bank.example', /trust-unusable/)
    const queue = (...words: readonly string[]) => inProcess(['queue', ...words, '--config', haraka.folder])
    const id = await until(
      async () => {
        const listed = JSON.parse((await queue('list', '--json')).stdout) as Listed
        return listed.messages[0]?.id
      },
      { what: () => 'the message in the list of what waits', timeout: 20_000 },
    )
    const released = await queue('release', id, '--reason', 'due today', '--yes')
    assert.equal(released.code, 0, released.stdout + released.stderr)
    const [message] = await bank.waitForMessages(1)
    assert.ok(message?.tls)
  })
})

/** Files are looked at again after a second. */
async function passed(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds))
}
