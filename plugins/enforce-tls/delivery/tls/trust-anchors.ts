/**
 * The certificate authorities that levels `verify` and `secure` trust: the system's, those of
 * `NODE_EXTRA_CA_CERTS`, and those of `[tls] ca`. Read once; a `[tls] ca` that can't be read, or holds no
 * certificate, throws.
 */
import { readFileSync } from 'node:fs'
import { rootCertificates } from 'node:tls'

/** Where systems keep their bundle; the variable is OpenSSL's own. */
const BUNDLES = [
  process.env['SSL_CERT_FILE'],
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
]

/**
 * The trusted authorities, as PEM texts.
 *
 * @param extra path of a PEM file, or empty
 * @throws when the extra file can't be read or holds no certificate.
 */
export function trustAnchors(extra: string): string[] {
  const anchors = [...systemAnchors(), ...nodeAnchors()]
  if (extra === '') return anchors
  const pem = readFileSync(extra, 'utf8')
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) throw new Error(`${extra} contains no PEM certificate`)
  return [...anchors, pem]
}

/** The system's bundle; where there is none, the one that Node.js brings (Mozilla's). */
function systemAnchors(): string[] {
  for (const file of BUNDLES) {
    if (!file) continue
    try {
      return [readFileSync(file, 'utf8')]
    } catch {
      // The next place has its turn.
    }
  }
  return [...rootCertificates]
}

/** Node.js adds these to its own list alone, and warns at start where it can't read them. */
function nodeAnchors(): string[] {
  const file = process.env['NODE_EXTRA_CA_CERTS']
  if (!file) return []
  try {
    return [readFileSync(file, 'utf8')]
  } catch {
    return []
  }
}
