/** What plugins answer to the hook `get_mx`: a final dot, and what names no host at all. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { makeAuthority } from '../support/certificates.js'
import { logPairs } from '../support/evidence.js'
import { startHaraka } from '../support/haraka.js'
import { parseBounce } from '../support/mail.js'
import { trustingConfig } from '../support/rules.js'
import { startPeer } from '../support/smtp-peer.js'

/** Answers by domain, as JavaScript. */
const RUBBISH: Readonly<Record<string, string>> = {
  'null.example': 'null',
  'undefined.example': 'undefined',
  'text.example': "''",
  'list.example': '[]',
  'nulls.example': '[null, undefined, 42]',
  'number.example': '42',
  'object.example': '{}',
  'url.example': "'smtp://'",
  'path.example': "{ path: '' }",
  'port.example': "{ exchange: '127.0.0.1', port: 70000 }",
  'word-port.example': "{ exchange: '127.0.0.1', port: 'smtp' }",
  'bind.example': "{ exchange: '127.0.0.1', port: 1, bind: 'no address' }",
  'function.example': '() => 1',
}

it('an MX host with a final dot is the host without it, and rubbish is told in words', async () => {
  const authority = await makeAuthority('Test CA')
  await using bank = await startPeer({ tls: await authority.issue({ dnsNames: ['mx.bank.example'] }) })
  await using acme = await startPeer()
  await using haraka = await startHaraka({
    config: trustingConfig(authority, {
      'acme.example': [{ to: ['.example'], action: { level: 'verify' } }],
    }),
    extraPlugins: {
      'test-get-mx': `
exports.register = function () { this.register_hook('get_mx', 'answer', -50) }
exports.answer = (next, hmail, domain) => {
  const answers = { ${Object.entries(RUBBISH)
    .map(([domain, answer]) => `'${domain}': ${answer}`)
    .join(', ')} }
  if (Object.hasOwn(answers, domain)) return next(OK, answers[domain])
  next()
}`,
    },
    routes: {
      'bank.example': [bank.route({ name: 'mx.bank.example.' })],
      'acme.example': [acme.route()],
    },
    outbound: { temp_fail_intervals: 'none' },
  })
  await haraka.send({ from: 'ann@acme.example', to: 'cfo@bank.example' })
  const [message] = await bank.waitForMessages(1)
  assert.equal(message?.tls?.servername, 'mx.bank.example')
  await haraka.waitForLog(/\[enforce-tls\] attempt /)
  const [attempt] = logPairs(haraka.log).filter(({ kind }) => kind === 'attempt')
  assert.equal(attempt?.['mx'], 'mx.bank.example')

  for (const domain of Object.keys(RUBBISH))
    await haraka.send({ from: 'ann@acme.example', to: `x@${domain}` })
  const bounces = await acme.waitForMessages(Object.keys(RUBBISH).length, 30_000)
  for (const [domain] of Object.entries(RUBBISH)) {
    const [raw] = bounces.filter(({ data }) => data.includes(`rfc822; x@${domain}`))
    assert.ok(raw, domain)
    const { recipients, text } = parseBounce(raw.data)
    assert.equal(recipients[0]?.['status'], '5.4.4', domain)
    const words =
      domain === 'bind.example' ? /127\.0\.0\.1 could not be reached: / : /hook get_mx\) answered OK/
    assert.match(text.replace(/\s+/g, ' '), words, domain)
  }
  assert.equal(haraka.exitCode, undefined)
  await haraka.waitForEmptyQueue()
})
