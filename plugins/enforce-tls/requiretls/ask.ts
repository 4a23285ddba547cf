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
import type { HarakaTodo } from '../haraka/types.js'
import type { RequireTlsPolicy } from '../settings/requiretls.js'
import { askingKindOf, type AskingKind } from './note.js'
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
export function withAsked(
  byRules: Requirement | null,
  policy: RequireTlsPolicy,
  kind: AskingKind = 'message',
): Requirement {
  const own = asked(policy, kind, byRules)
  return addUp(byRules, own) ?? own
}

/**
 * The same of a queued message that asks for it. An address as the domain of its recipients is its own host: its certificate
 * has to name it, and there is no MX record that would need DNSSEC (RFC 8689 section 2).
 */
export function withAskedIn(
  todo: Pick<HarakaTodo, 'domain' | 'notes' | 'mail_from'>,
  byRules: Requirement | null,
  context: PolicyContext,
): Requirement {
  const sum = withAsked(byRules, policyForDomain(todo.domain, context), askingKindOf(todo))
  return isAddress(todo.domain) ? knownByName(sum) : sum
}

function asked(policy: RequireTlsPolicy, kind: AskingKind, byRules: Requirement | null): Requirement {
  const tls = requirementOf({ level: 'encrypt' }, '', ASKED)
  // RFC 8689 section 5: what is not redacted goes with the parameter, whatever a policy thinks of hosts and certificates.
  if (kind === 'own-bounce' && policy !== 'enforce') return { ...tls, onward: 'must' }
  // Section 4.2.1 is about messages with a sender; by section 5 the parameter is no reason to lose a bounce.
  switch (kind === 'bounce' ? 'opportunistic' : policy) {
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
