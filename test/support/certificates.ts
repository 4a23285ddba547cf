/**
 * Certificate authorities and leaf certificates made at test time (never stored), as PEM for node:tls;
 * every request that cannot be fulfilled throws.
 */
import 'reflect-metadata'
import { createHash, randomBytes, webcrypto, X509Certificate as NodeCertificate } from 'node:crypto'
import * as x509 from '@peculiar/x509'

x509.cryptoProvider.set(webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0])

const DAY_MS = 86_400_000

const ALGORITHMS = {
  ec: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  rsa: {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    publicExponent: new Uint8Array([1, 0, 1]),
    modulusLength: 2048,
  },
} as const

export interface LeafOptions {
  /** DNS names of the subjectAltName, wildcards allowed; without names and addresses there is no subjectAltName. */
  readonly dnsNames?: readonly string[]
  readonly ipAddresses?: readonly string[]
  /** @default the first DNS name, or `test` */
  readonly commonName?: string
  /** @default yesterday */
  readonly notBefore?: Date
  /** @default in 30 days */
  readonly notAfter?: Date
  /** @default 'ec' */
  readonly keyType?: keyof typeof ALGORITHMS
  /** Of an RSA key. @default 2048 */
  readonly keyBits?: number
  /** What the authority signs with. @default 'SHA-256' */
  readonly signatureHash?: 'SHA-1' | 'SHA-256'
  /** For clients only, so of no use to a server. @default false */
  readonly clientOnly?: boolean
}

/** A private key and its certificate, PEM, ready for the TLS options of a server. */
export interface KeyAndCertificate {
  readonly key: string
  readonly cert: string
}

export interface Authority {
  /** The authority's own certificate, PEM, for the `ca` of whoever is to trust it. */
  readonly cert: string
  issue(options: LeafOptions): Promise<KeyAndCertificate>
}

/** Dates for the usual bad cases. */
export const validity = {
  expired: () => ({ notBefore: daysFromNow(-30), notAfter: daysFromNow(-1) }),
  notYetValid: () => ({ notBefore: daysFromNow(1), notAfter: daysFromNow(30) }),
}

export async function makeAuthority(name: string): Promise<Authority> {
  const keys = await generateKeys('ec')
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ CN: [name] }],
    notBefore: daysFromNow(-365),
    notAfter: daysFromNow(365),
    signingAlgorithm: ALGORITHMS.ec,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return {
    cert: authority.toString('pem'),
    issue: async (options) => {
      const leafKeys = await generateKeys(options.keyType ?? 'ec', options.keyBits)
      const leaf = await x509.X509CertificateGenerator.create({
        serialNumber: serialNumber(),
        subject: subjectOf(options),
        issuer: authority.subjectName,
        ...datesOf(options),
        publicKey: leafKeys.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: { ...ALGORITHMS.ec, hash: options.signatureHash ?? 'SHA-256' },
        extensions: [
          ...leafExtensions(options),
          await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey),
        ],
      })
      return { key: await privateKeyPem(leafKeys), cert: leaf.toString('pem') }
    },
  }
}

export async function selfSigned(options: LeafOptions): Promise<KeyAndCertificate> {
  const keyType = options.keyType ?? 'ec'
  const keys = await generateKeys(keyType, options.keyBits)
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: subjectOf(options),
    ...datesOf(options),
    signingAlgorithm: ALGORITHMS[keyType],
    keys,
    extensions: leafExtensions(options),
  })
  return { key: await privateKeyPem(keys), cert: certificate.toString('pem') }
}

/** SHA-256 fingerprint of the certificate and of its public key, as colon-separated upper-case hex. */
export function fingerprints(certificatePem: string): { certificate: string; publicKey: string } {
  const certificate = new NodeCertificate(certificatePem)
  const publicKey = createHash('sha256').update(certificate.publicKey.export({ type: 'spki', format: 'der' }))
  return {
    certificate: certificate.fingerprint256,
    publicKey: publicKey
      .digest('hex')
      .toUpperCase()
      .replace(/..(?=.)/g, '$&:'),
  }
}

function generateKeys(keyType: keyof typeof ALGORITHMS, keyBits = 2048): Promise<webcrypto.CryptoKeyPair> {
  const algorithm = { ...ALGORITHMS[keyType], ...(keyType === 'rsa' ? { modulusLength: keyBits } : {}) }
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
}

async function privateKeyPem(keys: webcrypto.CryptoKeyPair): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY')
}

function subjectOf({ commonName, dnsNames }: LeafOptions): x509.JsonName {
  return [{ CN: [commonName ?? dnsNames?.[0] ?? 'test'] }]
}

function datesOf(options: LeafOptions): { notBefore: Date; notAfter: Date } {
  return {
    notBefore: options.notBefore ?? daysFromNow(-1),
    notAfter: options.notAfter ?? daysFromNow(30),
  }
}

function leafExtensions({
  dnsNames = [],
  ipAddresses = [],
  clientOnly = false,
}: LeafOptions): x509.Extension[] {
  const names: x509.JsonGeneralNames = [
    ...dnsNames.map((value) => ({ type: 'dns' as const, value })),
    ...ipAddresses.map((value) => ({ type: 'ip' as const, value })),
  ]
  return [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.ExtendedKeyUsageExtension([
      ...(clientOnly ? [] : [x509.ExtendedKeyUsage.serverAuth]),
      x509.ExtendedKeyUsage.clientAuth,
    ]),
    ...(names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)]),
  ]
}

function serialNumber(): string {
  // The first bit stays 0: a negative serial number would be refused by strict readers.
  return `4${randomBytes(8).toString('hex').slice(1)}`
}

function daysFromNow(days: number): Date {
  return new Date(Date.now() + days * DAY_MS)
}
