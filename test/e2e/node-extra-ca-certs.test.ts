import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { makeAuthority } from '../support/certificates.js'
import { startHaraka } from '../support/haraka.js'
import { rulesDocument } from '../support/rules.js'
import { startPeer } from '../support/smtp-peer.js'
import { TemporaryFolder } from '../support/temporary-folder.js'

it('authorities of NODE_EXTRA_CA_CERTS are trusted, and no others', async () => {
  await using folder = new TemporaryFolder('ca')
  const [company, stranger] = [await makeAuthority('Company'), await makeAuthority('Stranger')]
  const file = join(folder.path, 'company.pem')
  writeFileSync(file, company.cert)
  await using bank = await startPeer({ tls: await company.issue({ dnsNames: ['mx.bank.example'] }) })
  await using clinic = await startPeer({ tls: await stranger.issue({ dnsNames: ['mx.clinic.example'] }) })
  await using acme = await startPeer()
  await using haraka = await startHaraka({
    env: { NODE_EXTRA_CA_CERTS: file },
    config: {
      'enforce-tls.ini': '[store]\ntype=file\n',
      'enforce-tls.rules.json': rulesDocument({
        'acme.example': [{ to: ['bank.example', 'clinic.example'], action: { level: 'verify' } }],
      }),
    },
    routes: {
      'bank.example': [bank.route({ name: 'mx.bank.example' })],
      'clinic.example': [clinic.route({ name: 'mx.clinic.example' })],
      'acme.example': [acme.route()],
    },
  })
  for (const domain of ['bank.example', 'clinic.example'])
    await haraka.send({ from: 'ann@acme.example', to: `cfo@${domain}` })
  await bank.waitForMessages(1)
  await acme.waitForMessages(1)
  assert.equal(clinic.messages.length, 0)
})
