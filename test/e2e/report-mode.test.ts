import assert from 'node:assert/strict'
import { it } from 'node:test'
import { startHaraka } from '../support/haraka.js'
import { fileStoreConfig, rulesDocument, storedRule } from '../support/rules.js'
import { startPeer } from '../support/smtp-peer.js'

it('a rule in mode report changes no delivery, and tells what would have bounced', async () => {
  await using plain = await startPeer({ starttls: false })
  await using secure = await startPeer()
  const document = rulesDocument({ 'acme.example': [] })
  await using haraka = await startHaraka({
    config: {
      'enforce-tls.ini': '[store]\ntype=file\n',
      'enforce-tls.rules.json': {
        ...document,
        rules: {
          'acme.example': {
            r1: { ...storedRule({ to: ['bank.example', 'clinic.example'], name: 'Try it' }), mode: 'report' },
            r2: {
              ...storedRule({ to: ['ceo@clinic.example'], action: { level: 'verify' }, position: 2 }),
              mode: 'report',
            },
          },
        },
      },
    },
    routes: { 'bank.example': [plain.route()], '*': [secure.route()] },
  })
  await haraka.send({ from: 'ann@acme.example', to: ['cfo@bank.example', 'ceo@bank.example'] })
  const [message] = await plain.waitForMessages(1)
  assert.deepEqual(message?.to, ['cfo@bank.example', 'ceo@bank.example'], 'in one piece, as without a rule')
  await haraka.waitForLog(
    /enforce-tls: report: encrypt would be required for cfo@bank\.example, ceo@bank\.example, by rule r1 of acme\.example \("Try it"\)/,
  )
  await haraka.waitForLog(
    /enforce-tls: report: would have bounced: \S+ accepted the message for cfo@bank\.example, ceo@bank\.example without TLS, by rule r1 of acme\.example/,
  )
  await haraka.send({ from: 'ann@acme.example', to: ['ceo@clinic.example', 'lab@clinic.example'] })
  await secure.waitForMessages(1)
  await haraka.waitForLog(
    /enforce-tls: report: would have been delivered: \S+ accepted the message for ceo@clinic\.example, lab@clinic\.example over TLS, by rule r1/,
  )
  await haraka.waitForLog(
    /enforce-tls: report: would have bounced: \S+ accepted the message for ceo@clinic\.example over TLS; it has a certificate that is not trusted: it is self-signed \(certificate-not-trusted\), by rule r2/,
  )
  await haraka.waitForEmptyQueue()
  assert.equal(plain.messages.length + secure.messages.length, 2, 'no bounce')
})

it('report_only holds nothing, divides nothing, and tells what would have bounced', async () => {
  await using plain = await startPeer({ starttls: false })
  await using haraka = await startHaraka({
    config: fileStoreConfig({ 'acme.example': [{ to: ['cfo@bank.example'] }] }, '[main]\nreport_only=true\n'),
    routes: { '*': [plain.route()] },
  })
  await haraka.send({ from: 'ann@acme.example', to: ['cfo@bank.example', 'joe@bank.example'] })
  const [message] = await plain.waitForMessages(1)
  assert.deepEqual(message?.to, ['cfo@bank.example', 'joe@bank.example'])
  await haraka.waitForLog(
    /enforce-tls: report: would have bounced: \S+ accepted the message for cfo@bank\.example without TLS, by rule rule1/,
  )
  await haraka.waitForEmptyQueue()
  assert.equal(plain.messages.length, 1)
})
