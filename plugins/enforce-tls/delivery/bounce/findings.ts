/**
 * What the attempts of a message that failed for TLS have in common: the problem, whose side it is on, and what was
 * required. They say no more than all attempts together show. Pure.
 */
import type { HarakaMailItem } from '../../haraka/types.js'
import { isAsked } from '../../requiretls/ask.js'
import { later, type TlsVersion } from '../../rules/levels.js'
import type { Requirement } from '../../rules/requirement.js'
import { oneLine } from '../../text/one-line.js'
import { definitionOf, type FailureClass } from '../failure-classes.js'
import type { BounceRequest } from '../guard-context.js'
import type { Attempt, FailedAttempt } from '../outcome.js'
import { askerOf, looksAtCertificate } from './askers.js'
import type { Demand, Problem, Request, RuleName, Side } from './texts/types.js'

/** Hosts that failed for one reason. */
export interface FailedHosts {
  readonly failure: FailureClass
  readonly hosts: readonly string[]
  /** The last attempt at them. */
  readonly last: FailedAttempt
}

/** The attempts that failed for TLS, one entry for each reason, in the order of their first one. */
export function failedHosts(attempts: readonly Attempt[]): readonly FailedHosts[] {
  const found = new Map<FailureClass, { hosts: Set<string>; last: FailedAttempt }>()
  for (const attempt of attempts) {
    if (!isFailed(attempt)) continue
    const failure = wordedClass(attempt)
    if (failure === null) continue
    const known = found.get(failure)
    if (!known) found.set(failure, { hosts: new Set([oneLine(attempt.host)]), last: attempt })
    else {
      known.hosts.add(oneLine(attempt.host))
      known.last = attempt
    }
  }
  return [...found].map(([failure, { hosts, last }]) => ({ failure, hosts: [...hosts], last }))
}

function isFailed(attempt: Attempt): attempt is FailedAttempt {
  return attempt.failure !== null
}

/** The class whose words fit: by DANE, a certificate can be good or bad without any trusted authority. */
function wordedClass({ failure, requirement }: FailedAttempt): FailureClass | null {
  return failure.class === 'certificate-not-trusted' && requirement?.held?.dane && !requirement.trusted
    ? 'tlsa-invalid'
    : failure.class
}

/** What all of them have in common. */
export function problemOf(failed: readonly FailedHosts[]): Problem {
  const classes = failed.map(({ failure }) => definitionOf(failure))
  const all = (is: 'isOurs' | 'isCertificate') => classes.every((each) => each[is])
  if (classes.length === 0) return 'encryption'
  if (all('isOurs')) return 'ours'
  if (all('isCertificate')) return 'certificate'
  if (failed.every(({ failure }) => isLookUp(failure))) return 'look-up'
  if (classes.every(({ isCertificate, isPublished }) => isCertificate || isPublished)) return 'server'
  // Who has a certificate, or is asked for what comes behind it, has TLS, and whoever was not asked may have it.
  return classes.some(
    ({ isCertificate, isPublished, isOurs, isOnward }) => isCertificate || isPublished || isOurs || isOnward,
  )
    ? 'mixed'
    : 'encryption'
}

/** Whether DNS has not answered, so that nothing is known of the server. */
export function isLookUp(name: FailureClass): boolean {
  return name === 'dnssec-invalid' || name === 'resolver-unavailable'
}

/** Whose side has to act. */
export function sideOf(failed: readonly FailedHosts[]): Side {
  const sides = new Set(failed.map(({ failure }) => definitionOf(failure).side))
  const [one = 'either'] = sides
  if (sides.size < 2) return one
  return sides.has('either') ? 'either' : 'both'
}

/** One reason of each side, that of the decisive attempt first. */
export function oneForEachSide(
  failed: readonly FailedHosts[],
  decisive: FailedAttempt,
): readonly FailureClass[] {
  const name = wordedClass(decisive)
  const names = [...(name ? [name] : []), ...failed.map(({ failure }) => failure).reverse()]
  const bySide = new Map<string, FailureClass>()
  for (const each of names) {
    const { side } = definitionOf(each)
    if (!bySide.has(side)) bySide.set(side, each)
  }
  return [...bySide.values()]
}

/**
 * Whether there was an attempt before the last one; a temporary failure of that one is counted already, and so is all that
 * was before the tries were ended.
 */
export function wasRetried(
  { num_failures = 0 }: Partial<HarakaMailItem>,
  attempts: readonly Attempt[],
  isGivenUp = false,
): boolean {
  const isCounted = isGivenUp || attempts.some(({ failure }) => failure?.temporary)
  return num_failures > (isCounted ? 1 : 0)
}

/** The rules behind it; what the sender asks for is none. */
export function rulesOf(requirement: Requirement | null): readonly RuleName[] {
  const rules = (requirement?.decidedBy ?? []).filter((each) => !isAsked(each))
  return rules.map(({ name, owner }) => ({
    name: oneLine(name),
    owner: owner === '*' ? null : oneLine(owner),
  }))
}

/** What is required of the servers that failed. */
export function demandOf(
  problem: Problem,
  { requirement: atHost, failure }: FailedAttempt,
  request: Pick<BounceRequest, 'requirement' | 'asked'>,
): Demand {
  const { requirement } = request
  const all = requirement?.published ?? []
  // REQUIRETLS takes whatever proves the server, where a rule leaves that open.
  const published = all.some(({ isOnward }) => isOnward)
    ? all.filter(({ otherwise }) => otherwise === 'defer')
    : all
  const isFor = (by: 'dane' | 'mta-sts' | 'published') => published.some((demand) => demand.by === by)
  const named = (['dane', 'mta-sts'] as const).filter(isFor)
  return {
    rules: rulesOf(requirement),
    asker: askerOf(problem, failure.class, request),
    of: ofWhat(),
    sources: isFor('published') && named.length === 0 ? ['any'] : named,
    whereThereIsAny: published.every(({ otherwise }) => otherwise !== 'defer'),
  }

  function ofWhat(): Demand['of'] {
    if (failure.class !== null && definitionOf(failure.class).isOnward) return 'onward'
    if (problem === 'encryption') return 'encryption'
    if (problem === 'ours') return 'settings'
    if (problem !== 'certificate') return published.length > 0 ? 'published' : looksAtServer()
    if (atHost?.held?.dane) return 'dane-certificate'
    return atHost?.held?.sts ? 'sts-certificate' : 'certificate'
  }

  function looksAtServer(): Demand['of'] {
    return requirement && looksAtCertificate(requirement) ? 'verified-tls' : 'tls'
  }
}

/** What the administrators of servers are asked for. @param minVersion the lowest that this mail system takes at all */
export function requestTo(
  { hosts, last: { requirement } }: FailedHosts,
  domain: string,
  minVersion: TlsVersion,
): Request {
  const asked = requirement?.minVersion
  return {
    hosts,
    domain,
    version: (asked ? later(asked, minVersion) : minVersion).replace('v', ' '),
    certificateName: nameIn(requirement, domain),
    agreedAuthority: requirement?.trust?.hasAuthorities === true,
  }
}

function nameIn(requirement: FailedAttempt['requirement'], domain: string): Request['certificateName'] {
  const serverName = requirement?.trust?.serverName ?? ''
  if (serverName !== '') return { is: oneLine(serverName) }
  const ofDomain = (requirement?.namesAnyOf ?? []).some((names) => names.includes(domain))
  if (!ofDomain) return 'host'
  return requirement?.namesHost ? 'host and domain' : 'domain'
}
