/** Certificates of receiving servers, one row each, and what has to become of a covered message at each level. */
import type { Authority, KeyAndCertificate, LeafOptions } from '../../support/certificates.js'
import { selfSigned, validity } from '../../support/certificates.js'
import { delivered, failed, type Outcome } from './outcomes.js'

export const LEVELS = ['encrypt', 'fingerprint', 'verify', 'secure'] as const
export type Level = (typeof LEVELS)[number]

/** Who signs. */
export interface Signers {
  readonly trusted: Authority
  readonly unknown: Authority
}

/** One certificate. */
export interface CertificateRow {
  readonly name: string
  readonly make: (signers: Signers, domain: string) => Promise<KeyAndCertificate>
  readonly outcomes: Readonly<Record<Level, Outcome>>
}

const MISMATCH = failed('certificate-host-mismatch')
const NOT_TRUSTED = failed('certificate-not-trusted')
const EXPIRED = failed('certificate-expired')

function signed(options: (domain: string) => LeafOptions): CertificateRow['make'] {
  return ({ trusted }, domain) => trusted.issue(options(domain))
}

/** Any certificate will do at `encrypt`, and the listed one at `fingerprint`. */
function outcomes(verify: Outcome, secure: Outcome): CertificateRow['outcomes'] {
  return { encrypt: delivered(), fingerprint: delivered(), verify, secure }
}

export const CERTIFICATES: readonly CertificateRow[] = [
  {
    name: 'names the MX host',
    make: signed((domain) => ({ dnsNames: [`mx.${domain}`] })),
    outcomes: outcomes(delivered(), delivered()),
  },
  {
    name: 'names the MX host second',
    make: signed((domain) => ({ dnsNames: ['other.example.net', `mx.${domain}`] })),
    outcomes: outcomes(delivered(), delivered()),
  },
  {
    name: 'names the MX host in upper case',
    make: signed((domain) => ({ dnsNames: [`MX.${domain.toUpperCase()}`] })),
    outcomes: outcomes(delivered(), delivered()),
  },
  {
    name: 'is a wildcard for the MX host',
    make: signed((domain) => ({ dnsNames: [`*.${domain}`] })),
    outcomes: outcomes(delivered(), delivered()),
  },
  {
    name: "names the recipient's domain",
    make: signed((domain) => ({ dnsNames: [domain] })),
    outcomes: outcomes(MISMATCH, delivered()),
  },
  {
    name: "names another host of the recipient's domain",
    make: signed((domain) => ({ dnsNames: [`mx9.${domain}`] })),
    outcomes: outcomes(MISMATCH, delivered()),
  },
  {
    name: 'is a wildcard below the MX host',
    make: signed((domain) => ({ dnsNames: [`*.mx.${domain}`] })),
    outcomes: outcomes(MISMATCH, delivered()),
  },
  {
    name: 'is a wildcard for a top-level domain',
    make: signed(() => ({ dnsNames: ['*.example'] })),
    outcomes: outcomes(MISMATCH, MISMATCH),
  },
  {
    name: 'is a wildcard inside a label',
    make: signed((domain) => ({ dnsNames: [`m*.${domain}`] })),
    outcomes: outcomes(MISMATCH, delivered()),
  },
  {
    name: 'names somebody else',
    make: signed(() => ({ dnsNames: ['mx.other.example.net'] })),
    outcomes: outcomes(MISMATCH, MISMATCH),
  },
  {
    name: 'names a domain that ends alike',
    make: signed((domain) => ({ dnsNames: [`mx.not${domain}`, `not${domain}`] })),
    outcomes: outcomes(MISMATCH, MISMATCH),
  },
  {
    name: 'names a domain that begins alike',
    make: signed((domain) => ({ dnsNames: [`mx.${domain}.net`, `${domain}.net`] })),
    outcomes: outcomes(MISMATCH, MISMATCH),
  },
  {
    name: 'names the MX host in its common name only',
    make: signed((domain) => ({ commonName: `mx.${domain}` })),
    outcomes: outcomes(MISMATCH, MISMATCH),
  },
  {
    name: 'names the address of the MX host only',
    make: signed(() => ({ ipAddresses: ['127.0.0.1'], commonName: 'x' })),
    outcomes: outcomes(MISMATCH, MISMATCH),
  },
  {
    name: 'has expired',
    make: signed((domain) => ({ dnsNames: [`mx.${domain}`], ...validity.expired() })),
    outcomes: outcomes(EXPIRED, EXPIRED),
  },
  {
    name: 'is not valid yet',
    make: signed((domain) => ({ dnsNames: [`mx.${domain}`], ...validity.notYetValid() })),
    outcomes: outcomes(NOT_TRUSTED, NOT_TRUSTED),
  },
  {
    name: 'is self-signed',
    make: (_signers, domain) => selfSigned({ dnsNames: [`mx.${domain}`] }),
    outcomes: outcomes(NOT_TRUSTED, NOT_TRUSTED),
  },
  // Both reasons are true; OpenSSL tells the last one that it found.
  {
    name: 'is self-signed and has expired',
    make: (_signers, domain) => selfSigned({ dnsNames: [`mx.${domain}`], ...validity.expired() }),
    outcomes: outcomes(EXPIRED, EXPIRED),
  },
  {
    name: 'is of an unknown authority',
    make: ({ unknown }, domain) => unknown.issue({ dnsNames: [`mx.${domain}`] }),
    outcomes: outcomes(NOT_TRUSTED, NOT_TRUSTED),
  },
  {
    name: 'is of an RSA key',
    make: signed((domain) => ({ dnsNames: [`mx.${domain}`], keyType: 'rsa' })),
    outcomes: outcomes(delivered(), delivered()),
  },
]
