/** Which requirements the sender of a message can free it of (`TLS-Required: No`, RFC 8689 section 3). Pure. */
import type { Requirement } from './requirement.js'

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
