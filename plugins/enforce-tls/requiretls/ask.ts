/**
 * What a message that asks for REQUIRETLS requires of itself, beside all that rules require of it: joined with that, so that
 * it can only add to a rule. Pure.
 */
import {
  addUp,
  isBinding,
  knownByName,
  knownForOnward,
  requirementOf,
  type DecidedBy,
  type Requirement,
} from '../rules/requirement.js'
import type { RequireTlsPolicy } from '../settings/requiretls.js'
import { isAddress, policyForDomain, type PolicyContext } from './policy.js'

/** Stands in the place of a rule: the sender's own word. */
export const ASKED: DecidedBy = { owner: '*', id: 'requiretls', name: 'REQUIRETLS, asked for by the sender' }

/** Whether what stands in the place of a rule is the sender's own word. */
export function isAsked({ owner, id }: Pick<DecidedBy, 'owner' | 'id'>): boolean {
  return id === ASKED.id && owner === ASKED.owner
}

/**
 * What rules and the message require together.
 *
 * @param byRules `null` where rules require nothing
 */
export function withAsked(byRules: Requirement | null, policy: RequireTlsPolicy): Requirement {
  return addUp(byRules, asked(policy, byRules)) ?? asked(policy, byRules)
}

/**
 * The same for mail to a domain, as it stands in the envelope. An address is its own host: its certificate has to name it,
 * and there is no MX record that would need DNSSEC (RFC 8689 section 2).
 */
export function withAskedTo(
  domain: string,
  byRules: Requirement | null,
  context: PolicyContext,
): Requirement {
  const sum = withAsked(byRules, policyForDomain(domain, context))
  return isAddress(domain) ? knownByName(sum) : sum
}

function asked(policy: RequireTlsPolicy, byRules: Requirement | null): Requirement {
  const tls = requirementOf({ level: 'encrypt' }, '', ASKED)
  switch (policy) {
    case 'enforce':
      // What a rule binds to the recipient's domain needs no second proof of the host.
      return byRules && isBinding(byRules) ? { ...tls, onward: 'must' } : knownForOnward(tls)
    case 'opportunistic+starttls':
      return { ...tls, onward: 'offered' }
    case 'opportunistic':
      return { ...tls, level: 'none', encrypted: false, onward: 'offered' }
  }
}

/** Whether the sender's own word is what holds, so that no administrator's leave counts against it. */
export function isAskedInEarnest({ decidedBy, onward }: Requirement): boolean {
  return onward === 'must' && decidedBy.some(isAsked)
}
