/**
 * Whether a TLSA record of usage 2 vouches for a server: the authority that it names has issued the server's
 * certificate, and the certificate bears a name of the server (RFC 7672 section 3.1.2). Pure.
 */
import type { X509Certificate } from 'node:crypto'
import type { TlsaRecord } from '../../dns/answer.js'
import { listed } from '../../text/list.js'
import { isSignedBy, nameOf, type Issuer, type Issuers, type Problem } from './issuers.js'
import { formatTlsa, matches, publicKeyIn } from './tlsa-set.js'

/** What a server has shown, and what is asked of it. */
export interface DaneServer {
  /** As the server sent them, its own first. */
  readonly chain: readonly X509Certificate[]
  /** The TLSA base domain, the next-hop domain, and what that one's CNAME records lead to; for usage 2. */
  readonly names: readonly string[]
  /** What OpenSSL found with its own authorities, such as `CERT_HAS_EXPIRED`; empty for nothing. */
  readonly chainError: string
  /** In milliseconds since 1970. */
  readonly now: number
}

/** What is wrong; `why` is the end of a sentence about the server. */
export interface Mismatch {
  readonly reason: Problem['reason'] | 'certificate-host-mismatch' | 'authority-not-sent' | 'tlsa-mismatch'
  readonly why: string
}

/** Compares names as RFC 9525 says: never with the common name. */
const RFC_9525 = { subject: 'never', wildcards: true, partialWildcards: false } as const
/** What OpenSSL says of a chain whose authority it does not know, and of dates, which are looked at here. */
const NOT_OF_DANE = new Set([
  '',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
])

/** What keeps a record from vouching for a server; `null` for nothing. */
export function trustAnchorMismatch(
  record: TlsaRecord,
  leaf: X509Certificate,
  { leafProblem, issuers }: Issuers,
  { chain, names, chainError }: DaneServer,
): Mismatch | null {
  const key = publicKeyIn(record)
  const sound = issuers.filter(({ problem }) => problem === null).map(({ certificate }) => certificate)
  const signed = key !== null && [leaf, ...sound].some((certificate) => isSignedBy(certificate, key))
  const anchors = issuers.filter(({ certificate }) => matches(record, certificate))
  const anchor = anchors.find(({ problem }) => problem === null) ?? anchors[0]
  if (!anchor && !signed) return noAnchor(record, leaf, chain, issuers)
  const problem = (signed ? null : anchor?.problem) ?? leafProblem
  if (problem) return problem
  // OpenSSL has seen something that is not looked at here, such as a digest that is too weak.
  if (!NOT_OF_DANE.has(chainError))
    return { reason: 'chain-not-valid', why: `sends a chain that is not valid (${chainError})` }
  if (names.some((name) => leaf.checkHost(name, RFC_9525) !== undefined)) return null
  // Undefined where the extension is missing, whatever its type says.
  const borne = leaf.subjectAltName ?? 'no name'
  return {
    reason: 'certificate-host-mismatch',
    why: `has a certificate for ${borne.slice(0, 200)}, not for ${listed(names)}`,
  }
}

function noAnchor(
  record: TlsaRecord,
  leaf: X509Certificate,
  chain: readonly X509Certificate[],
  issuers: readonly Issuer[],
): Mismatch {
  const text = formatTlsa(record)
  const sent = chain.find((certificate) => matches(record, certificate))
  if (sent === undefined)
    return {
      reason: 'authority-not-sent',
      why: `does not send the authority (CA) that its TLSA record ${text} names`,
    }
  if (sent === leaf)
    return {
      reason: 'tlsa-mismatch',
      why: `has a TLSA record ${text} that names its own certificate as an authority; that takes usage 3`,
    }
  // The way to the authority may end at one that must not issue.
  const [problem] = issuers.flatMap((issuer) => issuer.problem ?? [])
  return (
    problem ?? {
      reason: 'chain-not-valid',
      why: `sends the authority ${nameOf(sent)} of its TLSA record ${text}, which has not issued its certificate`,
    }
  )
}
