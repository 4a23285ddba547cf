/** What a requirement would have made of a delivery that it did not have a say in. Pure. */
import { TLS_VERSIONS } from '../rules/levels.js'
import { listed } from '../text/list.js'
import type { HostRequirement } from '../published/host-requirement.js'
import { certificateFailure, verifiedParts } from '../delivery/tls/certificate.js'
import { chainError, type Authorities } from '../delivery/tls/chain.js'
import type { ObservedDelivery } from '../delivery/observed-session.js'
import { asItCounts, tlsFailure, type AttemptFailure } from '../delivery/outcome.js'

/** The judgement: `unknown` says why. */
export type ObservedVerdict =
  | { readonly result: 'would-deliver' }
  /** Nothing is published, and nothing required then; or, with `null`, its sender says `TLS-Required: No`. */
  | { readonly result: 'would-deliver-as-usual'; readonly why: string | null }
  /** One that waits is tried again, and bounces in the end. */
  | { readonly result: 'would-bounce' | 'would-wait'; readonly failure: AttemptFailure }
  | { readonly result: 'unknown'; readonly why: string }

/** What the requirement is held against. */
export interface ObservedTerms {
  /** `[tls] min_version`. */
  readonly minVersion: string
  /** Whether settings of `tls.ini` keep Haraka from speaking a version that the server may know. */
  readonly limited: boolean
  readonly authorities: Authorities
  /** Whether messages wait that fail for a permanent reason (`[failure] action`). */
  readonly defers: boolean
  /** In milliseconds since 1970. */
  readonly now: number
}

const VERSIONS: readonly string[] = ['SSLv3', 'TLSv1', 'TLSv1.1', ...TLS_VERSIONS]

/**
 * Judges, by the code that judges deliveries.
 *
 * @param requirement as it holds at the host
 * @param seen `null` where nothing was seen of the connection
 * @param secured whether Haraka says that it delivered over TLS
 */
export function judgeObserved(
  requirement: HostRequirement,
  seen: ObservedDelivery | null,
  secured: boolean,
  terms: ObservedTerms,
): ObservedVerdict {
  const { gateway } = requirement
  if (gateway?.always) return unknown(`it would have gone through the gateway ${listed(gateway.names)}`)
  const failed = (failure: AttemptFailure) =>
    notDelivered(asItCounts(failure, requirement), requirement, terms)
  if (!secured) {
    // A host that Haraka does without TLS for (no_tls_hosts, or after a failure) might have had it.
    if (seen?.offered === true) return unknown('TLS was offered, but Haraka did not use it')
    return failed(tlsFailure('starttls-not-supported', 'does not offer STARTTLS'))
  }
  const { tls } = seen ?? {}
  const looksOn = demandsMore(requirement)
  if (!seen || !tls) {
    if (!looksOn && !requirement.trusts && requirement.minVersion === undefined)
      return { result: 'would-deliver' }
    return unknown('the session could not be seen')
  }
  const { session, found } = tls
  const lowest = Math.max(rankOf(terms.minVersion), rankOf(requirement.minVersion ?? terms.minVersion))
  if (/NULL/i.test(session.cipher))
    return failed(tlsFailure('handshake-failure', 'agreed on a cipher that does not encrypt'))
  if (rankOf(session.protocol) < lowest) {
    if (terms.limited) return unknown('tls.ini does not let Haraka use the required version')
    const detail = `agreed on ${session.protocol}, but ${VERSIONS[lowest] ?? ''} or later is required`
    return failed(tlsFailure('handshake-failure', detail))
  }
  // Its authorities, client certificate and ciphers were not those of Haraka's own session.
  if (requirement.trusts)
    return unknown(
      `Haraka delivered without trust ${listed(requirement.trusts.map(({ name }) => name))}, which decides whether a session is as required`,
    )
  if (!looksOn) return { result: 'would-deliver' }
  const { certificate } = session
  if (!certificate && session.resumed) return unknown('the session was resumed without its certificate')
  const chain =
    requirement.trusted && certificate
      ? chainError(certificate, found, terms.authorities, terms.now)
      : // For DANE it matters what else than an unknown authority OpenSSL has found.
        (found ?? '')
  const failure = certificateFailure({ certificate, chainError: chain ?? '' }, requirement, seen.host)
  if (failure && isAnotherName(requirement, seen.host))
    return unknown('Haraka asked the server by another name than DANE wants')
  if (failure) return failed(failure)
  return chain === null ? unknown('its certificate chain could not be checked') : { result: 'would-deliver' }
}

/** What a failure for which TLS is to blame means for the message. */
export function notDelivered(
  failure: AttemptFailure,
  { onFailure, gateway }: Pick<HostRequirement, 'onFailure' | 'gateway'>,
  { defers }: Pick<ObservedTerms, 'defers'>,
): ObservedVerdict {
  if (onFailure === 'reroute' && gateway && !failure.temporary)
    return unknown(`it would have gone through the gateway ${listed(gateway.names)} instead`)
  const waits = failure.temporary || (onFailure ? onFailure === 'defer' : defers)
  return { result: waits ? 'would-wait' : 'would-bounce', failure }
}

function demandsMore(requirement: HostRequirement): boolean {
  return verifiedParts(requirement).length > 0
}

/** A server may have a certificate for each name. */
function isAnotherName({ held }: HostRequirement, host: string): boolean {
  return Boolean(held?.dane) && held?.dane?.base.toLowerCase() !== host.toLowerCase()
}

function rankOf(version: string): number {
  return VERSIONS.indexOf(version)
}

function unknown(why: string): ObservedVerdict {
  return { result: 'unknown', why }
}
