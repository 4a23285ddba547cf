/**
 * Whether a chain that a server has shown leads to an authority that this server trusts, for a session whose
 * handshake was another's: what OpenSSL found there, with the authorities that it had, and each link anew with ours.
 */
import { X509Certificate } from 'node:crypto'
import type { InPieces } from '../../work/pieces.js'

const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g
/** A chain of more is none of this world. */
const LINKS_MAX = 10
/** RFC 5280 section 4.2.1.12: a server's certificate, and any purpose. */
const SERVER_PURPOSES = ['1.3.6.1.5.5.7.3.1', '2.5.29.37.0']
/** What OpenSSL says where it does not know the authority: ours may be another. */
const UNKNOWN_ISSUER = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])
/** How many authorities are read between two yields. */
const PIECE = 10

/** The trusted authorities, read. */
export class Authorities {
  readonly #bySubject = new Map<string, X509Certificate[]>()

  /** Reads PEM texts, in pieces; what can't be read is nobody's authority. */
  static *reading(anchors: readonly string[]): InPieces<Authorities> {
    const read = new Authorities()
    let count = 0
    for (const text of anchors) {
      for (const [pem] of text.matchAll(PEM)) {
        read.#add(pem)
        if (++count % PIECE === 0) yield
      }
    }
    return read
  }

  /** The authority that has issued a certificate, or is that certificate; `null` for none of them. */
  of(certificate: X509Certificate): X509Certificate | null {
    const itself = this.#bySubject.get(certificate.subject) ?? []
    if (itself.some(({ fingerprint256 }) => fingerprint256 === certificate.fingerprint256)) return certificate
    const named = this.#bySubject.get(certificate.issuer) ?? []
    return named.find((authority) => isIssuedBy(certificate, authority)) ?? null
  }

  #add(pem: string): void {
    try {
      const certificate = new X509Certificate(pem)
      const others = this.#bySubject.get(certificate.subject) ?? []
      this.#bySubject.set(certificate.subject, [...others, certificate])
    } catch {
      // OpenSSL leaves it out of a bundle, too.
    }
  }
}

/**
 * What is wrong with a chain, in OpenSSL's words; empty for a trusted one, `null` where that is unknown.
 *
 * @param leaf with the chain that the server sent, as `issuerCertificate`
 * @param found what the handshake itself found, with its own authorities; `null` where it did not look
 * @param now in milliseconds since 1970
 */
export function chainError(
  leaf: X509Certificate,
  found: string | null,
  authorities: Authorities,
  now: number,
): string | null {
  const own = ownChainError(leaf, authorities, now)
  if (own !== '' || found === '' || found === null || UNKNOWN_ISSUER.has(found)) return own
  // OpenSSL has seen something that is not looked at here.
  return null
}

function ownChainError(leaf: X509Certificate, authorities: Authorities, now: number): string | null {
  // Missing where the extension is, whatever its type says.
  const purposes = leaf.keyUsage as readonly string[] | undefined
  if (purposes !== undefined && !purposes.some((purpose) => SERVER_PURPOSES.includes(purpose)))
    return 'INVALID_PURPOSE'
  let certificate = leaf
  for (let link = 0; link < LINKS_MAX; link++) {
    const outOfDate = dateError(certificate, now)
    if (outOfDate !== '') return outOfDate
    const authority = authorities.of(certificate)
    if (authority) return authority === certificate ? '' : dateError(authority, now)
    const issuer = certificate.issuerCertificate
    if (!issuer || issuer.fingerprint256 === certificate.fingerprint256) return notFound(certificate, link)
    if (!isIssuedBy(certificate, issuer)) return null
    if (!issuer.ca) return 'INVALID_CA'
    certificate = issuer
  }
  return null
}

function notFound(last: X509Certificate, link: number): string {
  if (!isIssuedBy(last, last)) return 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'
  return link === 0 ? 'DEPTH_ZERO_SELF_SIGNED_CERT' : 'SELF_SIGNED_CERT_IN_CHAIN'
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)
}

function dateError({ validFrom, validTo }: X509Certificate, now: number): string {
  if (!(Date.parse(validTo) >= now)) return 'CERT_HAS_EXPIRED'
  return Date.parse(validFrom) <= now ? '' : 'CERT_NOT_YET_VALID'
}
