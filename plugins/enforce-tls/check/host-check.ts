/** The check of one address of one host, by the code that delivers and on the terms of a delivery. */
import { certificateFailure, type PeerIdentity } from '../delivery/tls/certificate.js'
import { serverNameOf } from '../delivery/host-attempt.js'
import { withTrust } from '../delivery/named-trust.js'
import { hostOf, placeOf } from '../delivery/next-hop.js'
import { termsIn } from '../delivery/published-route.js'
import {
  asItCounts,
  asOnward,
  otherFailure,
  SKIPPED_BY_HARAKA,
  statusOf,
  type AttemptFailure,
  tlsFailure,
} from '../delivery/outcome.js'
import { loginProblem } from '../delivery/tls/gateway-session.js'
import { NOT_OFFERED } from '../delivery/tls/onward-mail.js'
import { probe, type Probe } from '../delivery/tls/probe.js'
import { isThisMachine } from '../haraka/this-machine.js'
import type { HarakaMx } from '../haraka/types.js'
import type { DomainFacts } from '../published/domain-facts.js'
import type { HostRequirement } from '../published/host-requirement.js'
import { oneLine } from '../text/one-line.js'
import { certificateFacts } from './certificate-facts.js'
import type { CheckContext, CheckFailure, CheckRequest, HostCheck } from './types.js'
import { levelsOf } from './verdict.js'

/** Which host a check is about. */
type About = Pick<HostCheck, 'host' | 'priority' | 'to'>

/** A host that was checked. */
export interface CheckedHost {
  readonly check: HostCheck
  readonly failure: AttemptFailure | null
  /** What it showed of itself; `null` where there was no handshake. */
  readonly peer: PeerIdentity | null
  /** Absent for one that was not asked. */
  readonly mx?: HarakaMx
  /** The mechanisms of AUTH that it offers; absent where it did not come to that. */
  readonly mechanisms?: readonly string[] | null
}

/**
 * Asks a server.
 *
 * @param facts what the requirement needs to know of the domain; `null` for nothing
 */
export async function checkHost(
  mx: HarakaMx,
  request: CheckRequest,
  context: CheckContext,
  facts: DomainFacts | null,
): Promise<CheckedHost> {
  const host = hostOf(mx)
  const about = aboutHost(mx)
  if ((!request.mx || request.gateway) && !context.localMxOk && isThisMachine(mx))
    return skipped(mx, SKIPPED_BY_HARAKA)
  // At a gateway no next hop counts as secure without TLS.
  if (!request.gateway && context.isTrusted(mx))
    return { check: hostCheck({ ...about, trustedNextHop: true }), failure: null, peer: null }
  const own = withTrust({ is: 'required', requirement: request.requirement }, context.trusts)
  if (own.is === 'failed') return failedHere(mx, tlsFailure(own.class, own.why))
  const terms = facts ? withTrust(termsIn(facts, mx, request.requirement), context.trusts) : own
  const refused = terms.is === 'failed' ? tlsFailure(terms.class, terms.why) : null
  const requirement: HostRequirement = terms.is === 'failed' ? own.requirement : terms.requirement
  const found = await probe(mx, {
    helo: context.helo,
    serverName: serverNameOf(mx, requirement),
    // With authorities, so that all levels can be judged; encryption itself is the same.
    context: () => context.secureContext(mx, { ...requirement, trusted: true }),
    implicitTls: request.gateway?.implicitTls === true,
    connectTimeout: context.connectTimeout,
    timeouts: context.timeouts,
    verify: (peer) => refused ?? certificateFailure(peer, requirement, host),
    envelope: request.envelope,
    signal: request.signal,
  })
  const { session, reachable, starttls, requiretls, exchanges } = found
  const lacking =
    requirement.onward === 'must' && requiretls === false
      ? tlsFailure('requiretls-not-supported', NOT_OFFERED)
      : null
  const failed =
    refused ??
    (found.failure ? asItCounts(found.failure, requirement) : (unfitForLogin(found, request) ?? lacking))
  const failure = failed && asOnward(failed, requirement)
  const free = terms.is === 'free' && reachable ? (requirement.held?.nothing ?? '') : null
  // TLS is not required then; whatever else fails, fails a delivery, too.
  const counts = free !== null && failure?.class ? null : failure
  const check = hostCheck({
    ...about,
    reachable,
    starttls,
    requiretls,
    dialogue: exchanges,
    ...(session && {
      protocol: session.protocol,
      cipher: session.cipher,
      certificate: certificateFacts(session.peer, new Date()),
      levels: dropped(failure) ? [] : levelsOf(session.peer, request, requirement.trust?.serverName || host),
    }),
    free,
    remark: counts === null ? remarkOn(requirement) : null,
    failure: counts && checkFailure(counts),
  })
  return { check, failure: counts, peer: session?.peer ?? null, mx, mechanisms: found.mechanisms }
}

/** Why the login of a gateway could not be said to it; `null` where it could, or there is none. */
function unfitForLogin(
  { mechanisms }: Pick<Probe, 'mechanisms'>,
  { gateway }: CheckRequest,
): AttemptFailure | null {
  const problem = gateway?.login ? loginProblem(mechanisms ?? []) : null
  return problem === null ? null : tlsFailure('gateway-misconfigured', problem)
}

/** Whether the server takes back, inside TLS, what it agreed to in the handshake: then no level can be had. */
export function dropped(failure: AttemptFailure | null): boolean {
  return failure?.class === 'handshake-failure'
}

function aboutHost(mx: HarakaMx): About {
  return { host: hostOf(mx), priority: mx.priority ?? null, to: placeOf(mx) }
}

/** What a host that fulfils the requirement does not prove. */
function remarkOn({ held }: HostRequirement): string | null {
  if (held?.dane?.isHalf)
    return 'half-DANE: its records vouch for it, but the MX records that name it are not signed'
  return held && held.nothing !== '' ? `any TLS will do, because it ${held.nothing}` : null
}

/** A host that is not asked, and why. */
export function skipped(mx: HarakaMx, why: string): CheckedHost {
  return failedHere(mx, otherFailure(why))
}

function failedHere(mx: HarakaMx, failure: AttemptFailure): CheckedHost {
  return { check: hostCheck({ ...aboutHost(mx), failure: checkFailure(failure) }), failure, peer: null }
}

/** What was found of a host, with what is unknown left so. */
export function hostCheck({ host, priority, to, ...found }: About & Partial<HostCheck>): HostCheck {
  return {
    host: oneLine(host),
    priority,
    to,
    reachable: null,
    starttls: null,
    requiretls: null,
    protocol: null,
    cipher: null,
    certificate: null,
    dialogue: [],
    levels: [],
    dane: null,
    listed: null,
    free: null,
    remark: null,
    trustedNextHop: false,
    failure: null,
    ...found,
  }
}

/** A failure as a check gives it. */
export function checkFailure(failure: AttemptFailure): CheckFailure {
  const { class: name, temporary, detail, reply } = failure
  const answered = reply ? { reply: { code: reply.code, text: oneLine(reply.text) } } : {}
  return { class: name, temporary, detail: oneLine(detail), status: statusOf(failure, false), ...answered }
}
