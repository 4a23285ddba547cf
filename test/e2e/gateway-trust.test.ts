/** A gateway with a trust of its own: an authority of its own, and mail only for who shows a certificate that it knows. */
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { makeAuthority } from '../support/certificates.js'
import { startHaraka } from '../support/haraka.js'
import { fileStoreConfig } from '../support/rules.js'
import { startPeer } from '../support/smtp-peer.js'

it('mail goes through a gateway with the trust that the gateway names, and waits where that cannot be used', async () => {
  const ca = await makeAuthority('Relay CA')
  const own = await ca.issue({ dnsNames: ['mta.acme.example'], clientOnly: true })
  const server = await ca.issue({ ipAddresses: ['127.0.0.1'] })
  await using relay = await startPeer({
    tls: { ...server, ca: ca.cert, requestCert: true, rejectUnauthorized: true },
  })
  const action = { level: 'encrypt', via: 'relay' }
  const ini = [
    '[gateways]',
    `relay=smtp://127.0.0.1:${relay.port}?trust=gw`,
    `plain=smtp://127.0.0.1:${relay.port}`,
    '[trust:gw]',
    'ca=gw-ca.pem',
    'cert=own.pem',
    'key=own.key',
    '[tls]',
    'connection_reuse=false',
    '',
  ].join('\n')
  await using haraka = await startHaraka({
    config: {
      ...fileStoreConfig(
        {
          'acme.example': [
            { to: ['bank.example'], name: 'Bank', action },
            { to: ['plain.example'], name: 'Plain', action: { ...action, via: 'plain' } },
          ],
        },
        ini,
      ),
      'gw-ca.pem': ca.cert,
      'own.pem': own.cert,
      'own.key': own.key,
    },
    outbound: { temp_fail_intervals: '5s*10' },
  })
  await haraka.send({ from: 'ann@acme.example', to: 'cfo@bank.example' })
  await relay.waitForMessages(1)
  await haraka.send({ from: 'ann@acme.example', to: 'cfo@plain.example' })
  await haraka.waitForLog(/domain=plain\.example .*certificate that is not trusted/)
  rmSync(join(haraka.folder, 'config', 'own.key'))
  await new Promise((resolve) => setTimeout(resolve, 1100))
  await haraka.send({ from: 'ann@acme.example', to: 'cfo@bank.example' })
  await haraka.waitForLog(/domain=bank\.example .*gateway-unavailable.*key=own\.key does not exist/)
  assert.equal(relay.messages.length, 1)
  haraka.writeConfig({ 'own.key': own.key })
  await relay.waitForMessages(2)
  assert.deepEqual(relay.cleartextAfterEhlo(), [])
})
