/** The certificates that a server has sent, out of what node:tls gives. Pure. */
import type { X509Certificate } from 'node:crypto'

/** Of more, DANE looks at none. */
const CERTIFICATES_MAX = 20

/**
 * A server's certificate and those that it sent with it, in its order. That one is called the issuer of the one before
 * proves nothing: the server has chosen them.
 *
 * @param leaf of a full handshake (`getPeerX509Certificate`); after a resumed one there is nothing behind it
 */
export function sentChain(leaf: X509Certificate): readonly X509Certificate[] {
  const chain: X509Certificate[] = []
  for (let next: X509Certificate | undefined = leaf; next && chain.length < CERTIFICATES_MAX;) {
    chain.push(next)
    next = next.issuerCertificate
  }
  return chain
}
