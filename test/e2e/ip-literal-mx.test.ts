import assert from 'node:assert/strict'
import { it } from 'node:test'
import { makeAuthority } from '../support/certificates.js'
import { startHaraka } from '../support/haraka.js'
import { parseBounce } from '../support/mail.js'
import { trustingConfig } from '../support/rules.js'
import { startPeer, type SmtpPeer } from '../support/smtp-peer.js'

/** An MX host that is known by its address only. */
function nameless({ port }: SmtpPeer) {
  return { exchange: '127.0.0.1', port, priority: 0 }
}

it('an MX host without a name must have its address in the certificate at level verify', async () => {
  const authority = await makeAuthority('Test authority')
  await using named = await startPeer({
    tls: await authority.issue({ dnsNames: ['localhost', 'mx.bank.example'] }),
  })
  await using addressed = await startPeer({ tls: await authority.issue({ ipAddresses: ['127.0.0.1'] }) })
  await using misaddressed = await startPeer({
    // An address as a DNS name, or in the common name, is none (RFC 9525 section 6.5).
    tls: await authority.issue({ dnsNames: ['127.0.0.1'], ipAddresses: ['127.0.0.2'] }),
  })
  await using acme = await startPeer()
  await using haraka = await startHaraka({
    config: trustingConfig(authority, {
      'acme.example': [{ to: ['.example'], action: { level: 'verify' } }],
    }),
    routes: {
      'named.example': [nameless(named)],
      'addressed.example': [nameless(addressed)],
      'misaddressed.example': [nameless(misaddressed)],
      'acme.example': [acme.route()],
    },
  })
  for (const domain of ['named.example', 'addressed.example', 'misaddressed.example'])
    await haraka.send({ from: 'ann@acme.example', to: `cfo@${domain}` })
  await addressed.waitForMessages()
  await acme.waitForMessages(2)
  await haraka.waitForEmptyQueue()

  assert.equal(addressed.messages[0]?.tls?.servername, undefined, 'an address is no name for SNI')
  assert.equal(named.received.length, 0)
  assert.equal(misaddressed.received.length, 0)
  for (const { data } of acme.messages) {
    const [fields] = parseBounce(data).recipients
    assert.equal(fields?.['status'], '5.7.5')
    assert.match(fields['diagnostic-code'] ?? '', /certificate-host-mismatch: .* not for 127\.0\.0\.1$/)
  }
})
