/** The requirement that a check asks about where no rule says it. Pure. */
import { requirementOf, type DecidedBy, type Requirement } from './requirement.js'
import type { RelayWithTls } from './rule.js'

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
