/** What a requirement would have made of a delivery that it did not have a say in. Pure. */
import { TLS_VERSIONS } from '../rules/levels.js'
import type { Requirement } from '../rules/requirement.js'
import { certificateFailure } from '../delivery/tls/certificate.js'
import { chainError, type Authorities } from '../delivery/tls/chain.js'
import type { ObservedDelivery } from '../delivery/observed-session.js'
import { tlsFailure, type AttemptFailure } from '../delivery/outcome.js'

/** The judgement: `unknown` says why. */
export type ObservedVerdict =
  | { readonly result: 'would-deliver' }
  | { readonly result: 'would-bounce'; readonly failure: AttemptFailure }
  | { readonly result: 'unknown'; readonly why: string }

/** What the requirement is held against. */
export interface ObservedTerms {
  /** `[tls] min_version`. */
  readonly minVersion: string
  /** Whether settings of `tls.ini` keep Haraka from speaking a version that the server may know. */
  readonly limited: boolean
  readonly authorities: Authorities
  /** In milliseconds since 1970. */
  readonly now: number
}

const VERSIONS: readonly string[] = ['SSLv3', 'TLSv1', 'TLSv1.1', ...TLS_VERSIONS]

/**
 * Judges, by the code that judges deliveries.
 *
 * @param seen `null` where nothing was seen of the connection
 * @param secured whether Haraka says that it delivered over TLS
 */
export function judgeObserved(
  requirement: Requirement,
  seen: ObservedDelivery | null,
  secured: boolean,
  terms: ObservedTerms,
): ObservedVerdict {
  if (!secured) {
    // A host that Haraka does without TLS for (no_tls_hosts, or after a failure) might have had it.
    if (seen?.offered === true) return unknown('TLS was offered, but Haraka did not use it')
    return bounce(tlsFailure('starttls-not-supported', 'does not offer STARTTLS'))
  }
  const { tls } = seen ?? {}
  const looksOn = demandsMore(requirement)
  if (!seen || !tls) {
    if (!looksOn && requirement.minVersion === undefined) return { result: 'would-deliver' }
    return unknown('the session could not be seen')
  }
  const { session, found } = tls
  const lowest = Math.max(rankOf(terms.minVersion), rankOf(requirement.minVersion ?? terms.minVersion))
  if (/NULL/i.test(session.cipher))
    return bounce(tlsFailure('handshake-failure', 'agreed on a cipher that does not encrypt'))
  if (rankOf(session.protocol) < lowest) {
    if (terms.limited) return unknown('tls.ini does not let Haraka use the required version')
    const detail = `agreed on ${session.protocol}, but ${VERSIONS[lowest] ?? ''} or later is required`
    return bounce(tlsFailure('handshake-failure', detail))
  }
  if (!looksOn) return { result: 'would-deliver' }
  const { certificate } = session
  if (!certificate && session.resumed) return unknown('the session was resumed without its certificate')
  const chain =
    requirement.trusted && certificate ? chainError(certificate, found, terms.authorities, terms.now) : ''
  const failure = certificateFailure({ certificate, chainError: chain ?? '' }, requirement, seen.host)
  if (failure) return bounce(failure)
  return chain === null ? unknown('its certificate chain could not be checked') : { result: 'would-deliver' }
}

function demandsMore({ trusted, namesHost, namesAnyOf, fingerprintsAnyOf }: Requirement): boolean {
  return trusted || namesHost || namesAnyOf.length > 0 || fingerprintsAnyOf.length > 0
}

function rankOf(version: string): number {
  return VERSIONS.indexOf(version)
}

function bounce(failure: AttemptFailure): ObservedVerdict {
  return { result: 'would-bounce', failure }
}

function unknown(why: string): ObservedVerdict {
  return { result: 'unknown', why }
}
