/** Chains of certificates of any shape, sound or not, and TLSA records of them. */
import 'reflect-metadata'
import { createHash, randomBytes, webcrypto, X509Certificate } from 'node:crypto'
import * as x509 from '@peculiar/x509'
import type { TlsaRecord } from '../../plugins/enforce-tls/dns/answer.js'

x509.cryptoProvider.set(webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0])

const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const DAY = 86_400_000

export interface Wanted {
  readonly name: string
  /** @default itself */
  readonly by?: Issued
  /** Says that this one is its issuer, whoever has signed. */
  readonly claims?: Issued
  /** The key, of another certificate. @default a new one */
  readonly keysOf?: Issued
  /** @default true */
  readonly ca?: boolean
  readonly pathLength?: number
  /** DNS names of the subjectAltName. */
  readonly names?: readonly string[]
  /** Days from now. @default -10 */
  readonly from?: number
  /** Days from now. @default 10 */
  readonly until?: number
  readonly purpose?: x509.ExtendedKeyUsage
  readonly more?: readonly x509.Extension[]
}

export interface Issued {
  readonly node: X509Certificate
  readonly pem: string
  readonly keyPem: string
  readonly subject: string
  readonly keys: webcrypto.CryptoKeyPair
}

export async function issue(wanted: Wanted): Promise<Issued> {
  const { name, by, claims = by, ca = true, pathLength, names = [], from = -10, until = 10, purpose } = wanted
  const keys = wanted.keysOf?.keys ?? (await webcrypto.subtle.generateKey(EC, true, ['sign', 'verify']))
  const subject = `CN=${name}`
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: `4${randomBytes(8).toString('hex').slice(1)}`,
    subject,
    issuer: claims?.subject ?? subject,
    notBefore: new Date(Date.now() + from * DAY),
    notAfter: new Date(Date.now() + until * DAY),
    publicKey: keys.publicKey,
    signingKey: (by?.keys ?? keys).privateKey,
    signingAlgorithm: EC,
    extensions: [
      new x509.BasicConstraintsExtension(ca, pathLength, true),
      ...(purpose === undefined ? [] : [new x509.ExtendedKeyUsageExtension([purpose])]),
      ...(names.length === 0
        ? []
        : [new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns', value })))]),
      ...(wanted.more ?? []),
    ],
  })
  const pem = certificate.toString('pem')
  const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)
  const keyPem = x509.PemConverter.encode(key, 'PRIVATE KEY')
  return { node: new X509Certificate(pem), pem, keyPem, subject, keys }
}

/** The TLSA record of a certificate. */
export function tlsa(usage: number, selector: number, matchingType: number, { node }: Issued): TlsaRecord {
  return tlsaOf(usage, selector, matchingType, node)
}

/** The same of any certificate. */
export function tlsaOf(
  usage: number,
  selector: number,
  matchingType: number,
  certificate: X509Certificate,
): TlsaRecord {
  const { publicKey, raw } = certificate
  const content = selector === 1 ? publicKey.export({ type: 'spki', format: 'der' }) : raw
  const data =
    matchingType === 0
      ? content
      : createHash(matchingType === 2 ? 'sha512' : 'sha256')
          .update(content)
          .digest()
  return { usage, selector, matchingType, data }
}
