/**
 * What a delivery must fulfil, and how requirements of several owners add up: they are predicates, and all
 * of them must hold, so adding one never weakens another. Pure.
 */
import type { JSONSchemaType } from 'ajv'
import {
  definitionOf,
  later,
  stricter,
  type Level,
  type OnFailure,
  type Onward,
  type Otherwise,
  type PublishedBy,
  type TlsVersion,
} from './levels.js'
import type { RelayWithTls } from './rule.js'

/** A rule that had a part in a decision. */
export interface DecidedBy {
  readonly owner: string
  readonly id: string
  readonly name: string
}

/** The same as JSON. */
export const DECIDED_BY_SCHEMA: JSONSchemaType<DecidedBy> = {
  type: 'object',
  properties: { owner: { type: 'string' }, id: { type: 'string' }, name: { type: 'string' } },
  required: ['owner', 'id', 'name'],
}

/** A demand that what the recipient's domain publishes is fulfilled. */
export interface PublishedDemand {
  readonly by: PublishedBy
  readonly otherwise: Otherwise
  /** Made for the sake of REQUIRETLS; absent for that of a rule's level. */
  readonly isOnward?: true
}

/** A named trust that a rule asks for. */
export interface TrustDemand {
  readonly name: string
  readonly by: DecidedBy
}

/** What rules without a trust demand of a certificate beside those with one. */
export interface DemandWithoutTrust {
  /** That it leads to an authority that this server trusts. */
  readonly trusted: boolean
  /** That it names the MX host. */
  readonly namesHost: boolean
}

/** A gateway that mail goes through instead of to the recipients' servers. */
export interface GatewayDemand {
  /** By name; several cannot all be had, so mail that has to go through one of them waits. */
  readonly names: readonly string[]
  /** All mail goes through it; otherwise only what no host could take as required. */
  readonly always: boolean
  /** What the rules that name no gateway demand of it as of any other next hop; `null` for nothing. */
  readonly others: Requirement | null
}

/** What every delivery of a message to a recipient must fulfil. */
export interface Requirement {
  /** The strictest level of those that add up. */
  readonly level: Level
  /** Lowest TLS version a rule asks for; absent where only `[tls] min_version` holds. */
  readonly minVersion?: TlsVersion
  /** Whether the certificate's chain must end at a trusted authority. */
  readonly trusted: boolean
  /** Whether the certificate must name the MX host. */
  readonly namesHost: boolean
  /** Of each list, the certificate must name at least one; `.bank.example` is any subdomain. */
  readonly namesAnyOf: readonly (readonly string[])[]
  /** Of each list, the certificate or its public key must have one SHA-256 fingerprint. */
  readonly fingerprintsAnyOf: readonly (readonly string[])[]
  /**
   * Whether TLS is required whatever the recipient's domain publishes; where it is not, all of `published` allow mail
   * in the clear for those who publish nothing.
   */
  readonly encrypted: boolean
  /** What the recipient's domain publishes must be fulfilled; each demand at most once. */
  readonly published: readonly PublishedDemand[]
  /** The named trusts that sessions are to be made with, each once: no session is made with two. Absent for none. */
  readonly trusts?: readonly TrustDemand[]
  /** Absent where all that look at the certificate ask for a trust, or none does. */
  readonly withoutTrust?: DemandWithoutTrust
  /**
   * Absent where only `[failure] action` holds. Between owners `reroute` counts only where no rule says `bounce` or
   * `defer`; of these two the wider owner's word does.
   */
  readonly onFailure?: OnFailure
  /** The gateway that mail goes through; absent for none. */
  readonly gateway?: GatewayDemand
  /** Whether the message is handed on with REQUIRETLS; absent for without. */
  readonly onward?: Onward
  /** The rules that require it, widest owner first; never empty. */
  readonly decidedBy: readonly DecidedBy[]
}

/**
 * What one rule requires for recipients of a domain.
 *
 * @param action of a level other than `none`
 */
export function requirementOf(action: RelayWithTls, domain: string, decidedBy: DecidedBy): Requirement {
  const {
    level,
    minVersion,
    names = NONE,
    fingerprints = NONE,
    otherwise = 'defer',
    onFailure,
    trust,
    via,
    requireOnward,
  } = action
  const demands = definitionOf(level)
  // Made for each covered recipient, and soon garbage: what is not needed is not made.
  const requirement: Mutable<Requirement> = {
    level,
    trusted: demands.trusted,
    namesHost: demands.names === 'mx-host',
    namesAnyOf: demands.names === 'domain' ? [[domain, `.${domain}`, ...names]] : NOTHING,
    fingerprintsAnyOf: demands.pinned ? [fingerprints] : NOTHING,
    encrypted: demands.published === null || otherwise !== 'none',
    published: demands.published === null ? UNPUBLISHED : [{ by: demands.published, otherwise }],
    decidedBy: [decidedBy],
  }
  if (minVersion) requirement.minVersion = minVersion
  if (trust !== undefined) requirement.trusts = [{ name: trust, by: decidedBy }]
  if (onFailure) requirement.onFailure = onFailure
  if (via) requirement.gateway = { names: [via], always: onFailure !== 'reroute', others: null }
  if (!requireOnward) return requirement
  requirement.onward = requireOnward
  return requireOnward === 'must' ? knownForOnward(requirement) : requirement
}

/**
 * The same for a message that leaves with REQUIRETLS or not at all: the host has to be found securely, and verified
 * (RFC 8689 section 4.2.1). A requirement that binds a certificate to the recipient's domain does both.
 */
export function knownForOnward(requirement: Requirement): Requirement {
  const { published } = requirement
  const isKnown = isBinding(requirement)
  return {
    ...requirement,
    encrypted: true,
    onward: 'must',
    published: isKnown ? published : bothPublished(published, [FOR_ONWARD]),
  }
}

const FOR_ONWARD: PublishedDemand = { by: 'published', otherwise: 'defer', isOnward: true }

/** The same where the operator names the hosts: each is known by its name, and by no more than that is it verified. */
export function knownByName(requirement: Requirement): Requirement {
  const published = requirement.published.filter(({ isOnward }) => isOnward !== true)
  return published.length === requirement.published.length
    ? requirement
    : { ...requirement, published, trusted: true, namesHost: true }
}

/** Whether no other server than the one that is meant can fulfil it, whoever named the host. */
export function isBinding({
  trusted,
  namesAnyOf,
  fingerprintsAnyOf,
}: Pick<Requirement, 'trusted' | 'namesAnyOf' | 'fingerprintsAnyOf'>): boolean {
  return fingerprintsAnyOf.length > 0 || (trusted && namesAnyOf.length > 0)
}

/** The conjunction of two requirements; `null` requires nothing. */
export function addUp(a: Requirement | null, b: Requirement | null): Requirement | null {
  if (!a || !b) return a ?? b
  const sum: Mutable<Requirement> = {
    level: stricter(a.level, b.level),
    trusted: a.trusted || b.trusted,
    namesHost: a.namesHost || b.namesHost,
    namesAnyOf: [...a.namesAnyOf, ...b.namesAnyOf],
    fingerprintsAnyOf: [...a.fingerprintsAnyOf, ...b.fingerprintsAnyOf],
    encrypted: a.encrypted || b.encrypted,
    published: bothPublished(a.published, b.published),
    decidedBy: [...a.decidedBy, ...b.decidedBy],
  }
  const minVersion =
    a.minVersion && b.minVersion ? later(a.minVersion, b.minVersion) : (a.minVersion ?? b.minVersion)
  if (minVersion) sum.minVersion = minVersion
  if (a.trusts || b.trusts) {
    sum.trusts = bothTrusts(a.trusts ?? [], b.trusts ?? [])
    const [ofA, ofB] = [withoutTrust(a), withoutTrust(b)]
    const both = { trusted: ofA.trusted || ofB.trusted, namesHost: ofA.namesHost || ofB.namesHost }
    if (both.trusted || both.namesHost) sum.withoutTrust = both
  }
  const onFailure = bothOnFailure(a.onFailure, b.onFailure)
  if (onFailure) sum.onFailure = onFailure
  if (a.gateway || b.gateway) sum.gateway = bothGateways(a, b)
  const onward = a.onward === 'must' ? a.onward : (b.onward ?? a.onward)
  if (onward) sum.onward = onward
  return sum
}

/** A rule that wants a message back, or kept, wants it given to nobody else: only rules that say nothing leave it to others. */
function bothOnFailure(a: OnFailure | undefined, b: OnFailure | undefined): OnFailure | undefined {
  return a === 'reroute' ? (b ?? a) : b === 'reroute' ? (a ?? b) : (a ?? b)
}

function bothGateways(a: Requirement, b: Requirement): GatewayDemand {
  const ofGateway = ({ gateway }: Requirement) => gateway?.names ?? []
  // Demands on the recipients' own servers are not for the gateway of the rule that makes them.
  const othersIn = (each: Requirement) => (each.gateway ? each.gateway.others : each)
  return {
    names: [...new Set([...ofGateway(a), ...ofGateway(b)])],
    always: a.gateway?.always === true || b.gateway?.always === true,
    others: addUp(othersIn(a), othersIn(b)),
  }
}

/**
 * What a session with the gateway has to fulfil: a trusted certificate that names the gateway, the TLS version of all
 * rules, and whatever the rules demand that name no gateway.
 *
 * @param trust the gateway's own named trust; `null` for none
 */
export function requirementAtGateway(
  requirement: Requirement,
  gateway: GatewayDemand,
  trust: string | null = null,
): Requirement {
  const [first = NO_RULE] = requirement.decidedBy
  const verified = requirementOf({ level: 'verify', ...(trust === null ? {} : { trust }) }, '', first)
  const sum: Mutable<Requirement> = { ...(addUp(verified, gateway.others) ?? verified) }
  delete sum.onFailure
  delete sum.gateway
  if (requirement.minVersion) sum.minVersion = requirement.minVersion
  if (requirement.onward) {
    sum.onward = requirement.onward
    // Its host is the operator's own word, and its certificate is verified.
    sum.published = sum.published.filter(({ isOnward }) => isOnward !== true)
  }
  return { ...sum, decidedBy: requirement.decidedBy }
}

function bothPublished(
  a: readonly PublishedDemand[],
  b: readonly PublishedDemand[],
): readonly PublishedDemand[] {
  const isIn = ({ by, otherwise, isOnward }: PublishedDemand) =>
    a.some((each) => each.by === by && each.otherwise === otherwise && each.isOnward === isOnward)
  return b.length === 0 ? a : [...a, ...b.filter((each) => !isIn(each))]
}

function bothTrusts(a: readonly TrustDemand[], b: readonly TrustDemand[]): readonly TrustDemand[] {
  return [...a, ...b.filter(({ name }) => !a.some((each) => each.name === name))]
}

const NOTHING_DEMANDED: DemandWithoutTrust = { trusted: false, namesHost: false }

/** An MTA-STS policy is about the authorities of all, too; TLSA records are about none of them. */
function withoutTrust(requirement: Requirement): DemandWithoutTrust {
  if (requirement.trusts) return requirement.withoutTrust ?? NOTHING_DEMANDED
  const { trusted, namesHost, published } = requirement
  return { trusted: trusted || published.some(({ by }) => by !== 'dane'), namesHost }
}

/** The conjunction of any number of requirements. */
export function addUpAll(all: readonly (Requirement | null)[]): Requirement | null {
  if (all.length < 2) return all[0] ?? null
  // By halves, as each sum copies the lists of what it adds up.
  const middle = Math.floor(all.length / 2)
  return addUp(addUpAll(all.slice(0, middle)), addUpAll(all.slice(middle)))
}

/** The same text for the same demand by the same rules, so that recipients may share a delivery. */
export function requirementKey(requirement: Requirement | null): string {
  return JSON.stringify(requirement)
}

/** The same text for requirements that demand the same of a server, whichever rules they come from. */
export function demandKey(requirement: Requirement): string {
  const {
    minVersion,
    level,
    trusted,
    namesHost,
    namesAnyOf,
    fingerprintsAnyOf,
    encrypted,
    published,
    gateway,
    trusts,
    withoutTrust,
    onward,
  } = requirement
  return JSON.stringify([
    minVersion ?? '',
    level,
    trusted,
    namesHost,
    namesAnyOf,
    fingerprintsAnyOf,
    encrypted,
    published,
    ...(trusts ? [trusts.map(({ name }) => name), withoutTrust ?? null] : []),
    // Only what the gateway is for: what it has to fulfil is a requirement of its own.
    ...(onward ? [onward] : []),
    ...(gateway ? [[gateway.names, gateway.always, gateway.others && demandKey(gateway.others)]] : []),
  ])
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

const NONE: readonly string[] = []
const NOTHING: readonly (readonly string[])[] = []
const UNPUBLISHED: readonly PublishedDemand[] = []

/** Stands in the place of a rule where there is none. */
export const NO_RULE: DecidedBy = { owner: '*', id: '-', name: 'no rule' }

/**
 * What an action would require for recipients of a domain, were there a rule with it.
 *
 * @param action of a level other than `none`
 */
export function requirementOfAction(action: RelayWithTls, domain: string): Requirement {
  return { ...requirementOf(action, domain, NO_RULE), decidedBy: [] }
}
