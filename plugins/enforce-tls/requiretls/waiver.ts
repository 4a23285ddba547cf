/**
 * What `TLS-Required: No` (RFC 8689 section 3) frees a message of: "recipient-side policy mechanisms", and nothing that an
 * administrator requires beside them. Pure.
 */
import type { Requirement } from '../rules/requirement.js'

/** Why a message goes without what its rules require, for log and delivery log. */
export const SAYS_NO = 'the message says TLS-Required: No'

/**
 * Whether rules only want what the partner publishes to be fulfilled, and nothing where it publishes nothing. A version, a
 * trust, a gateway or REQUIRETLS is the administrator's own word, and stands above the sender's wish.
 */
export function isWaivable(requirement: Requirement | null): requirement is Requirement {
  return (
    requirement !== null &&
    !requirement.encrypted &&
    requirement.published.length > 0 &&
    requirement.published.every(({ otherwise }) => otherwise === 'none') &&
    requirement.minVersion === undefined &&
    requirement.trusts === undefined &&
    requirement.gateway === undefined &&
    requirement.onward === undefined
  )
}
