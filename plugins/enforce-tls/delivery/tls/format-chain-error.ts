/** Why a certificate is not trusted, as a person reads it: OpenSSL's verification errors in words. Pure. */
import type { X509Certificate } from 'node:crypto'
import { elementAt } from './session-der.js'

const WEAK_ALGORITHM = 'its signature algorithm is too weak'
const SMALL_KEY = 'its key is too small'
const TOO_LONG = 'its chain is too long'
const NOT_KNOWN = 'its issuer is unknown'
const NO_AUTHORITY = 'its authority is not trusted for mail servers'

/** By the name that OpenSSL or Node.js has for the error. */
const WORDS: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: NOT_KNOWN,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: NOT_KNOWN,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: `${NOT_KNOWN}, or its server does not send the whole chain`,
  UNABLE_TO_GET_ISSUER_CERT: 'its chain is incomplete',
  CERT_NOT_YET_VALID: 'it is not valid yet',
  CERT_HAS_EXPIRED: 'it has expired',
  CERT_REVOKED: 'it was revoked',
  CERT_SIGNATURE_FAILURE: 'its signature is wrong',
  INVALID_PURPOSE: 'it is not meant for a server',
  INVALID_CA: 'it was issued by a certificate that may not issue any',
  PATH_LENGTH_EXCEEDED: TOO_LONG,
  CERT_CHAIN_TOO_LONG: TOO_LONG,
  CERT_UNTRUSTED: NO_AUTHORITY,
  CERT_REJECTED: NO_AUTHORITY,
  CA_MD_TOO_WEAK: WEAK_ALGORITHM,
  EE_KEY_TOO_SMALL: SMALL_KEY,
  CA_KEY_TOO_SMALL: "its issuer's key is too small",
}

/** Bits below which OpenSSL's security level 2 refuses a key of RSA, DSA or DH. */
const SMALL = 2048
/** Contents of the identifiers of signatures with MD2, MD5 and SHA-1 (RFC 3279 section 2.2), in hex. */
const WEAK_SIGNATURES = new Set([
  '2a864886f70d010102',
  '2a864886f70d010104',
  '2a864886f70d010105',
  '2a8648ce380403',
  '2a8648ce3d0401',
])

/**
 * The reason, as the end of a sentence that names the certificate.
 *
 * @param chainError OpenSSL's name for it
 */
export function formatChainError(chainError: string, certificate: X509Certificate | undefined): string {
  const words = WORDS[chainError]
  if (words !== undefined) return words
  // Node.js has no name for the newer errors, those of what is too weak: the certificate itself says it.
  if (chainError === 'UNSPECIFIED' && certificate)
    return tooWeak(certificate) ?? 'it does not pass the checks of OpenSSL, which gives no reason'
  return chainError.toLowerCase().replaceAll('_', ' ')
}

function tooWeak(certificate: X509Certificate): string | null {
  if (isWeaklySigned(certificate)) return WEAK_ALGORITHM
  const { modulusLength } = certificate.publicKey.asymmetricKeyDetails ?? {}
  if (modulusLength !== undefined && modulusLength < SMALL) return SMALL_KEY
  for (let link = issuerOf(certificate); link; link = issuerOf(link))
    if (isWeaklySigned(link)) return `the signature algorithm of its issuer is too weak`
  return null
}

/** The next certificate that the server sent; nothing behind a self-signed one, whose signature proves nothing. */
function issuerOf({ issuerCertificate }: X509Certificate): X509Certificate | undefined {
  return issuerCertificate && issuerCertificate.subject !== issuerCertificate.issuer
    ? issuerCertificate
    : undefined
}

/** X.509's Certificate is a sequence of what is signed, the algorithm's identifier, and the signature. */
function isWeaklySigned({ raw }: X509Certificate): boolean {
  const whole = elementAt(raw, 0)
  const signed = whole && elementAt(raw, whole.content)
  const algorithm = signed && elementAt(raw, signed.end)
  const identifier = algorithm && elementAt(raw, algorithm.content)
  if (!identifier) return false
  return WEAK_SIGNATURES.has(raw.subarray(identifier.content, identifier.end).toString('hex'))
}
