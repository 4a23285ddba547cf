import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fingerprints, makeAuthority, selfSigned } from '../support/certificates.js'
import { settableClock } from '../support/clock.js'
import { startHaraka, type Haraka } from '../support/haraka.js'
import type { Step } from '../support/peer-behaviour.js'
import { afterClientHello, cut, reset, tlsAlert } from '../support/peer-steps.js'
import { fileStoreConfig } from '../support/rules.js'
import { startPeer, type SmtpPeer } from '../support/smtp-peer.js'

const NAME = 'mx.bank.example'
const rules = {
  'acme.example': [
    { to: ['bank.example'] },
    { to: ['branch.example'], action: { level: 'encrypt', minVersion: 'TLSv1.3' } },
    { to: ['trust.example'], action: { level: 'verify' } },
  ],
}

async function start(bank: SmtpPeer, ini = '', more: Record<string, unknown> = {}): Promise<Haraka> {
  const { env, ...files } = more
  return startHaraka({
    // Each message has a connection of its own here.
    config: { ...fileStoreConfig(rules, `${ini || '[tls]\n'}connection_reuse=false\n`), ...files },
    routes: { '*': [bank.route({ name: NAME })] },
    ...(env ? { env: env as NodeJS.ProcessEnv } : {}),
  })
}

/** Sends one message, waits until it is through, and tells whether its session was resumed. */
async function delivered(haraka: Haraka, bank: SmtpPeer, domain = 'bank.example'): Promise<boolean> {
  const before = bank.messages.length
  await haraka.send({ from: 'ann@acme.example', to: `cfo@${domain}` })
  const messages = await bank.waitForMessages(before + 1)
  await haraka.waitForEmptyQueue()
  assert.equal(bank.messages.length, before + 1, bank.transcript())
  const [message] = messages.slice(-1)
  assert.deepEqual(message?.acceptedFor, [`cfo@${domain}`])
  assert.ok(message.tls, 'no message without TLS')
  return message.tls.resumed
}

describe('a TLS session', () => {
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const)
    it(`of ${version} is resumed for the next messages, and under another requirement there is a full handshake`, async () => {
      const authority = await makeAuthority('Test CA')
      const certificate = await authority.issue({ dnsNames: [NAME] })
      await using bank = await startPeer({ tls: { ...certificate, maxVersion: version } })
      await using haraka = await start(bank, '[tls]\nca=test.pem\n', { 'test.pem': authority.cert })
      assert.equal(await delivered(haraka, bank), false)
      assert.equal(await delivered(haraka, bank), true)
      assert.equal(await delivered(haraka, bank), true)
      assert.equal(await delivered(haraka, bank, 'trust.example'), false)
      assert.equal(await delivered(haraka, bank, 'trust.example'), true)
      if (version === 'TLSv1.3') assert.equal(await delivered(haraka, bank, 'branch.example'), false)
      assert.equal(await delivered(haraka, bank), true)
    })

  it('is not resumed with session_resumption=false', async () => {
    await using bank = await startPeer()
    await using haraka = await start(bank, '[tls]\nsession_resumption=false\n')
    assert.equal(await delivered(haraka, bank), false)
    assert.equal(await delivered(haraka, bank), false)
  })

  it('that the server does not know any more gives way to a full handshake', async () => {
    await using bank = await startPeer()
    await using haraka = await start(bank)
    assert.equal(await delivered(haraka, bank), false)
    await bank.behave({})
    assert.equal(await delivered(haraka, bank), false)
    assert.equal(bank.connections.length, 2)
    assert.equal(await delivered(haraka, bank), true)
  })

  const breaks: Record<string, Step> = {
    'a TLS alert': afterClientHello(tlsAlert(40)),
    'a cut connection': afterClientHello(cut),
    'a TCP reset': afterClientHello(reset),
  }
  for (const [name, step] of Object.entries(breaks))
    it(`that ends in ${name} is forgotten: the message leaves with a full handshake at once`, async () => {
      await using bank = await startPeer({
        on: {
          handshake: (session, line) => (session.number === 2 ? step(session, line) : session.proceed()),
        },
      })
      await using haraka = await start(bank)
      assert.equal(await delivered(haraka, bank), false)
      assert.equal(await delivered(haraka, bank), false)
      assert.equal(bank.connections.length, 3)
      assert.doesNotMatch(haraka.log, /handshake-failure|Temp failing|bounce/)
      assert.equal(await delivered(haraka, bank), false, 'a server that breaks is not asked again')
    })

  it('that the server takes and is then at a loss with is forgotten: the message leaves at once', async () => {
    await using bank = await startPeer({
      onSecure: { EHLO: (session) => (session.record.tls?.resumed ? session.cut() : session.proceed()) },
    })
    await using haraka = await start(bank)
    assert.equal(await delivered(haraka, bank), false)
    assert.equal(await delivered(haraka, bank), false)
    assert.equal(bank.connections.length, 3)
    assert.doesNotMatch(haraka.log, /Temp failing/)
  })

  it('does not hide that a server can do no full handshake', async () => {
    await using bank = await startPeer()
    await using haraka = await start(bank)
    assert.equal(await delivered(haraka, bank), false)
    await bank.behave({ on: { handshake: afterClientHello(tlsAlert(40)) } })
    await haraka.send({ from: 'ann@acme.example', to: 'cfo@bank.example' })
    await haraka.waitForLog(/a resumed session failed, mx\.bank\.example is tried anew/)
    await haraka.waitForLog(/result=failed mx=mx\.bank\.example address=\S+ class=handshake-failure/)
  })

  it('does not outlive the authority that its certificate was trusted for', async () => {
    const [old, other] = await Promise.all([makeAuthority('Old CA'), makeAuthority('Other CA')])
    await using bank = await startPeer({ tls: await old.issue({ dnsNames: [NAME] }) })
    const ini = (ca: string): string => `[store]\ntype=file\n[tls]\nca=${ca}\nconnection_reuse=false\n`
    await using haraka = await start(bank, '', {
      'enforce-tls.ini': ini('old.pem'),
      'old.pem': old.cert,
      'other.pem': other.cert,
    })
    assert.equal(await delivered(haraka, bank, 'trust.example'), false)
    assert.equal(await delivered(haraka, bank, 'trust.example'), true)
    haraka.writeConfig({ 'enforce-tls.ini': ini('other.pem') })
    await haraka.waitForLog(/enforce-tls\.ini was read again/)
    await haraka.send({ from: 'ann@acme.example', to: 'cfo@trust.example' })
    await haraka.waitForLog(/certificate-not-trusted/)
    assert.equal(bank.messages.filter(({ to }) => to.includes('cfo@trust.example')).length, 2)
  })

  it('does not outlive its certificate', async () => {
    const authority = await makeAuthority('Test CA')
    await using clock = settableClock()
    const soon = { notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + 3_600_000) }
    await using bank = await startPeer({ tls: await authority.issue({ dnsNames: [NAME], ...soon }) })
    await using haraka = await start(bank, '[tls]\nca=test.pem\n', {
      'test.pem': authority.cert,
      env: clock.env,
    })
    assert.equal(await delivered(haraka, bank, 'trust.example'), false)
    assert.equal(await delivered(haraka, bank, 'trust.example'), true)
    clock.set(2 * 3_600_000)
    await haraka.waitForLog(/test-clock/)
    // OpenSSL's own clock was not set, so the full handshake is in order.
    assert.equal(await delivered(haraka, bank, 'trust.example'), false)
  })

  it('of a server that has another certificate now is no way around a pinned fingerprint', async () => {
    const certificate = await selfSigned({ dnsNames: [NAME] })
    await using bank = await startPeer({ tls: certificate })
    const pinned = (fingerprint: string) =>
      fileStoreConfig(
        {
          'acme.example': [
            { to: ['bank.example'], action: { level: 'fingerprint', fingerprints: [fingerprint] } },
          ],
        },
        '[tls]\nconnection_reuse=false\n',
      )
    await using haraka = await start(bank, '', pinned(fingerprints(certificate.cert).certificate))
    assert.equal(await delivered(haraka, bank), false)
    assert.equal(await delivered(haraka, bank), true)
    haraka.writeConfig(pinned('AA:'.repeat(31) + 'AA'))
    await haraka.until(async () => {
      await haraka.send({ from: 'ann@acme.example', to: 'cfo@bank.example' })
      return haraka.log.includes('fingerprint-mismatch')
    }, 'the new rule')
  })
})
