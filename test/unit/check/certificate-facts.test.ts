import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { describe, it } from 'node:test'
import { certificateFacts } from '../../../plugins/enforce-tls/check/certificate-facts.js'
import { levelsOf } from '../../../plugins/enforce-tls/check/verdict.js'
import { requirementOfAction } from '../../../plugins/enforce-tls/rules/requirement.js'
import { fingerprints, selfSigned } from '../../support/certificates.js'

const DAY_MS = 86_400_000
const NOW = new Date('2026-06-15T12:00:00Z')

async function peer(options: Parameters<typeof selfSigned>[0], chainError = '') {
  const { cert } = await selfSigned(options)
  return { cert, certificate: new X509Certificate(cert), chainError }
}

describe('the facts of a certificate', () => {
  it('are its names, key, time and fingerprints', async () => {
    const identity = await peer({
      dnsNames: ['mx.bank.example', '*.bank.example'],
      ipAddresses: ['192.0.2.1'],
      commonName: 'Bank',
      notBefore: new Date(NOW.getTime() - DAY_MS),
      notAfter: new Date(NOW.getTime() + 9.5 * DAY_MS),
    })
    assert.deepEqual(certificateFacts(identity, NOW), {
      subject: 'CN=Bank',
      issuer: 'CN=Bank',
      names: ['mx.bank.example', '*.bank.example', '192.0.2.1'],
      validFrom: '2026-06-14T12:00:00.000Z',
      validTo: '2026-06-25T00:00:00.000Z',
      daysLeft: 9,
      key: { type: 'ec', bits: 256, curve: 'prime256v1' },
      chain: { trusted: true, problem: null },
      fingerprints: fingerprints(identity.cert),
    })
  })

  it('are the bits of an RSA key, and the problem of the chain in words', async () => {
    const facts = certificateFacts(
      await peer({ dnsNames: ['mx'], keyType: 'rsa' }, 'DEPTH_ZERO_SELF_SIGNED_CERT'),
      NOW,
    )
    assert.deepEqual(facts?.key, { type: 'rsa', bits: 2048, curve: null })
    assert.deepEqual(facts.chain, { trusted: false, problem: 'it is self-signed' })
  })

  it('are none without a certificate, and no names without a subjectAltName', async () => {
    assert.equal(certificateFacts({ certificate: undefined, chainError: '' }, NOW), null)
    assert.deepEqual(certificateFacts(await peer({}), NOW)?.names, [])
  })

  it('do not take a name that a hostile one quotes for a name of its own', async () => {
    const facts = certificateFacts(await peer({ dnsNames: ['a.example, DNS:bank.example'] }), NOW)
    assert.deepEqual(facts?.names, ['"a.example\\u002c DNS:bank.example"'])
  })
})

describe('the levels that a certificate fulfils', () => {
  const requirement = requirementOfAction({ level: 'encrypt' }, 'bank.example')
  const table = (levels: ReturnType<typeof levelsOf>) =>
    Object.fromEntries(levels.map(({ level, passes, class: name }) => [level, passes || name]))

  it('leave fingerprint out where none is listed', async () => {
    const levels = levelsOf(
      await peer({ dnsNames: ['mx.bank.example'] }),
      { domain: 'bank.example', requirement },
      'mx.bank.example',
    )
    assert.deepEqual(table(levels), { encrypt: true, verify: true, secure: true })
  })

  it('are told with fingerprints and names that are listed for a look', async () => {
    const identity = await peer({ dnsNames: ['mx.provider.example'] })
    const also = { fingerprints: [fingerprints(identity.cert).publicKey], names: ['.provider.example'] }
    const question = { domain: 'bank.example', requirement }
    assert.deepEqual(table(levelsOf(identity, { ...question, also }, 'mx.bank.example')), {
      encrypt: true,
      fingerprint: true,
      verify: 'certificate-host-mismatch',
      secure: true,
    })
    assert.deepEqual(table(levelsOf(identity, question, 'mx.provider.example')), {
      encrypt: true,
      verify: true,
      secure: 'certificate-host-mismatch',
    })
  })
})
