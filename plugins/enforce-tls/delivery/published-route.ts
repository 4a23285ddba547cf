/**
 * The way of a message whose requirement looks at what the recipient's domain publishes: its hosts, from DNS that knows
 * what is authentic, and on what terms mail goes to each. Looking that up can take long; a message that waits for it
 * gives its turn in Haraka's queue back, so that mail for others goes on.
 */
import { isIP } from 'node:net'
import type { HarakaMx } from '../haraka/types.js'
import { lookUpFacts, type DomainFacts, type HostFacts, type NamedHost } from '../published/domain-facts.js'
import { isUnbound, lookUpFailure, termsAt, type HostTerms } from '../published/host-requirement.js'
import { comparableDomain } from '../rules/address.js'
import { demandKey, type Requirement } from '../rules/requirement.js'
import type { GuardContext } from './guard-context.js'
import type { AskedFacts, GuardedItem } from './guarded-item.js'
import { copyOf, hostOf, isTrustedHop, NULL_MX, portOf } from './next-hop.js'
import { allTried } from './all-tried.js'
import { otherFailure, tlsFailure, UNROUTABLE, type AttemptFailure } from './outcome.js'

/** How long a message stands by while something is looked up, in milliseconds. */
const PATIENCE = 1000
/** Messages that stand by: never more than half of those that Haraka delivers at once, the other turns are for others. */
let standingBy = 0
/** For how long an answer that a message has waited for is good, until it is called, in milliseconds. */
const ANSWER_LASTS = 60_000

/** A host that waited for a connection while DNS changed. */
const NOT_NAMED = 'is no longer one of the hosts that DNS names'

/** What a domain's mail goes by. */
type Route =
  | { readonly is: 'hosts'; readonly hosts: HarakaMx[]; readonly lost: readonly LostHost[] }
  /** As Haraka says it: such a domain does not exist, or takes no mail (RFC 7505). */
  | { readonly is: 'no-such-domain' | 'null-mx' }
  | { readonly is: 'failed'; readonly failure: AttemptFailure }

/** A host that has no address to go to. */
interface LostHost {
  readonly host: string
  readonly failure: AttemptFailure
}

/** Whether the requirement of an item looks at what is published. */
export function looksAtPublished({ requirement, release, route }: GuardedItem): boolean {
  return requirement !== null && release === null && route === null && requirement.published.length > 0
}

/**
 * Goes on with a delivery: to the hosts that were found, or to where Haraka goes without any.
 *
 * @param named the hosts that a plugin has named, instead of those of DNS
 */
export async function deliverByRoute(guarded: GuardedItem, named: readonly HarakaMx[] | null): Promise<void> {
  const { item, haraka, round, requirement } = guarded
  if (!requirement) return guarded.postpone()
  guarded.named = named
  const route = await findRoute(guarded, requirement, named)
  switch (route.is) {
    case 'suspended':
      return
    case 'no-such-domain':
      // As Haraka has it from its own DNS.
      return item.get_mx_error(Object.assign(new Error('no such domain'), { code: 'ENOTFOUND' }))
    case 'null-mx':
      return haraka.original('found_mx')([NULL_MX])
    case 'failed':
      round.lost(item.todo.domain, route.failure)
      return allTried(guarded)
    case 'hosts':
      for (const { host, failure } of route.lost) round.lost(host, failure)
      if (route.hosts.length === 0) return allTried(guarded)
      return haraka.original('found_mx')(route.hosts)
  }
}

/** Goes on with a round that was suspended; what is published may have changed meanwhile. */
export async function goOn(guarded: GuardedItem): Promise<void> {
  const { item, requirement } = guarded
  if (requirement && looksAtPublished(guarded)) {
    guarded.suspendRound(requirement)
    const route = await findRoute(guarded, requirement, guarded.named)
    if (route.is === 'suspended') return
    guarded.resumeRound()
  }
  return item.try_deliver()
}

/** Finds the way; the guarded item has what the terms of each host follow from afterwards. */
async function findRoute(
  guarded: GuardedItem,
  requirement: Requirement,
  named: readonly HarakaMx[] | null,
): Promise<Route | { readonly is: 'suspended' }> {
  const facts = await factsFor(guarded, requirement, named)
  // The message has given its turn back, and comes again.
  if (!facts) return { is: 'suspended' }
  guarded.facts = facts
  const route = routeOf(facts, named, guarded.context.makeMx)
  return route.is === 'hosts' && !named ? { ...route, hosts: guarded.item.sort_mx(route.hosts) } : route
}

/**
 * The way that follows from what is known of a domain.
 *
 * @param named the hosts that were named instead of looked up
 * @param makeMx makes a host of DNS a next hop
 */
export function routeOf(
  { mailHosts, hosts }: DomainFacts,
  named: readonly HarakaMx[] | null,
  makeMx: GuardContext['makeMx'],
): Route {
  if (mailHosts?.kind === 'failed')
    return {
      is: 'failed',
      failure: tlsFailure(lookUpFailure(mailHosts), `cannot be looked up: ${mailHosts.why}`),
    }
  if (mailHosts?.kind === 'no-mail') return { is: mailHosts.reason }
  const lost: LostHost[] = []
  const found = hosts.flatMap(({ name, addresses, preference }, index) => {
    const mx = named?.[index]
    if (name === null || !addresses) return mx ? [mx] : []
    if (addresses.kind === 'failed') {
      lost.push({
        host: name,
        failure: tlsFailure(lookUpFailure(addresses), `cannot be looked up: ${addresses.why}`),
      })
      return []
    }
    if (addresses.kind === 'no-address') {
      lost.push({ host: name, failure: otherFailure('has no address', { status: UNROUTABLE }) })
      return []
    }
    // Whoever names the address has chosen it.
    if (mx && isIP(mx.exchange ?? '')) return [mx]
    return addresses.addresses.map((exchange) =>
      // As Haraka does it for a host that it has resolved.
      mx
        ? copyOf(mx, { exchange, from_dns: mx.exchange })
        : makeMx({ exchange, from_dns: name, priority: preference }),
    )
  })
  return { is: 'hosts', hosts: found, lost }
}

/** On what terms an item goes to a host: for requirements that look at nothing published, on their own. */
export function termsOf({ facts }: GuardedItem, mx: HarakaMx, requirement: Requirement): HostTerms {
  if (requirement.published.length === 0)
    return { is: isUnbound(requirement) ? 'free' : 'required', requirement }
  if (!facts) return { is: 'failed', class: 'dnssec-invalid', why: NOT_NAMED }
  return termsIn(facts, mx, requirement)
}

/** On what terms mail goes to a host of a domain. */
export function termsIn(facts: DomainFacts, mx: HarakaMx, requirement: Requirement): HostTerms {
  const host = facts.hosts.find((each) => isAbout(each, mx))
  if (host) return termsAt(requirement, facts, host)
  const why =
    facts.mailHosts?.kind === 'failed' ? `cannot be authenticated: ${facts.mailHosts.why}` : NOT_NAMED
  return { is: 'failed', class: 'dnssec-invalid', why }
}

function isAbout({ name, port }: HostFacts, mx: HarakaMx): boolean {
  const host = nameOf(mx)
  return port === portOf(mx) && (name === null ? host === null : host !== null && sameName(name, host))
}

function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}

/** `null` for an address or a socket. */
function nameOf(mx: HarakaMx): string | null {
  const host = hostOf(mx)
  return mx.path !== undefined || isIP(host) ? null : host
}

/** Domains that messages wait for: the next one for them need not stand by to learn that it takes long. */
const lateDomains = new Set<string>()

/** `null` where the message has given its turn back. */
async function factsFor(
  guarded: GuardedItem,
  requirement: Requirement,
  named: readonly HarakaMx[] | null,
): Promise<DomainFacts | null> {
  const { item, context } = guarded
  const { trustedNextHops } = context.settings().main
  // Of a host that the operator counts as secure nothing is asked; Haraka finds its address.
  const hosts =
    named &&
    named.map((mx): NamedHost => ({
      host: isTrustedHop(mx, trustedNextHops) ? null : nameOf(mx),
      port: portOf(mx),
    }))
  const key = JSON.stringify([item.todo.domain, demandKey(requirement), hosts])
  const before = guarded.asked
  guarded.asked = null
  if (before?.key === key && before.found && performance.now() - before.found.at < ANSWER_LASTS)
    return before.found.facts
  const asked = ask(context, { key, requirement, hosts, guarded })
  const { domain } = item.todo
  if (await inTime(asked.facts, lateDomains.has(domain) ? null : context)) return await asked.facts
  lateDomains.add(domain)
  guarded.asked = asked
  item.loginfo(`enforce-tls: waits for DNS, or for the MTA-STS policy of ${item.todo.domain}`)
  void asked.facts.then(() => {
    lateDomains.delete(domain)
    context.outbound().delivery_queue.push(item)
  })
  item.next_cb()
  return null
}

function ask(
  { published, isLastTry }: GuardContext,
  about: {
    readonly key: string
    readonly requirement: Requirement
    readonly hosts: readonly NamedHost[] | null
    readonly guarded: GuardedItem
  },
): AskedFacts {
  const { key, requirement, hosts, guarded } = about
  const facts = lookUpFacts(published(), {
    domain: comparableDomain(guarded.item.todo.domain),
    demands: requirement.published,
    named: hosts,
    urgent: isLastTry(guarded.item),
  })
  const asked: AskedFacts = { key, facts, found: null }
  void facts.then((found) => (asked.found = { facts: found, at: performance.now() }))
  return asked
}

/** @param context `null` for no patience: what is known already comes in time all the same */
async function inTime(
  facts: Promise<DomainFacts>,
  context: Pick<GuardContext, 'turns'> | null,
): Promise<boolean> {
  const patience = context && standingBy < Math.max(1, context.turns() / 2) ? PATIENCE : 0
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), patience)
  })
  if (patience > 0) standingBy++
  try {
    return await Promise.race([facts.then(() => true), late])
  } finally {
    if (patience > 0) standingBy--
    clearTimeout(timer)
  }
}
