/** What a person wants to know of a server's certificate, fit for one line each. Pure. */
import type { X509Certificate } from 'node:crypto'
import { fingerprintsOf, type PeerIdentity } from '../delivery/tls/certificate.js'
import { formatChainError } from '../delivery/tls/format-chain-error.js'
import { oneLine } from '../text/one-line.js'

/** A certificate as a check shows it. */
export interface CertificateFacts {
  readonly subject: string
  readonly issuer: string
  /** Names and addresses of the subjectAltName. */
  readonly names: readonly string[]
  /** RFC 3339, UTC; `null` for a time that can't be read. */
  readonly validFrom: string | null
  readonly validTo: string | null
  /** Whole days until it expires; negative for one that has. */
  readonly daysLeft: number | null
  readonly key: {
    /** Such as `rsa`, `ec`, `ed25519`. */
    readonly type: string
    /** `null` where the type says it, as with `ed25519`. */
    readonly bits: number | null
    /** Of an `ec` key, such as `prime256v1`. */
    readonly curve: string | null
  }
  readonly chain: {
    /** Whether it ends at a trusted authority, and is in time. */
    readonly trusted: boolean
    readonly problem: string | null
  }
  /** SHA-256, in the spelling of rules; either can be pinned. */
  readonly fingerprints: { readonly certificate: string; readonly publicKey: string }
}

const DAY_MS = 86_400_000

/** A certificate that expires within so many days is reported. */
export const EXPIRES_SOON = 14

/** Bits of the curves that mail servers have; OpenSSL's names. */
const CURVES: Readonly<Record<string, number>> = { prime256v1: 256, secp384r1: 384, secp521r1: 521 }

/** The facts; `null` where the server showed no certificate. */
export function certificateFacts(
  { certificate, chainError }: PeerIdentity,
  now: Date,
): CertificateFacts | null {
  if (!certificate) return null
  const [own, publicKey] = fingerprintsOf(certificate)
  const validTo = rfc3339(certificate.validTo)
  return {
    subject: inOneLine(certificate.subject),
    issuer: inOneLine(certificate.issuer),
    names: namesIn(certificate),
    validFrom: rfc3339(certificate.validFrom),
    validTo,
    daysLeft: validTo === null ? null : daysUntil(validTo, now),
    key: keyOf(certificate),
    chain: {
      trusted: chainError === '',
      problem: chainError === '' ? null : formatChainError(chainError, certificate),
    },
    fingerprints: { certificate: own, publicKey },
  }
}

/** Whole days until a time; negative for one that is over. */
export function daysUntil(time: string, now: Date): number {
  return Math.floor((Date.parse(time) - now.getTime()) / DAY_MS)
}

function rfc3339(time: string): string | null {
  const date = new Date(time)
  return Number.isNaN(date.getTime()) ? null : date.toISOString()
}

/** Node.js gives one attribute a line; missing for an empty name, whatever its type says. */
function inOneLine(name: string | undefined): string {
  return oneLine((name ?? '').split('\n').join(', '))
}

function keyOf({ publicKey }: X509Certificate): CertificateFacts['key'] {
  const { asymmetricKeyType, asymmetricKeyDetails } = publicKey
  const { modulusLength, namedCurve } = asymmetricKeyDetails ?? {}
  return {
    type: asymmetricKeyType ?? 'unknown',
    bits: modulusLength ?? CURVES[namedCurve ?? ''] ?? null,
    curve: namedCurve ?? null,
  }
}

/** `DNS:a.example, IP Address:192.0.2.1`, where odd values stand in quotes as JSON has them. */
function namesIn(certificate: X509Certificate): string[] {
  const text: unknown = certificate.subjectAltName
  if (typeof text !== 'string') return []
  return (text.match(/[^,"]+(?:"(?:[^"\\]|\\.)*")?/g) ?? []).map((entry) =>
    oneLine(entry.trim().replace(/^(?:DNS|IP Address):/, '')),
  )
}
