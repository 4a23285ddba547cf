import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { selfSigned } from '../support/certificates.js'
import { startHaraka, type Haraka } from '../support/haraka.js'
import { startPeer } from '../support/smtp-peer.js'

/** Takes mail for everybody and keeps none; a sender of home.example counts as an authenticated user. */
const TAKE_ALL = `
exports.hook_mail = (next, connection, [sender]) => {
  connection.relaying = String(sender.host) === 'home.example'
  next()
}
exports.hook_rcpt = (next) => next(OK)
exports.hook_queue = (next) => next(OK, 'taken')
`

const incoming = (from: object, more: object = {}, level = 'encrypt') => ({
  name: 'Bank only over TLS',
  direction: 'incoming',
  enabled: true,
  position: 1,
  criteria: { from },
  actions: { relayWithTls: { level } },
  ...more,
})

const DOCUMENT = {
  domains: {
    'acme.example': { enabled: true },
    'watch.example': { enabled: true },
    'asleep.example': { enabled: false },
  },
  groups: { banks: ['bank.example', '.bank.example'] },
  rules: {
    'acme.example': { r1: incoming({ matchesAny: ['group:banks'], matchesNone: ['news@bank.example'] }) },
    'watch.example': { r2: incoming({ matchesAny: ['bank.example'] }, { mode: 'report' }) },
    'asleep.example': { r3: incoming({ matchesAny: ['bank.example'] }) },
    'broken.example': { r4: '{' },
  },
}

async function startReceiving(tls: boolean, ini = ''): Promise<Haraka> {
  const { key, cert } = await selfSigned({ dnsNames: ['mta.test.example'] })
  return await startHaraka({
    plugins: [...(tls ? ['tls'] : []), 'test-routes', 'take-all', 'enforce-tls'],
    extraPlugins: { 'take-all': TAKE_ALL },
    config: {
      'enforce-tls.ini': `[store]\ntype=file\n${ini}`,
      'enforce-tls.rules.json': DOCUMENT,
      'tls.ini': '',
      'tls_key.pem': key,
      'tls_cert.pem': cert,
    },
  })
}

const REFUSED = '530 5.7.0 Must issue a STARTTLS command first'

describe('incoming mail that a rule covers', () => {
  it('is refused in the clear at RCPT, for that recipient only, and taken over TLS', async () => {
    await using haraka = await startReceiving(true)
    const from = 'cfo@bank.example'

    assert.equal((await haraka.send({ from, to: 'ann@acme.example' })).reply, REFUSED)
    assert.equal((await haraka.send({ from: 'cfo@mx.Bank.Example', to: 'ann@acme.example' })).reply, REFUSED)
    const both = await haraka.send({
      from,
      to: ['joe@other.example', 'ann@acme.example', 'bob@other.example'],
    })
    assert.equal(both.code, 250)
    assert.deepEqual(both.accepted, ['joe@other.example', 'bob@other.example'])
    assert.deepEqual(both.rejected, ['ann@acme.example'])

    const secured = await haraka.send({ from, to: 'ann@acme.example', starttls: true })
    assert.equal(secured.code, 250)
    assert.match(
      haraka.log,
      /enforce-tls: rejected without TLS, by rule r1 of acme\.example \("Bank only over TLS"\)/,
    )
  })

  it('is anything that the rule does not cover: taken in the clear', async () => {
    await using haraka = await startReceiving(true)
    for (const [from, to] of [
      ['cfo@notbank.example', 'ann@acme.example'],
      ['news@bank.example', 'ann@acme.example'],
      ['', 'ann@acme.example'],
      ['cfo@bank.example', 'ann@notacme.example'],
      ['cfo@bank.example', 'ann@sub.acme.example'],
      ['cfo@bank.example', 'ann@asleep.example'],
    ] as const)
      assert.equal((await haraka.send({ from, to })).code, 250, `${from} to ${to}`)
  })

  it('is told and taken where the rule only reports', async () => {
    await using haraka = await startReceiving(true)
    assert.equal((await haraka.send({ from: 'cfo@bank.example', to: 'ann@watch.example' })).code, 250)
    await haraka.waitForLog(
      /enforce-tls: report: would have been rejected: mail of cfo@bank\.example for ann@watch\.example without TLS, by rule r2 of watch\.example/,
    )
  })

  it('is told and taken with report_only', async () => {
    await using haraka = await startReceiving(true, '[main]\nreport_only=true\n')
    assert.equal((await haraka.send({ from: 'cfo@bank.example', to: 'ann@acme.example' })).code, 250)
    await haraka.waitForLog(/enforce-tls: report: would have been rejected: .* by rule r1 of acme\.example/)
  })

  it('is refused also where Haraka offers no TLS, with a hint in the log', async () => {
    await using haraka = await startReceiving(false)
    assert.equal((await haraka.send({ from: 'cfo@bank.example', to: 'ann@acme.example' })).reply, REFUSED)
    await haraka.waitForLog(/the plugin tls is not loaded, so STARTTLS is not offered/)
  })

  it('is rejected for now while the rules are unknown', async () => {
    await using haraka = await startReceiving(true)
    const { code, reply } = await haraka.send({ from: 'cfo@bank.example', to: 'ann@broken.example' })
    assert.equal(code, 451)
    assert.match(reply, /^451 4\.3\.0 Temporary policy lookup failure, try again later/)
  })

  it('is not what our own users hand in: a session that may relay is let through', async () => {
    await using partner = await startPeer({ starttls: false })
    await using haraka = await startReceiving(true)
    haraka.setRoutes({ '*': [partner.route()] })
    const document = structuredClone(DOCUMENT) as { rules: Record<string, object> }
    document.rules['*'] = { r5: incoming({ matchesAny: ['home.example', 'bank.example'] }) }
    haraka.writeConfig({ 'enforce-tls.rules.json': document })
    assert.equal((await haraka.send({ from: 'me@home.example', to: 'x@third.example' })).code, 250)
    await partner.waitForMessages(1)
    assert.equal((await haraka.send({ from: 'cfo@bank.example', to: 'x@third.example' })).reply, REFUSED)
  })
})
