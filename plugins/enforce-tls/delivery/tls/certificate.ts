/**
 * Whether a server's certificate fulfils a requirement, what was verified of it, in words, and when it is valid: OpenSSL
 * looks at dates in full handshakes only. Names are compared as RFC 9525 says: only those of the subjectAltName count, a
 * wildcard stands for the whole left-most label, an IP address must be listed as one. A session that any certificate
 * would have done for must not read as one whose server is known. Pure.
 */
import { createHash, type X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { sentChain } from '../../published/dane/sent-chain.js'
import { daneVerdict, type DaneReason, type DaneVerdict } from '../../published/dane/verdict.js'
import { whyNotListed, type DaneDemand, type HostRequirement } from '../../published/host-requirement.js'
import { matchingMx } from '../../published/mta-sts/mx-pattern.js'
import { USAGE } from '../../published/dane/tlsa-set.js'
import { oneLine } from '../../text/one-line.js'
import { formatChainError } from './format-chain-error.js'
import { tlsFailure, type AttemptFailure, type Tested } from '../outcome.js'
import { type FailureClass } from '../failure-classes.js'

/** What the handshake showed of the server. */
export interface PeerIdentity {
  readonly certificate: X509Certificate | undefined
  /** OpenSSL's word on the chain, such as `CERT_HAS_EXPIRED`; empty for a trusted one. */
  readonly chainError: string
}

/** What of a requirement is about the server's certificate. */
type CertificateDemands = Pick<
  HostRequirement,
  'trusted' | 'namesHost' | 'namesAnyOf' | 'fingerprintsAnyOf' | 'held'
>

/** What a policy in force asks of a certificate (RFC 8461 section 4.1). */
const STS_DEMANDS: CertificateDemands = {
  trusted: true,
  namesHost: true,
  namesAnyOf: [],
  fingerprintsAnyOf: [],
}

/** Of a reason in Haraka's log line about a session; it may quote what a domain publishes. */
const REASON_MAX = 200

/** Reference names are never taken from the subject's common name (RFC 9525 section 2). */
const RFC_9525 = { subject: 'never', wildcards: true, partialWildcards: false } as const

/**
 * The first demand of a requirement that a certificate does not fulfil, as a failure.
 *
 * @param host the MX host's name, or its address where it has no name
 */
export function certificateFailure(
  { certificate, chainError }: PeerIdentity,
  requirement: CertificateDemands,
  host: string,
): AttemptFailure | null {
  const { trusted, namesHost, namesAnyOf, fingerprintsAnyOf, held } = requirement
  const unpinned = namesAnyOf.length === 0 && fingerprintsAnyOf.length === 0
  if (!trusted && !namesHost && unpinned && !held?.dane) return null
  if (!certificate && held?.dane) return tlsFailure('tlsa-invalid', 'has no certificate')
  if (!certificate) return tlsFailure('certificate-not-trusted', 'has no certificate')
  if (trusted && chainError !== '') return untrusted(certificate, chainError)
  if (namesHost && !names(certificate, host)) return mismatch(certificate, [host])
  for (const wanted of namesAnyOf) {
    if (!wanted.some((name) => names(certificate, name))) return mismatch(certificate, wanted)
  }
  const notVouched = held?.dane ? daneFailure({ certificate, chainError }, held.dane) : null
  if (notVouched || fingerprintsAnyOf.length === 0) return notVouched
  const present = fingerprintsOf(certificate)
  for (const wanted of fingerprintsAnyOf) {
    if (!wanted.some((fingerprint) => present.includes(fingerprint)))
      return tlsFailure(
        'fingerprint-mismatch',
        `has a certificate with the SHA-256 fingerprint ${present[0]}, which is not listed`,
      )
  }
  return null
}

/**
 * What a policy of mode `testing` would have made of a host, were its mode `enforce`; nothing where there is none, or
 * that is unknown.
 *
 * @param peer as a handshake with the trusted authorities showed it; `null` where that was not seen
 * @param host the MX host's name, or its address where it has no name
 */
export function testedBy(
  peer: PeerIdentity | null,
  { held }: Pick<HostRequirement, 'held'>,
  host: string,
): { readonly tested?: Tested } {
  const policy = held?.testing
  if (!policy) return {}
  if (matchingMx(policy.mx, host) === null)
    return { tested: { failure: tlsFailure('mx-not-listed', whyNotListed(policy)) } }
  return peer ? { tested: { failure: certificateFailure(peer, STS_DEMANDS, host) } } : {}
}

/** What RFC 8460 calls the reasons for which TLSA records do not vouch for a server. */
const DANE_FAILURES: Readonly<Record<DaneReason, FailureClass>> = {
  'certificate-host-mismatch': 'certificate-host-mismatch',
  'certificate-expired': 'certificate-expired',
  'chain-not-valid': 'certificate-not-trusted',
  'authority-not-sent': 'tlsa-invalid',
  'tlsa-mismatch': 'tlsa-invalid',
  ignored: 'tlsa-invalid',
}

function daneFailure(peer: PeerIdentity, demand: DaneDemand): AttemptFailure | null {
  const { by, reason, why } = verdictOf(peer, demand)
  return by ? null : tlsFailure(DANE_FAILURES[reason ?? 'ignored'], why)
}

function verdictOf({ certificate, chainError }: PeerIdentity, { set, names }: DaneDemand): DaneVerdict {
  const chain = certificate ? sentChain(certificate) : []
  return daneVerdict(set, { chain, names, chainError, now: Date.now() })
}

/** Whether the dates of a server's certificates count: not where usage 3 vouches for it (RFC 7672 section 3.1.1). */
export function datesCount(peer: PeerIdentity, { trusted, held }: HostRequirement): boolean {
  if (trusted || !held?.dane) return trusted
  return verdictOf(peer, held.dane).by?.usage !== USAGE.endEntity
}

/** SHA-256 of the certificate, and of its public key (the SubjectPublicKeyInfo, as RFC 7469 has it). */
export function fingerprintsOf(
  certificate: X509Certificate,
): readonly [certificate: string, publicKey: string] {
  const key = createHash('sha256').update(certificate.publicKey.export({ type: 'spki', format: 'der' }))
  return [
    certificate.fingerprint256,
    key
      .digest('hex')
      .toUpperCase()
      .replace(/(..)(?=.)/g, '$1:'),
  ]
}

/** A leading dot asks for any name below, as in OpenSSL's `X509_check_host`. */
function names(certificate: X509Certificate, name: string): boolean {
  if (isIP(name)) return certificate.checkIP(name) !== undefined
  return certificate.checkHost(name, RFC_9525) !== undefined
}

function mismatch(certificate: X509Certificate, wanted: readonly string[]): AttemptFailure {
  const detail = wanted.some((name) => namesOnlyInSubject(certificate, name))
    ? 'has a certificate with its name in the common name only, which is no longer accepted'
    : `has a certificate for ${namesOf(certificate)}, not for ${wanted.join(' or ')}`
  return tlsFailure('certificate-host-mismatch', detail)
}

/** As certificates of before 2000 did; for a person, who would find the right name in it. */
function namesOnlyInSubject(certificate: X509Certificate, name: string): boolean {
  const listed: unknown = certificate.subjectAltName
  if (typeof listed === 'string' || isIP(name)) return false
  return certificate.checkHost(name, { ...RFC_9525, subject: 'always' }) !== undefined
}

function namesOf(certificate: X509Certificate): string {
  // Undefined where the extension is missing, whatever its type says.
  const names: unknown = certificate.subjectAltName
  return typeof names === 'string' ? names : 'no name'
}

function untrusted(certificate: X509Certificate, chainError: string): AttemptFailure {
  if (chainError === 'CERT_HAS_EXPIRED')
    return tlsFailure('certificate-expired', `has a certificate that expired on ${certificate.validTo}`)
  return tlsFailure(
    'certificate-not-trusted',
    `has a certificate that is not trusted: ${formatChainError(chainError, certificate)}`,
  )
}

/** What Haraka's log line about an encrypted session is to say; Haraka writes it, and goes on. */
export interface LoggedSession {
  /**
   * Haraka's `verified=`. Haraka goes on for what counts as true and gives up for what does not, so "false" is
   * a text here: the line is right, and what the requirement demands was checked before.
   */
  readonly verified: true | 'false'
  /** Haraka's `error=`. */
  readonly why: string | undefined
  /** For names, issuer, dates and fingerprint, as `getPeerCertificate` gives them. */
  readonly certificate: object
}

/**
 * What of a server a requirement has checked: `chain` (a trusted authority, dates), `host-name`, `listed-name`,
 * `mta-sts` (a policy lists the host), `dane` (`half-dane` where nobody proves who named the host), `fingerprint`;
 * nothing where any certificate will do.
 */
export function verifiedParts({
  trusted,
  namesHost,
  namesAnyOf,
  fingerprintsAnyOf,
  held,
}: CertificateDemands): string[] {
  return [
    ...(trusted ? ['chain'] : []),
    ...(namesHost ? ['host-name'] : []),
    ...(namesAnyOf.length > 0 ? ['listed-name'] : []),
    ...(held?.sts ? ['mta-sts'] : []),
    ...(held?.dane ? [held.dane.isHalf ? 'half-dane' : 'dane'] : []),
    ...(fingerprintsAnyOf.length > 0 ? ['fingerprint'] : []),
  ]
}

/** What Haraka's log is to say of a session that fulfils a requirement. */
export function loggedSession(
  requirement: HostRequirement,
  certificate: X509Certificate | undefined,
): LoggedSession {
  const verified = verifiedParts(requirement).length > 0
  const { level, held } = requirement
  const reason = held
    ? `nothing that counts is published: the server ${oneLine(held.nothing, REASON_MAX)}`
    : `level ${level} accepts any certificate`
  return {
    verified: verified ? true : 'false',
    why: verified ? undefined : `not verified, because ${reason}`,
    certificate: legacyForm(certificate),
  }
}

/** A certificate that OpenSSL reads and Node.js can't show is no reason to fail. */
function legacyForm(certificate: X509Certificate | undefined): object {
  try {
    return certificate?.toLegacyObject() ?? {}
  } catch {
    return {}
  }
}

/** Both ends of a time, in milliseconds since the epoch. */
export interface Dates {
  readonly from: number
  readonly to: number
}

/** When all certificates that a server sent are valid; never, where it sent none. */
export function datesOf(certificate: X509Certificate | undefined): Dates {
  const dates = { from: -Infinity, to: certificate ? Infinity : -Infinity }
  for (let link = certificate; link; link = link.issuerCertificate) {
    dates.from = Math.max(dates.from, Date.parse(link.validFrom))
    dates.to = Math.min(dates.to, Date.parse(link.validTo))
  }
  return dates
}

/** @param dates `undefined` where they do not count */
export function validAt(dates: Dates | undefined, now: number): boolean {
  return !dates || (dates.from <= now && now <= dates.to)
}
