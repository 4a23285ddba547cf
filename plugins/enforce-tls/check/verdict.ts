/** What the findings of a check mean: which levels hold, what would happen to a message and why, and remarks. Pure. */
import { decisiveAttempt, judge, mayPass, type Attempt, type AttemptFailure } from '../delivery/outcome.js'
import { listed } from '../text/list.js'
import { oneLine } from '../text/one-line.js'
import { LEVELS } from '../rules/levels.js'
import type {
  CheckContext,
  CheckRequest,
  GatewayCheck,
  HostCheck,
  LevelCheck,
  PartnerVerdict,
} from './types.js'
import { definitionOf, type Level } from '../rules/levels.js'
import { type GatewayDemand, type Requirement, requirementOf, NO_RULE } from '../rules/requirement.js'
import { EXPIRES_SOON, type CertificateFacts } from './certificate-facts.js'
import { termsIn } from '../delivery/published-route.js'
import type { HarakaMx } from '../haraka/types.js'
import type { DomainFacts } from '../published/domain-facts.js'
import { hostOf } from '../delivery/next-hop.js'
import { certificateFailure, type PeerIdentity } from '../delivery/tls/certificate.js'

/** All verdicts. */
export const PARTNER_VERDICTS: readonly PartnerVerdict[] = [
  'delivered',
  'free',
  'rerouted',
  'waits',
  'bounced',
  'not-known',
]

/** The verdict, and why in one line. */
export interface ReasonedVerdict {
  readonly verdict: PartnerVerdict
  readonly reason: string
}

/** Of a host that fulfils the requirement. */
export function ofHost({ host, to, trustedNextHop, free, remark }: HostCheck): ReasonedVerdict {
  const where = to === null ? host : `${host} (${to})`
  if (free !== null)
    return { verdict: 'free', reason: `${where} takes mail, and TLS is not required, because it ${free}` }
  return {
    verdict: 'delivered',
    reason: trustedNextHop
      ? `${where} counts as secure without TLS (trusted_next_hops)`
      : `${where} fulfils the requirement${remark === null ? '' : ` (${remark})`}`,
  }
}

/** Where no host could be found. */
export function withoutHosts(failure: AttemptFailure): ReasonedVerdict {
  return { verdict: failure.temporary ? 'not-known' : 'bounced', reason: oneLine(failure.detail) }
}

/** Where no host fulfils the requirement: as a delivery judges its attempts. */
export function afterAttempts(
  attempts: readonly Attempt[],
  { requirement }: CheckRequest,
  { failureAction }: CheckContext,
): ReasonedVerdict {
  const decisive = decisiveAttempt(attempts)
  if (!decisive) return { verdict: 'not-known', reason: 'no host could be checked' }
  const { tls, temporary } = judge(attempts)
  const reason = oneLine(`${decisive.host} ${decisive.failure.detail}`)
  const areKnown = attempts.every(({ failure }) => failure !== null && !mayPass(failure))
  if (temporary) return { verdict: areKnown ? 'waits' : 'not-known', reason }
  const { onFailure, gateway } = requirement
  if (tls && onFailure === 'reroute' && gateway) return { verdict: 'rerouted', reason }
  const waits = tls && (onFailure ?? failureAction) === 'defer'
  return {
    verdict: 'bounced',
    reason: waits ? `${reason} (after retries, because of on-failure defer)` : reason,
  }
}

/**
 * The same where mail goes through a gateway: what counts is whether that takes it.
 *
 * @param found of the partner's own servers; for a rule that reroutes, that they have all failed for good
 * @param answer what the gateway was found to do, or why there is none to be asked; `null` where that is unknown
 */
export function throughGateway(
  { always, names }: GatewayDemand,
  { reason }: ReasonedVerdict,
  answer: GatewayCheck | { readonly problem: string } | null,
): ReasonedVerdict {
  const gateway = `the gateway ${listed(names)}`
  const goes = always
    ? `all of it goes through ${gateway}`
    : `${reason}; with on-failure reroute, mail goes through ${gateway} instead`
  const own = always ? `; of the partner's own servers: ${reason}` : ''
  if (answer === null)
    return {
      verdict: 'not-known',
      reason: `${goes}, whose settings are unknown here (--config names the folder of a Haraka)${own}`,
    }
  if ('problem' in answer) return { verdict: 'waits', reason: `${goes}, which ${answer.problem}${own}` }
  const verdict = answer.verdict === 'delivered' ? 'rerouted' : answer.verdict
  const how = verdict === 'rerouted' ? 'which takes it' : 'which does not take it now'
  return { verdict, reason: `${goes}, ${how}: ${answer.reason}${own}` }
}

/** A host and its certificate. */
export interface Shown {
  readonly host: string
  readonly certificate: CertificateFacts | null
}

/**
 * The remarks, a sentence each, those of the same host and certificate once; none at a level that takes any
 * certificate.
 */
export function remarksOn(hosts: readonly Shown[], requirement: Requirement): string[] {
  const effect = effectOf(requirement)
  if (effect === null) return []
  const sentences = hosts.flatMap(({ host, certificate }) => {
    const { daysLeft = null, validTo = null } = certificate ?? {}
    if (daysLeft === null || daysLeft < 0 || daysLeft >= EXPIRES_SOON) return []
    const day = validTo?.slice(0, 10) ?? 'a day'
    return [`The certificate of ${host} expires on ${day}, ${inDays(daysLeft)}; ${effect}.`]
  })
  return [...new Set(sentences)]
}

/** How far away that is. */
export function inDays(days: number): string {
  if (days < 0) return days === -1 ? '1 day ago' : `${-days} days ago`
  if (days === 0) return 'in less than a day'
  return days === 1 ? 'in 1 day' : `in ${days} days`
}

/** What it means for the level that a certificate expires; `null` where it means nothing. */
function effectOf({ level, trusted }: Requirement): string | null {
  if (trusted) return `unless it is renewed, mail at level ${level} bounces from then on`
  return definitionOf(level).pinned
    ? 'a new one may have another fingerprint, which must be added to the rule'
    : null
}

/**
 * Tries the levels on a session; `fingerprint` only where the requirement lists some.
 *
 * @param host the MX host's name, or its address where it has no name
 */
export function levelsOf(
  peer: PeerIdentity,
  { domain, requirement, also }: CheckRequest,
  host: string,
): LevelCheck[] {
  const plain = (level: Level, names: readonly string[] = []) =>
    requirementOf({ level, names }, domain, NO_RULE)
  const { namesAnyOf } = requirement
  const listed = also?.fingerprints ?? []
  const own = requirement.fingerprintsAnyOf
  const fingerprintsAnyOf = own.length > 0 || listed.length === 0 ? own : [listed]
  const tried: Requirement[] = [
    plain('encrypt'),
    ...(fingerprintsAnyOf.length > 0 ? [{ ...plain('fingerprint'), fingerprintsAnyOf }] : []),
    plain('verify'),
    namesAnyOf.length > 0 ? { ...plain('secure'), namesAnyOf } : plain('secure', also?.names),
  ]
  return tried.map((each) => {
    const failure = certificateFailure(peer, each, host)
    return {
      level: each.level,
      passes: failure === null,
      class: failure?.class ?? null,
      detail: failure ? oneLine(failure.detail) : null,
    }
  })
}

/**
 * Tries the levels that look at what is published, on a session and what is known of the domain; the strictest form of
 * each, in which mail waits where nothing is published.
 */
export function publishedLevels(
  peer: PeerIdentity,
  domain: string,
  mx: HarakaMx,
  facts: DomainFacts,
): LevelCheck[] {
  return LEVELS.filter(({ published }) => published !== null).map(({ name: level }) => {
    const terms = termsIn(facts, mx, requirementOf({ level }, domain, NO_RULE))
    if (terms.is === 'failed') return { level, passes: false, class: terms.class, detail: oneLine(terms.why) }
    const failure = certificateFailure(peer, terms.requirement, hostOf(mx))
    return {
      level,
      passes: failure === null,
      class: failure?.class ?? null,
      detail: failure ? oneLine(failure.detail) : null,
    }
  })
}

/** The levels that all hosts fulfil whose sessions were seen. */
export function commonLevels(hosts: readonly HostCheck[]): Level[] {
  const seen = hosts.filter(({ levels }) => levels.length > 0)
  if (seen.length === 0) return []
  return LEVELS.map(({ name }) => name).filter((name) =>
    seen.every(({ levels }) => levels.some(({ level, passes }) => level === name && passes)),
  )
}
