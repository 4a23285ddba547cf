import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { describe, it } from 'node:test'
import { formatChainError } from '../../../../plugins/enforce-tls/delivery/tls/format-chain-error.js'
import { makeAuthority, selfSigned, type LeafOptions } from '../../../support/certificates.js'

describe('why a certificate is not trusted, where Node.js has no name for it', () => {
  const rows: readonly (readonly [what: string, options: LeafOptions, words: RegExp])[] = [
    ['a signature with SHA-1', { signatureHash: 'SHA-1' }, /^its signature algorithm is too weak$/],
    ['an RSA key of 1024 bits', { keyType: 'rsa', keyBits: 1024 }, /^its key is too small$/],
    ['an RSA key of 2048 bits', { keyType: 'rsa' }, /gives no reason$/],
    ['nothing special', {}, /gives no reason$/],
  ]
  for (const [what, options, words] of rows)
    it(what, async () => {
      const { cert } = await (await makeAuthority('A')).issue({ dnsNames: ['a.example'], ...options })
      assert.match(formatChainError('UNSPECIFIED', new X509Certificate(cert)), words)
    })

  it('an error of its own name is told by that, whatever the certificate is', async () => {
    const { cert } = await selfSigned({ dnsNames: ['a.example'] })
    const words = (name: string) => formatChainError(name, new X509Certificate(cert))
    assert.equal(words('DEPTH_ZERO_SELF_SIGNED_CERT'), 'it is self-signed')
    assert.equal(words('CERT_REVOKED'), 'it was revoked')
    assert.equal(words('EE_KEY_TOO_SMALL'), 'its key is too small')
    assert.equal(words('SOMETHING_NEW'), 'something new')
  })
})
