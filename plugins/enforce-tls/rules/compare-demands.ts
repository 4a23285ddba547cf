/**
 * What one action demands beside another one: a partial order over all that a requirement asks for. Parts are compared one
 * by one, those that depend on what the partner publishes once for each case. Where it is not plain that a part is
 * fulfilled by the other action, it is not. Pure.
 */
import { NO_RULE, requirementOf, type PublishedDemand, type Requirement } from './requirement.js'
import type { RelayWithTls } from './rule.js'
import { isWaivable } from './waivable.js'

/** What a partner publishes: nothing that counts, TLSA records, an MTA-STS policy, or both. */
export const KINDS = ['nothing', 'tlsa', 'policy', 'both'] as const
export type Kind = (typeof KINDS)[number]

/**
 * What is demanded of a session with such a partner. `waits`: more than any session has. `dane`: TLSA records vouch for the
 * server; `listed`: the policy lists it.
 */
const ATOMS = ['waits', 'encrypted', 'dane', 'listed', 'trusted', 'host'] as const
export type Atom = (typeof ATOMS)[number]

/** What does not depend on it. `route`: to the partner, or through a gateway; `direct`: through none on failure. */
const OTHERS = [
  'names',
  'fingerprints',
  'version',
  'onward',
  'trust',
  'route',
  'direct',
  'unwaivable',
] as const
type Other = (typeof OTHERS)[number]

/** One part of what is demanded, such as `trusted@policy`. */
export type Part = `${Atom}@${Kind}` | Other

/** The second of two actions beside the first. */
export interface Comparison {
  /** What only the second demands. */
  readonly gained: readonly Part[]
  /** What only the first demands. */
  readonly lost: readonly Part[]
  /** Whether mail that does not fulfil it is treated in the same way. */
  readonly isHandledAlike: boolean
}

/** Compares two actions, which may be of level `none`. */
export function compareDemands(first: RelayWithTls, second: RelayWithTls): Comparison {
  const [were, are] = [demandsOf(first), demandsOf(second)]
  return {
    gained: missing(are, were, namesHost),
    // What names the recipient's domain is bound closer to it than to a host that DNS may have named.
    lost: missing(were, are, (held, kind) => namesHost(held, kind) || namesDomain(held)),
    isHandledAlike: first.onFailure === second.onFailure,
  }
}

/** Whether mail that fulfils the first may not fulfil the second, or is treated in another way where it does not. */
export function demandsMore(first: RelayWithTls, second: RelayWithTls): boolean {
  const { gained, isHandledAlike } = compareDemands(first, second)
  return gained.length > 0 || (second.level !== 'none' && !isHandledAlike)
}

interface Demands {
  readonly action: RelayWithTls
  readonly requirement: Requirement
  readonly at: Readonly<Record<Kind, ReadonlySet<Atom>>>
}

/** Stands for the recipients' domain: it is the same for both. */
const DOMAIN = 'domain.invalid'

/** Many pairs of the same actions are compared. */
const known = new WeakMap<RelayWithTls, Demands>()

function demandsOf(action: RelayWithTls): Demands | null {
  if (action.level === 'none') return null
  const demands = known.get(action) ?? newDemands(action)
  known.set(action, demands)
  return demands
}

function newDemands(action: RelayWithTls): Demands {
  const requirement = requirementOf(action, DOMAIN, NO_RULE)
  const at = (kind: Kind) => atomsAt(requirement, kind)
  return {
    action,
    requirement,
    at: { nothing: at('nothing'), tlsa: at('tlsa'), policy: at('policy'), both: at('both') },
  }
}

function atomsAt({ encrypted, trusted, namesHost: host, published }: Requirement, kind: Kind): Set<Atom> {
  return new Set<Atom>([
    ...(encrypted ? (['encrypted'] as const) : []),
    ...(trusted ? (['trusted'] as const) : []),
    ...(host ? (['host'] as const) : []),
    ...published.flatMap((demand) => publishedAt(demand, kind)),
  ])
}

function publishedAt({ by, otherwise, isOnward }: PublishedDemand, kind: Kind): readonly Atom[] {
  const has = {
    tlsa: by !== 'mta-sts' && (kind === 'tlsa' || kind === 'both'),
    policy: by !== 'dane' && (kind === 'policy' || kind === 'both'),
  }
  if (has.tlsa) return ['encrypted', 'dane', ...(has.policy ? (['listed'] as const) : [])]
  if (has.policy) return ['encrypted', 'listed', 'trusted', 'host']
  // REQUIRETLS takes the certificate as well, where it is known otherwise that the host is the right one.
  if (isOnward) return ['trusted', 'host']
  return { defer: ['waits'] as const, encrypt: ['encrypted'] as const, none: [] }[otherwise]
}

type Names = (held: Demands, kind: Kind) => boolean

function namesHost({ at }: Demands, kind: Kind): boolean {
  return at[kind].has('host')
}

function namesDomain({ requirement: { trusted, namesAnyOf } }: Demands): boolean {
  return trusted && namesAnyOf.length > 0
}

/** The parts of what is asked for that are not fulfilled by whatever fulfils what is held. */
function missing(asked: Demands | null, held: Demands | null, hostIn: Names): readonly Part[] {
  if (asked === null) return []
  const isHeld = (atom: Atom, kind: Kind) =>
    held !== null &&
    (held.at[kind].has('waits') || (atom === 'host' ? hostIn(held, kind) : held.at[kind].has(atom)))
  return [
    ...ATOMS.flatMap((atom) =>
      KINDS.filter((kind) => asked.at[kind].has(atom) && !isHeld(atom, kind)).map(
        (kind): Part => `${atom}@${kind}`,
      ),
    ),
    ...OTHERS.filter((part) => !IS_HELD[part](asked, held ?? NOTHING_HELD)),
  ]
}

/** Fulfils nothing, and may go anywhere. */
const NOTHING_HELD: Demands = {
  action: { level: 'none' },
  requirement: { ...requirementOf({ level: 'encrypt' }, DOMAIN, NO_RULE), encrypted: false },
  at: { nothing: new Set(), tlsa: new Set(), policy: new Set(), both: new Set() },
}

const IS_HELD: Readonly<Record<Other, (asked: Demands, held: Demands) => boolean>> = {
  names: ({ requirement: asked }, { requirement: held }) =>
    asked.namesAnyOf.every((list) => isOneOf(list, held.namesAnyOf)),
  fingerprints: ({ requirement: asked }, { requirement: held }) =>
    asked.fingerprintsAnyOf.every((list) => isOneOf(list, held.fingerprintsAnyOf)),
  // Older ones than the first are never spoken.
  version: ({ action: asked }, { action: held }) =>
    asked.minVersion !== 'TLSv1.3' || held.minVersion === 'TLSv1.3',
  onward: ({ action: asked }, { action: held }) =>
    asked.requireOnward === undefined ||
    held.requireOnward === 'must' ||
    held.requireOnward === asked.requireOnward,
  trust: ({ action: asked, at }, { action: held }) =>
    asked.trust === held.trust ||
    (asked.trust === undefined && !Object.values(at).some((atoms) => atoms.has('trusted'))),
  route: ({ action: asked }, { action: held }) => alwaysVia(asked) === alwaysVia(held),
  direct: ({ action: asked }, { action: held }) =>
    insteadVia(held) === undefined || insteadVia(held) === insteadVia(asked),
  unwaivable: ({ requirement: asked }, { action: held, requirement }) =>
    isWaivable(asked) || (held.level !== 'none' && !isWaivable(requirement)),
}

function isOneOf(list: readonly string[], lists: readonly (readonly string[])[]): boolean {
  return lists.some((each) => each.every((value) => list.includes(value)))
}

function alwaysVia({ onFailure, via }: RelayWithTls): string | undefined {
  return onFailure === 'reroute' ? undefined : via
}

function insteadVia({ onFailure, via }: RelayWithTls): string | undefined {
  return onFailure === 'reroute' ? via : undefined
}
