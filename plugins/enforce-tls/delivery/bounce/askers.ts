/**
 * Whose word it is that a message failed for: that of rules, or of the message itself, which was sent with REQUIRETLS, or
 * of both. A wish is no rule, and a rule that the failure does not touch is not to blame. Pure.
 */
import { isAsked } from '../../requiretls/ask.js'
import type { Requirement } from '../../rules/requirement.js'
import { definitionOf, type FailureClass } from '../failure-classes.js'
import type { AskedFor, BounceRequest } from '../guard-context.js'
import type { Asker, Problem, Without } from './texts/types.js'

/** What is known of a message that asks for REQUIRETLS; `undefined` for one that does not. */
export function demandsOf({
  asked,
  requirement,
}: Pick<BounceRequest, 'asked' | 'requirement'>): AskedFor | undefined {
  if (asked || !requirement?.decidedBy.some(isAsked)) return asked
  // Joined, so that nothing tells one from the other.
  return { byRules: requirement.decidedBy.every(isAsked) ? null : requirement, bySender: requirement }
}

/** Whose word it is. @param failure the class of the decisive attempt */
export function askerOf(
  problem: Problem,
  failure: FailureClass | null,
  request: Pick<BounceRequest, 'asked' | 'requirement'>,
): Asker {
  const asked = demandsOf(request)
  if (!asked) return 'rules'
  const { byRules, bySender } = asked
  const touches = (each: Requirement | null) => each !== null && isTouched(each, problem, failure)
  if (touches(byRules)) return touches(bySender) ? 'both' : 'rules'
  return touches(bySender) || byRules === null ? 'sender' : 'both'
}

/** Whether a requirement alone could have failed for it. */
function isTouched(requirement: Requirement, problem: Problem, failure: FailureClass | null): boolean {
  if (failure !== null && definitionOf(failure).isOnward) return requirement.onward === 'must'
  const { encrypted, published, trusts = [] } = requirement
  switch (problem) {
    case 'ours':
      return trusts.length > 0
    case 'certificate':
      return published.length > 0 || looksAtCertificate(requirement)
    case 'server':
    case 'look-up':
      return published.length > 0
    default:
      return encrypted || published.length > 0
  }
}

/** Whether rules look at the certificate, whatever the recipient's domain publishes. */
export function looksAtCertificate(
  requirement: Pick<Requirement, 'trusted' | 'namesHost' | 'namesAnyOf' | 'fingerprintsAnyOf'>,
): boolean {
  const { trusted, namesHost, namesAnyOf, fingerprintsAnyOf } = requirement
  return trusted || namesHost || namesAnyOf.length + fingerprintsAnyOf.length > 0
}

/** What a message would have to do without, to go in spite of a failure; `null` where nobody should decide that. */
export function withoutWhat(failure: FailureClass): Without | null {
  const { side, isOnward, isPublished } = definitionOf(failure)
  if (side !== 'theirs') return null
  return isOnward ? 'onward' : isPublished ? 'check' : 'encryption'
}
