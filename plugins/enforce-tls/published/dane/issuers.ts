/**
 * Which authorities have issued a server's certificate, directly or through others, among certificates that anybody may
 * have put together: each link is proved by its signature, and a certificate that may not issue, or not now, leads
 * nowhere. Pure.
 */
import type { KeyObject, X509Certificate } from 'node:crypto'
import { quote } from '../../text/quote.js'
import { extensionsOf, pathLengthOf } from './der.js'

/** Certificates of more are not looked at; a server sends two or three. */
const CERTIFICATES_MAX = 20
/** Signatures that are verified at most: a chain made of look-alikes must not take long. */
const VERIFICATIONS_MAX = 50
/** RFC 5280 section 4.2.1.12: a server's certificate, and any purpose. */
const SERVER_PURPOSES = ['1.3.6.1.5.5.7.3.1', '2.5.29.37.0']
const [BASIC_CONSTRAINTS, NAME_CONSTRAINTS] = ['551d13', '551d1e']
/** Basic constraints, key usage, purposes, names of the subject, policies, revocation lists: looked at, or none of DANE's. */
const KNOWN_CRITICAL = [
  BASIC_CONSTRAINTS,
  '551d0f',
  '551d25',
  '551d11',
  '551d20',
  '551d21',
  '551d24',
  '551d36',
]

/** What keeps a certificate from vouching for a server. */
export interface Problem {
  readonly reason: 'certificate-expired' | 'chain-not-valid'
  /** As the end of a sentence about the server. */
  readonly why: string
}

export interface Issuer {
  readonly certificate: X509Certificate
  readonly problem: Problem | null
}

export interface Issuers {
  /** What keeps the server's own certificate from being vouched for by any of them. */
  readonly leafProblem: Problem | null
  /** Nearest first. */
  readonly issuers: readonly Issuer[]
}

/**
 * Finds the issuers of a certificate.
 *
 * @param others certificates in any order, sent by the server or known otherwise
 * @param now in milliseconds since 1970
 */
export function issuersOf(leaf: X509Certificate, others: readonly X509Certificate[], now: number): Issuers {
  const left = new Set(others.slice(0, CERTIFICATES_MAX))
  const issuers: Issuer[] = []
  let verifications = 0
  let level = [leaf]
  for (let below = 0; level.length > 0; below++) {
    const next: X509Certificate[] = []
    for (const subject of level) {
      for (const certificate of left) {
        if (!subject.checkIssued(certificate) || verifications >= VERIFICATIONS_MAX) continue
        verifications++
        if (!isSignedBy(subject, certificate)) continue
        left.delete(certificate)
        const problem = authorityProblem(certificate, below, now)
        issuers.push({ certificate, problem })
        if (problem === null) next.push(certificate)
      }
    }
    level = next
  }
  return { leafProblem: dateProblem(leaf, now) ?? extensionProblem(leaf), issuers }
}

/** Whether a key, or a certificate's key, has signed a certificate. */
export function isSignedBy(certificate: X509Certificate, signer: X509Certificate | KeyObject): boolean {
  try {
    return certificate.verify('publicKey' in signer ? signer.publicKey : signer)
  } catch {
    // A key of a kind that is not known here, or that does not go with the signature.
    return false
  }
}

/** @param below authorities between this one and the server's certificate */
function authorityProblem(certificate: X509Certificate, below: number, now: number): Problem | null {
  if (!certificate.ca) return invalid(certificate, 'has issued a certificate but is no authority')
  const problem = dateProblem(certificate, now) ?? extensionProblem(certificate)
  if (problem) return problem
  const extensions = extensionsOf(certificate)
  if (extensions.some(({ id }) => id === NAME_CONSTRAINTS))
    return invalid(certificate, 'may issue for certain names only, which is not supported with DANE')
  const constraints = extensions.find(({ id }) => id === BASIC_CONSTRAINTS)
  const most = constraints ? pathLengthOf(constraints.value) : null
  if (most !== null && below > most)
    return invalid(certificate, 'has more authorities below it than it allows')
  return null
}

function extensionProblem(certificate: X509Certificate): Problem | null {
  // Missing where the extension is, whatever its type says.
  const purposes = certificate.keyUsage as readonly string[] | undefined
  if (purposes !== undefined && !purposes.some((purpose) => SERVER_PURPOSES.includes(purpose)))
    return invalid(certificate, 'is not meant for servers')
  const unknown = extensionsOf(certificate).some(
    ({ id, critical }) => critical && id !== NAME_CONSTRAINTS && !KNOWN_CRITICAL.includes(id),
  )
  return unknown ? invalid(certificate, 'has a critical extension that is unknown here') : null
}

function dateProblem(certificate: X509Certificate, now: number): Problem | null {
  const { validFrom, validTo } = certificate
  const wrong = !(Date.parse(validTo) >= now)
    ? `expired on ${validTo}`
    : !(Date.parse(validFrom) <= now)
      ? `is valid only from ${validFrom}`
      : null
  return wrong === null ? null : { reason: 'certificate-expired', why: inChain(certificate, wrong) }
}

function invalid(certificate: X509Certificate, what: string): Problem {
  return { reason: 'chain-not-valid', why: inChain(certificate, what) }
}

function inChain(certificate: X509Certificate, what: string): string {
  return `sends a chain in which ${nameOf(certificate)} ${what}`
}

/** A certificate's subject in one line. */
export function nameOf({ subject }: X509Certificate): string {
  // Undefined where the subject is empty, whatever its type says.
  const name = (subject as string | undefined) ?? ''
  return name === '' ? 'a certificate without a name' : quote(name.split('\n').join(', '))
}
