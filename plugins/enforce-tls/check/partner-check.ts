/**
 * Whether a partner's mail servers fulfil a requirement: every host and address is checked with the code that
 * delivers, and the result is judged as that of a delivery. Sends no message. Never rejects for what a
 * partner or DNS does: that is the result.
 */
import pLimit from 'p-limit'
import { certificateFailure, type PeerIdentity } from '../delivery/tls/certificate.js'
import { hostOf, placeOf } from '../delivery/next-hop.js'
import { otherFailure, SKIPPED_BY_HARAKA, statusOf, type AttemptFailure } from '../delivery/outcome.js'
import { oneLine } from '../text/one-line.js'
import { probe } from '../delivery/tls/probe.js'
import { Attempts } from '../delivery/attempts.js'
import type { TlsTimeouts } from '../delivery/tls/request.js'
import type { HarakaMx } from '../haraka/types.js'
import type { Settings } from '../settings/types.js'
import { certificateFacts } from './certificate-facts.js'
import { lookUpDane, type DaneLookUp } from './dane-look-up.js'
import type { DaneCheck } from './dane-types.js'
import { hostDane } from './host-dane.js'
import { findHosts } from './hosts.js'
import { partnerDane } from './partner-dane.js'
import { isThisMachine } from '../haraka/this-machine.js'
import type { CheckContext, CheckFailure, CheckRequest, HostCheck, PartnerCheck } from './types.js'
import { afterAttempts, ofHost, withoutHosts, type ReasonedVerdict, remarksOn, levelsOf } from './verdict.js'

/** How many addresses of one partner are checked at a time. */
const AT_A_TIME = 3
/** Far more than any honest partner has. */
const MOST_ADDRESSES = 40
const TOO_MANY = `was not checked: only the first ${MOST_ADDRESSES} addresses are`

/** A delivery waits longer for a reply, 5 minutes; whoever sits at a screen does not. In milliseconds. */
const REPLY_TIMEOUT = 60_000

/** How long a check waits for each step of a server. */
export function checkTimeouts({ tls }: Pick<Settings, 'tls'>): TlsTimeouts {
  return { reply: Math.min(tls.replyTimeout, REPLY_TIMEOUT), handshake: tls.handshakeTimeout }
}

/** Which host a check is about. */
type About = Pick<HostCheck, 'host' | 'priority' | 'to'>

/** A host that was checked. */
interface CheckedHost {
  readonly check: HostCheck
  readonly failure: AttemptFailure | null
  /** What it showed of itself; `null` where there was no handshake. */
  readonly peer: PeerIdentity | null
}

/** Checks a partner. Ends within the time-outs of DNS, connection and handshake, or when the signal says so. */
export async function checkPartner(request: CheckRequest, context: CheckContext): Promise<PartnerCheck> {
  const { domain, mx, requirement } = request
  const found = await findHosts({ domain, mx, signal: request.signal }, context.network)
  if ('failure' in found) return result(request, [], withoutHosts(found.failure))
  const { published = false } = request
  const lookingUp = published ? lookUpDane(request, found.resolved.slice(0, MOST_ADDRESSES), context) : null
  const unchecked: CheckedHost[] = []
  const round = new Attempts(() => undefined)
  round.expect(found.named)
  round.resolved(found.resolved)
  for (const { host, failure } of round.attempts) {
    const priority = found.named.find(({ exchange }) => exchange === host)?.priority ?? null
    const check = hostCheck({ host, priority, to: null, failure: failure && checkFailure(failure) })
    unchecked.push({ check, failure, peer: null })
  }
  const limit = pLimit(AT_A_TIME)
  const checked = await Promise.all(
    found.resolved.map((each, index) =>
      limit(() => (index < MOST_ADDRESSES ? checkHost(each, request, context) : skipped(each, TOO_MANY))),
    ),
  )
  for (const [index, { failure }] of checked.entries()) {
    const hop = found.resolved[index]
    if (!hop || !failure) continue
    round.begin(hop)
    round.fail(round.current, failure)
  }
  const good = checked.find(({ failure }) => failure === null)?.check
  const verdict = good ? ofHost(good) : afterAttempts(round.attempts, request, context)
  const all = [...unchecked, ...checked].sort((a, b) => byPriority(a.check, b.check))
  const { hosts, dane } = withDane(all, domain, lookingUp && (await lookingUp))
  return result(request, hosts, verdict, remarksOn(hosts, requirement), dane)
}

/** The hosts with what DANE says of each, and of all. */
function withDane(
  checked: readonly CheckedHost[],
  domain: string,
  found: DaneLookUp | null,
): { readonly hosts: readonly HostCheck[]; readonly dane: DaneCheck | null } {
  if (found === null || 'unasked' in found) {
    const dane: DaneCheck | null = found && { outcome: 'unknown', sentence: found.unasked }
    return { hosts: checked.map(({ check }) => check), dane }
  }
  const now = Date.now()
  const hosts = checked.map(({ check, peer }) => ({
    ...check,
    dane: hostDane(found, domain, { ...check, peer }, now),
  }))
  return { hosts, dane: partnerDane(found, domain, hosts) }
}

async function checkHost(mx: HarakaMx, request: CheckRequest, context: CheckContext): Promise<CheckedHost> {
  const host = hostOf(mx)
  const about = aboutHost(mx)
  if (!request.mx && !context.localMxOk && isThisMachine(mx)) return skipped(mx, SKIPPED_BY_HARAKA)
  if (context.isTrusted(mx))
    return { check: hostCheck({ ...about, trustedNextHop: true }), failure: null, peer: null }
  const found = await probe(mx, {
    helo: context.helo,
    // With authorities, so that all levels can be judged; encryption itself is the same.
    context: () => context.secureContext(mx, { ...request.requirement, trusted: true }),
    connectTimeout: context.connectTimeout,
    timeouts: context.timeouts,
    verify: (peer) => certificateFailure(peer, request.requirement, host),
    envelope: request.envelope,
    signal: request.signal,
  })
  const { session, reachable, starttls, exchanges, failure } = found
  const check = hostCheck({
    ...about,
    reachable,
    starttls,
    dialogue: exchanges,
    ...(session && {
      protocol: session.protocol,
      cipher: session.cipher,
      certificate: certificateFacts(session.peer, new Date()),
      levels: dropped(failure) ? [] : levelsOf(session.peer, request, host),
    }),
    failure: failure && checkFailure(failure),
  })
  return { check, failure, peer: session?.peer ?? null }
}

/** Whether the server takes back, inside TLS, what it agreed to in the handshake: then no level can be had. */
function dropped(failure: AttemptFailure | null): boolean {
  return failure?.class === 'handshake-failure'
}

function aboutHost(mx: HarakaMx): About {
  return { host: hostOf(mx), priority: mx.priority ?? null, to: placeOf(mx) }
}

function skipped(mx: HarakaMx, why: string): CheckedHost {
  const failure = otherFailure(why)
  return { check: hostCheck({ ...aboutHost(mx), failure: checkFailure(failure) }), failure, peer: null }
}

function hostCheck({ host, priority, to, ...found }: About & Partial<HostCheck>): HostCheck {
  return {
    host: oneLine(host),
    priority,
    to,
    reachable: null,
    starttls: null,
    protocol: null,
    cipher: null,
    certificate: null,
    dialogue: [],
    levels: [],
    dane: null,
    trustedNextHop: false,
    failure: null,
    ...found,
  }
}

function checkFailure(failure: AttemptFailure): CheckFailure {
  const { class: name, temporary, detail } = failure
  return { class: name, temporary, detail: oneLine(detail), status: statusOf(failure, false) }
}

function result(
  { domain, recipient, requirement }: CheckRequest,
  hosts: readonly HostCheck[],
  { verdict, reason }: ReasonedVerdict,
  remarks: readonly string[] = [],
  dane: DaneCheck | null = null,
): PartnerCheck {
  const { decidedBy, ...required } = requirement
  return {
    domain,
    recipient: recipient ?? null,
    level: requirement.level,
    requirement: required,
    decidedBy,
    verdict,
    reason,
    hosts,
    dane,
    remarks,
    checkedAt: new Date().toISOString(),
  }
}

function byPriority(a: HostCheck, b: HostCheck): number {
  return (a.priority ?? 0) - (b.priority ?? 0)
}
