/**
 * Whether a partner's mail servers fulfil a requirement: every host and address is checked with the code that
 * delivers, and the result is judged as that of a delivery. Sends no message. Never rejects for what a
 * partner or DNS does: that is the result.
 */
import { setMaxListeners } from 'node:events'
import pLimit from 'p-limit'
import { routeOf } from '../delivery/published-route.js'
import { lookUpFailure } from '../published/host-requirement.js'
import type { DomainFacts } from '../published/domain-facts.js'
import { statusOf, tlsFailure } from '../delivery/outcome.js'
import { Attempts } from '../delivery/attempts.js'
import type { TlsTimeouts } from '../delivery/tls/request.js'
import type { Requirement } from '../rules/requirement.js'
import type { Settings } from '../settings/types.js'
import { lookUpDane, type DaneLookUp } from './dane-look-up.js'
import type { DaneCheck } from './dane-types.js'
import { checkFailure, checkHost, dropped, hostCheck, skipped, type CheckedHost } from './host-check.js'
import { hostDane } from './host-dane.js'
import { checkGateway } from './gateway-check.js'
import { findHosts, noMailServer, nullMx, type FoundHosts } from './hosts.js'
import {
  allOf,
  factsFor,
  listedIn,
  lookUpPublished,
  namedHop,
  stsCheck,
  type Published,
} from './published-look-up.js'
import { partnerDane } from './partner-dane.js'
import type { CheckContext, CheckRequest, HostCheck, PartnerCheck } from './types.js'
import {
  afterAttempts,
  commonLevels,
  ofHost,
  publishedLevels,
  remarksOn,
  throughGateway,
  withoutHosts,
  type ReasonedVerdict,
} from './verdict.js'

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

/** Checks a partner. Ends within the time-outs of DNS, connection and handshake, or when the signal says so. */
export async function checkPartner(request: CheckRequest, context: CheckContext): Promise<PartnerCheck> {
  const { domain, requirement, signal } = request
  // Every wait of every host listens to it, and checks of other partners may share it: that is no leak.
  if (signal) setMaxListeners(0, signal)
  const looksAtPublished = requirement.published.length > 0
  const { published = looksAtPublished } = request
  let asking = looksAtPublished ? lookUpPublished(request, context) : null
  const found = asking ? await hostsOfFacts(asking, request) : await findHosts(request, context.network)
  if ('failure' in found)
    return result(
      request,
      {
        hosts: [],
        verdict: withoutHosts(found.failure),
        noHost: { status: statusOf(found.failure, true), reason: found.bounces ?? found.failure.detail },
        published: asking && (await allOf(await asking)),
      },
      context,
    )
  if (published) asking ??= lookUpPublished(request, context)
  const lookingUp = published ? lookUpDane(request, found.resolved.slice(0, MOST_ADDRESSES), context) : null
  const facts = looksAtPublished && asking ? await demandedFacts(await asking, requirement) : null
  const unchecked: CheckedHost[] = []
  const round = new Attempts(() => undefined)
  round.expect(found.named)
  round.resolved(found.resolved)
  for (const { host, failure } of found.lost ?? []) round.lost(host, failure)
  for (const { host, failure } of round.attempts) {
    const priority = found.named.find(({ exchange }) => exchange === host)?.priority ?? null
    const check = hostCheck({ host, priority, to: null, failure: failure && checkFailure(failure) })
    unchecked.push({ check, failure, peer: null })
  }
  const limit = pLimit(AT_A_TIME)
  const checked = await Promise.all(
    found.resolved.map((each, index) =>
      limit(() =>
        index < MOST_ADDRESSES ? checkHost(each, request, context, facts) : skipped(each, TOO_MANY),
      ),
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
  const known = asking && (await allOf(await asking))
  const all = [...unchecked, ...checked]
    .sort((a, b) => byPriority(a.check, b.check))
    .map((each) => withPublished(each, request, known))
  const { hosts, dane } = withDane(all, domain, lookingUp && (await lookingUp))
  const remarks = remarksOn(hosts, requirement)
  return result(request, { hosts, verdict, remarks, dane, published: known }, context)
}

/** What the level needs to know; `null` where that could not be found out. */
async function demandedFacts(
  asked: Awaited<ReturnType<typeof lookUpPublished>>,
  requirement: Requirement,
): Promise<DomainFacts | null> {
  const facts = 'unasked' in asked ? null : await factsFor(asked, requirement)
  return facts && !('kind' in facts) ? facts : null
}

/** The hosts that a delivery would go to that looks at what is published. */
async function hostsOfFacts(
  asking: ReturnType<typeof lookUpPublished>,
  request: CheckRequest,
): Promise<FoundHosts> {
  const asked = await asking
  if ('unasked' in asked)
    return { failure: tlsFailure('resolver-unavailable', asked.unasked.replace(/\.$/, '')) }
  const facts = await asked.facts
  if ('kind' in facts) return { failure: tlsFailure(lookUpFailure(facts), facts.why) }
  const route = routeOf(facts, namedHop(request), (hop) => ({ ...hop }))
  switch (route.is) {
    case 'failed':
      return { failure: route.failure }
    case 'no-such-domain':
      return noMailServer(request.domain, `No Such Domain: ${request.domain}`)
    case 'null-mx':
      return nullMx(request.domain)
    case 'hosts':
      return { named: [], resolved: route.hosts, lost: route.lost }
  }
}

/** A host with what the domain publishes about it, and the levels that follow from that. */
function withPublished(checked: CheckedHost, request: CheckRequest, known: Published | null): CheckedHost {
  if (!known) return checked
  const { check, peer, mx, failure } = checked
  const more = peer && mx && !dropped(failure) ? publishedLevels(peer, request.domain, mx, known.facts) : []
  return {
    ...checked,
    check: {
      ...check,
      listed: listedIn(known.facts.sts, check.host),
      levels: check.levels.length > 0 ? [...check.levels, ...more] : [],
    },
  }
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

interface Findings {
  readonly hosts: readonly HostCheck[]
  readonly verdict: ReasonedVerdict
  readonly remarks?: readonly string[]
  readonly dane?: DaneCheck | null
  readonly published: Published | null
  readonly noHost?: PartnerCheck['noHost']
}

async function result(
  { domain, recipient, requirement, signal }: CheckRequest,
  { hosts, verdict: found, remarks = [], dane = null, published, noHost }: Findings,
  context: CheckContext,
): Promise<PartnerCheck> {
  const { gateway: demand } = requirement
  const asks = demand && (demand.always || found.verdict === 'rerouted')
  const answer = asks ? await checkGateway(requirement, demand, context, signal) : null
  const { verdict, reason } = asks ? throughGateway(demand, found, answer) : found
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
    ...(answer && 'gateway' in answer ? { gateway: answer } : {}),
    ...(noHost ? { noHost } : {}),
    dane,
    mtaSts: published && stsCheck(domain, published.facts.sts, hosts),
    tlsReports: published && published.reports,
    levels: commonLevels(hosts),
    remarks,
    checkedAt: new Date().toISOString(),
  }
}

function byPriority(a: HostCheck, b: HostCheck): number {
  return (a.priority ?? 0) - (b.priority ?? 0)
}
