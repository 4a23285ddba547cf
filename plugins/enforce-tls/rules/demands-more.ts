/** Whether one action demands something that another one does not. Pure. Where that is not plain, it does. */
import { OTHERWISE } from './levels.js'
import { NO_RULE, requirementOf, type PublishedDemand, type Requirement } from './requirement.js'
import type { RelayWithTls } from './rule.js'

/** Stands for the recipients' domain: it is the same for both. */
const DOMAIN = 'domain.invalid'

/** Whether mail that fulfils the first one may not fulfil the second, or is treated in another way where it does not. */
export function demandsMore(first: RelayWithTls, second: RelayWithTls): boolean {
  const [held, asked] = [demandOf(first), demandOf(second)]
  if (asked === null) return false
  return held === null || !isWithin(asked, held) || !isHandledAlike(first, second)
}

function demandOf(action: RelayWithTls): Requirement | null {
  return action.level === 'none' ? null : requirementOf(action, DOMAIN, NO_RULE)
}

/** Whether all that is asked for is fulfilled by whatever fulfils what is held. */
function isWithin(asked: Requirement, held: Requirement): boolean {
  const isOneOf = (list: readonly string[], lists: readonly (readonly string[])[]) =>
    lists.some((each) => each.every((value) => list.includes(value)))
  return (
    (held.encrypted || !asked.encrypted) &&
    (held.trusted || !asked.trusted) &&
    (held.namesHost || !asked.namesHost) &&
    (asked.minVersion === undefined ||
      (held.minVersion !== undefined && held.minVersion >= asked.minVersion)) &&
    asked.namesAnyOf.every((list) => isOneOf(list, held.namesAnyOf)) &&
    asked.fingerprintsAnyOf.every((list) => isOneOf(list, held.fingerprintsAnyOf)) &&
    asked.published.every((demand) => held.published.some((each) => isPublishedWithin(demand, each)))
  )
}

function isPublishedWithin(asked: PublishedDemand, held: PublishedDemand): boolean {
  return asked.by === held.by && OTHERWISE.indexOf(asked.otherwise) >= OTHERWISE.indexOf(held.otherwise)
}

function isHandledAlike(first: RelayWithTls, second: RelayWithTls): boolean {
  return first.onFailure === second.onFailure && first.via === second.via && first.trust === second.trust
}
