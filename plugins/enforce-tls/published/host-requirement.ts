/**
 * What a requirement means at one MX host, by what DNS and the domain's policy say of it: the demands that what is
 * published be fulfilled become demands that a session can be held against. What is unknown is never "nothing
 * published". Pure.
 */
import type { Failed } from '../dns/answer.js'
import { demandKey, type PublishedDemand, type Requirement } from '../rules/requirement.js'
import { listed } from '../text/list.js'
import type { TlsaSet } from './dane/tlsa-set.js'
import type { DomainFacts, HostFacts } from './domain-facts.js'
import { matchingMx } from './mta-sts/mx-pattern.js'
import type { PublishedSts, UnknownSts } from './mta-sts/sts-policies.js'

/** A requirement as it holds at one host. */
export interface HostRequirement extends Requirement {
  /** The named trust that sessions with the host are made with; absent where no rule asks for one. */
  readonly trust?: NamedTrust
  /** How the host is held to what is published; absent where no rule asks for it. */
  readonly held?: Held
}

/** A `[trust:<name>]` of the settings with its files as they were read. */
export interface NamedTrust {
  readonly name: string
  /** Another one for any other content of its section or its files. */
  readonly digest: string
  /** The name that the server is asked for and has to show instead of the MX host's; empty for that. */
  readonly serverName: string
  /** Whether it has authorities, which replace those of all. */
  readonly hasAuthorities: boolean
}

export interface Held {
  /** The records that must vouch for the server; `null` for none. */
  readonly dane: DaneDemand | null
  /** The policy in force that lists the host; `null` for none. */
  readonly sts: PublishedSts | null
  /** A policy in force that lists the host, where TLSA records vouch for its certificate; `null` for none. */
  readonly lists: PublishedSts | null
  /** A policy of mode `testing`: what would fail by it is reported, and nothing else. */
  readonly testing: PublishedSts | null
  /** Why nothing that counts is published, as a sentence without a full stop; empty where something is. */
  readonly nothing: string
}

export interface DaneDemand {
  readonly set: TlsaSet
  /** The TLSA base domain: the name that the server is asked for. */
  readonly base: string
  /** What a certificate may bear for usage 2 (RFC 7672 section 3.2.2). */
  readonly names: readonly string[]
  /** The MX records that lead to the host are not authentic, and no policy lists it: the host is who it says it is, but somebody may have named it. */
  readonly isHalf: boolean
}

/** What a host failed for before it was asked; names of RFC 8460 section 4.3 where it has one. */
export type PublishedFailure =
  | 'dnssec-invalid'
  | 'resolver-unavailable'
  | 'tlsa-invalid'
  | 'dane-required'
  | 'sts-policy-fetch-error'
  | 'sts-policy-invalid'
  | 'sts-webpki-invalid'
  | 'mx-not-listed'
  | 'nothing-published'

export interface FailedTerms {
  readonly is: 'failed'
  readonly class: PublishedFailure
  /** As the end of a sentence about the host. */
  readonly why: string
}

/** On what terms mail goes to a host. */
export type HostTerms =
  | { readonly is: 'required'; readonly requirement: HostRequirement }
  /** Nothing is published, and the rules require nothing then. */
  | { readonly is: 'free'; readonly requirement: HostRequirement }
  | FailedTerms

/** The terms at one host of the domain. */
export function termsAt(requirement: Requirement, domain: DomainFacts, host: HostFacts): HostTerms {
  const { published } = requirement
  if (published.length === 0) return { is: isUnbound(requirement) ? 'free' : 'required', requirement }
  const found: Found = {
    dane: daneOf(domain, host),
    sts: stsOf(domain, host),
    isProved: isProved(domain, host),
  }
  const met = published.map((demand) => meet(demand, found, domain))
  const failed = met.find((each) => each.is === 'failed')
  if (failed) return failed
  const parts = met.filter((each) => each.is === 'met')
  const demanded = parts.find((part) => part.dane)?.dane ?? null
  const policy = parts.find((part) => part.sts)?.sts ?? null
  const byName = policy !== null || parts.some((part) => part.byName === true)
  const held: Held = {
    // Of several demands, one may know the host by a policy and another by DNS alone.
    dane: demanded && { ...demanded, isHalf: parts.every((part) => part.dane?.isHalf !== false) },
    sts: policy,
    lists: policy ? null : (parts.find((part) => part.lists)?.lists ?? null),
    testing: policy || found.sts.is !== 'testing' ? null : found.sts.policy,
    nothing: demanded || policy ? '' : (parts.map(({ nothing }) => nothing).find((why) => why !== '') ?? ''),
  }
  const hostRequirement: HostRequirement = {
    ...requirement,
    trusted: requirement.trusted || byName,
    namesHost: requirement.namesHost || byName,
    held,
  }
  return { is: isUnbound(hostRequirement) ? 'free' : 'required', requirement: hostRequirement }
}

/** Whether nothing is required at a host, because nothing is published and the rules require nothing then, or require nothing at all. */
export function isUnbound({ encrypted, held, published }: HostRequirement): boolean {
  return !encrypted && (held ? !held.dane && !held.sts : published.length === 0)
}

const NOT_HELD = { dane: null, sts: null, lists: null, testing: null }

/** The same text for requirements that demand the same of a host: for keys of sessions and connections. */
export function hostDemandKey(requirement: HostRequirement): string {
  const { held, trust } = requirement
  if (!held && !trust) return demandKey(requirement)
  const { dane, sts, lists, testing } = held ?? NOT_HELD
  return JSON.stringify([
    demandKey(requirement),
    trust ? [trust.name, trust.digest] : null,
    dane && [dane.set.digest, dane.names, dane.isHalf],
    sts && [sts.domain, sts.id],
    lists && [lists.domain, lists.id],
    testing && [testing.domain, testing.id],
  ])
}

type Dane =
  | { readonly is: 'dane'; readonly demand: Omit<DaneDemand, 'isHalf'>; readonly mxAuthentic: boolean }
  | { readonly is: 'none'; readonly why: string }
  | FailedTerms

type Sts =
  | { readonly is: 'listed' | 'testing'; readonly policy: PublishedSts }
  | { readonly is: 'none'; readonly why: string }
  | FailedTerms

/** What keeps published records from counting; a clause about the host. */
const NOT_PUBLISHED = {
  'no-records': 'has no TLSA records',
  'insecure-address': 'has no TLSA records that count: its addresses are not signed with DNSSEC',
  'insecure-records': 'has TLSA records that are not signed with DNSSEC, so they do not count',
} as const

function daneOf({ domain, mailHosts, dane }: DomainFacts, { name, addresses, tlsa }: HostFacts): Dane {
  if (!dane) return { is: 'none', why: '' }
  if (name === null || !tlsa || !addresses)
    return { is: 'none', why: 'is an address, for which nothing can be published' }
  if (addresses.kind === 'failed')
    return failed(lookUpFailure(addresses), `cannot be looked up: ${addresses.why}`)
  if (tlsa.kind === 'failed') return failed(lookUpFailure(tlsa), `cannot be authenticated: ${tlsa.why}`)
  if (tlsa.kind === 'none') return { is: 'none', why: NOT_PUBLISHED[tlsa.reason] }
  const { base, set } = tlsa
  if (tlsa.kind === 'unusable')
    return failed('tlsa-invalid', `has no TLSA record that can be used: ${set.all[0]?.ignored ?? ''}`)
  const hops = mailHosts?.kind === 'hosts' ? [domain, mailHosts.name] : [name]
  const demand = { set, base, names: [...new Set([base, ...hops])] }
  return {
    is: 'dane',
    demand,
    mxAuthentic: mailHosts === null || (mailHosts.kind === 'hosts' && mailHosts.authentic),
  }
}

function stsOf({ domain, sts }: DomainFacts, { name }: HostFacts): Sts {
  if (!sts) return { is: 'none', why: '' }
  if (sts.kind === 'unknown')
    return failed(
      sts.isOurs ? 'resolver-unavailable' : STS_FAILURES[sts.cause],
      `cannot be authenticated: ${sts.why}`,
    )
  if (sts.kind === 'none')
    return { is: 'none', why: sts.why === '' ? `${domain} has no MTA-STS policy` : sts.why }
  if (sts.mode === 'none') return { is: 'none', why: `the MTA-STS policy of ${domain} has mode none` }
  if (sts.mode === 'testing') return { is: 'testing', policy: sts }
  if (name !== null && matchingMx(sts.mx, name) !== null) return { is: 'listed', policy: sts }
  return failed('mx-not-listed', whyNotListed(sts))
}

/** That a policy does not list a host, as the end of a sentence about the host. */
export function whyNotListed({ domain, mx }: Pick<PublishedSts, 'domain' | 'mx'>): string {
  return `is not among the hosts that the MTA-STS policy of ${domain} lists (${listed(mx)})`
}

const STS_FAILURES = {
  dns: 'sts-policy-fetch-error',
  fetch: 'sts-policy-fetch-error',
  certificate: 'sts-webpki-invalid',
  policy: 'sts-policy-invalid',
} as const satisfies Record<UnknownSts['cause'], PublishedFailure>

/** What a look-up that failed says: something of the domain, or only of the resolvers here. */
export function lookUpFailure({ isOurs }: Failed): 'dnssec-invalid' | 'resolver-unavailable' {
  return isOurs ? 'resolver-unavailable' : 'dnssec-invalid'
}

/** What is known of one host. */
interface Found {
  readonly dane: Dane
  readonly sts: Sts
  readonly isProved: boolean
}

/**
 * Whether DNS alone proves that a host is the domain's: its MX records are signed, or it has none and is its own host, so
 * that a certificate for the host is one for the domain (RFC 8689 section 4.2.1, steps 2 and 4).
 */
function isProved({ domain, mailHosts }: DomainFacts, { name }: HostFacts): boolean {
  if (name === null || mailHosts?.kind !== 'hosts') return false
  // CNAME records that nobody has signed may lead anywhere.
  return mailHosts.authentic || (mailHosts.implicit && name.toLowerCase() === domain)
}

/** What one demand comes to. */
type Met =
  | {
      readonly is: 'met'
      readonly dane: DaneDemand | null
      readonly sts: PublishedSts | null
      readonly lists: PublishedSts | null
      readonly nothing: string
      /** A trusted certificate has to name the host, though no policy asks for it. */
      readonly byName?: true
    }
  | FailedTerms

const BY_NAME: Met = { is: 'met', dane: null, sts: null, lists: null, nothing: '', byName: true }

function meet(demand: PublishedDemand, { dane, sts, isProved }: Found, facts: DomainFacts): Met {
  const { by, otherwise } = demand
  const nothing = (why: string): Met => {
    if (otherwise !== 'defer') return { is: 'met', dane: null, sts: null, lists: null, nothing: why }
    return by === 'dane' ? failed('dane-required', why) : failed('nothing-published', why)
  }
  const isAlias = facts.mailHosts?.kind === 'hosts' && facts.mailHosts.implicit
  const insecureMx = `is named by ${isAlias ? 'CNAME' : 'MX'} records of ${facts.domain} that are not signed with DNSSEC, so anybody may have named it`
  const byDane = (found: Dane & { is: 'dane' }, policy: PublishedSts | null): Met => {
    const isKnown = found.mxAuthentic || policy !== null
    if (!isKnown && otherwise === 'defer') return nothing(insecureMx)
    return { is: 'met', dane: { ...found.demand, isHalf: !isKnown }, sts: null, lists: policy, nothing: '' }
  }
  const noPolicy =
    sts.is === 'testing'
      ? `the MTA-STS policy of ${facts.domain} has mode testing, which requires nothing`
      : sts.is === 'none'
        ? sts.why
        : ''
  switch (by) {
    case 'dane':
      if (dane.is === 'failed') return dane
      return dane.is === 'none' ? nothing(dane.why) : byDane(dane, null)
    case 'mta-sts':
      if (sts.is === 'failed') return sts
      return sts.is === 'listed'
        ? { is: 'met', dane: null, sts: sts.policy, lists: null, nothing: '' }
        : nothing(needs(noPolicy))
    case 'published': {
      if (sts.is === 'failed' && sts.class === 'mx-not-listed') return sts
      if (dane.is === 'failed' && dane.class !== 'tlsa-invalid') return dane
      if (dane.is === 'dane') {
        // Where DNSSEC proves both host and certificate, a policy that cannot be fetched has nothing to add.
        if (sts.is === 'failed' && !dane.mxAuthentic) return sts
        return byDane(dane, sts.is === 'listed' ? sts.policy : null)
      }
      if (sts.is === 'listed') return { is: 'met', dane: null, sts: sts.policy, lists: null, nothing: '' }
      // RFC 8689 section 2 takes a trust chain as well as DANE; a policy that cannot be had is none (RFC 8461 section 3.3).
      if (demand.isOnward && isProved) return BY_NAME
      if (sts.is === 'failed') return sts
      return dane.is === 'failed'
        ? dane
        : nothing(`${demand.isOnward ? insecureMx : dane.why}, and ${noPolicy}`)
    }
  }
}

function needs(why: string): string {
  return `cannot be authenticated: ${why}`
}

function failed(name: PublishedFailure, why: string): FailedTerms {
  return { is: 'failed', class: name, why }
}
