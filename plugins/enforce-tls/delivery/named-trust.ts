/**
 * What the named trust of a rule makes of the terms at a host. A trust that cannot be used, or does not go with what is
 * demanded, is never left out: the host then fails with words for an administrator, and its mail waits.
 */
import type { HostRequirement, HostTerms, NamedTrust } from '../published/host-requirement.js'
import { NO_RULE, type Requirement, type TrustDemand } from '../rules/requirement.js'
import { listed } from '../text/list.js'
import { quote } from '../text/quote.js'
import { TrustProblem } from './tls/trust-files.js'

/** The trusts of the settings in force. */
export interface TrustLookUp {
  /** @throws {TrustProblem} where there is none of that name, or it cannot be used. */
  get(name: string): NamedTrust
}

/** The terms at a host, on which a trust has had its say. */
export type Terms =
  | HostTerms
  | {
      readonly is: 'failed'
      readonly class: 'trust-unusable'
      /** As the end of a sentence about the host. */
      readonly why: string
    }

/** The same terms, for sessions with the trust that the rules name; total. */
export function withTrust(terms: HostTerms, trusts: TrustLookUp): Terms {
  // Where nothing is required, no rule has a say in how it is done.
  if (terms.is !== 'required' || !terms.requirement.trusts) return terms
  const { requirement } = terms
  const named = trustOf(requirement, trusts)
  return 'problem' in named
    ? { is: 'failed', class: 'trust-unusable', why: `was not contacted, because ${named.problem}` }
    : { is: 'required', requirement: atTrust(requirement, named) }
}

/** The trust of a requirement, or why there is none, as a clause. */
export function trustOf(
  requirement: Requirement,
  trusts: TrustLookUp,
): NamedTrust | { readonly problem: string } {
  const [demand, ...others] = requirement.trusts ?? []
  if (!demand) throw new TypeError('no rule names a trust')
  const [other] = others.filter(({ name }) => name !== demand.name)
  if (other)
    return {
      problem: `rule ${ruleOf(demand)} requires trust ${quote(demand.name)}, rule ${ruleOf(other)} trust ${quote(other.name)}, and no session has both; give both rules the same trust, or leave it to one of them`,
    }
  try {
    const trust = trusts.get(demand.name)
    const contradiction = contradictionIn(requirement, trust, demand)
    return contradiction === null ? trust : { problem: contradiction }
  } catch (error) {
    if (!(error instanceof TrustProblem)) throw error
    return { problem: `trust ${quote(demand.name)}${ofRule(demand)} cannot be used: ${error.message}` }
  }
}

/** Why a trust would not do what it says, or would do less than is demanded; `null` for nothing. */
function contradictionIn(requirement: Requirement, trust: NamedTrust, demand: TrustDemand): string | null {
  const { level, published, trusted, withoutTrust } = requirement
  const named = `trust ${quote(trust.name)}${ofRule(demand)}`
  if (trust.serverName !== '' && published.length > 0)
    return `${named} has server_name=${trust.serverName}, but at level ${level} what the partner publishes says by which name its server is recognized; remove server_name, or use level verify`
  if (!trust.hasAuthorities) return null
  if (!trusted && published.every(({ by }) => by === 'dane'))
    return `${named} has ca=, but level ${level} does not look at authorities; use level verify or secure, or remove ca=`
  if (!withoutTrust?.trusted) return null
  return `${named} replaces the trusted authorities, but ${othersOf(requirement)} requires a certificate of those that this server trusts; give those rules the same trust, or remove ca= from it`
}

function atTrust(requirement: HostRequirement, trust: NamedTrust): HostRequirement {
  const { serverName } = trust
  if (serverName === '' || !requirement.namesHost) return { ...requirement, trust }
  return {
    ...requirement,
    trust,
    // Rules without the trust still want the MX host named, too.
    namesHost: requirement.withoutTrust?.namesHost === true,
    namesAnyOf: [...requirement.namesAnyOf, [serverName]],
  }
}

/** Nothing where an option of a check names the trust. */
function ofRule(demand: TrustDemand): string {
  return demand.by === NO_RULE ? '' : ` of rule ${ruleOf(demand)}`
}

function ruleOf({ by }: TrustDemand): string {
  return `${quote(by.name)} of ${by.owner}`
}

/** The rules that decide beside those with the trust. */
function othersOf({ decidedBy, trusts = [] }: Requirement): string {
  const others = decidedBy.filter(
    ({ owner, id }) => !trusts.some(({ by }) => by.owner === owner && by.id === id),
  )
  const names = others.map(({ name, owner }) => `${quote(name)} of ${owner}`)
  return names.length === 1 ? `rule ${listed(names)}` : `one of the rules ${listed(names)}`
}
