/** What is required of a delivery, in words: of one rule, or of several that add up. Pure. */
import { definitionOf, type Level, type LevelDefinition, type Onward } from '../rules/levels.js'
import type { PublishedDemand, Requirement, TrustDemand } from '../rules/requirement.js'
import { listed } from '../text/list.js'
import { formatOnFailureOfAll } from './format-gateway.js'
import { formatOnward } from './format-onward.js'
import { formatOtherwise, whereNothing } from './format-published.js'

/** A level by name, with what it asks for; no more is said to be enough than is beside REQUIRETLS. */
export function formatLevelSummary(level: Level, onward?: Onward): string {
  const definition = definitionOf(level)
  // What REQUIRETLS demands of the certificate is said with it.
  const summary = onward === 'must' && takesAny(definition) ? 'TLS' : definition.summary
  return `level ${level}: ${summary}`
}

function takesAny({ encrypted, trusted, names, pinned, published }: LevelDefinition): boolean {
  return encrypted && !trusted && names === 'nothing' && !pinned && published === null
}

/** All that is required, in one phrase. */
export function formatRequirement(requirement: Requirement): string {
  const { level, minVersion, trusted, namesHost, namesAnyOf, fingerprintsAnyOf } = requirement
  const { pinned, names } = definitionOf(level)
  return [
    formatLevelWithDemands(requirement),
    ...(minVersion ? [`${minVersion} or later`] : []),
    ...formatTrusts(requirement.trusts ?? []),
    ...formatOnward(requirement.onward),
    ...(namesHost && names !== 'mx-host' ? ['and a trusted certificate names the MX host'] : []),
    ...(trusted && !namesHost && names === 'nothing' ? ['and the certificate is trusted'] : []),
    ...namesAnyOf.map((some) => `the certificate names one of ${listed(some)}`),
    ...(fingerprintsAnyOf.length > 0 && !pinned ? ['and its fingerprint is one that a rule lists'] : []),
    // Last, since it is about all of it.
    ...formatOnFailureOfAll(requirement),
  ].join(', ')
}

function formatTrusts(trusts: readonly TrustDemand[]): string[] {
  const names = trusts.map(({ name }) => name)
  if (names.length < 2) return names.map((name) => `with trust ${name}`)
  return [`with the trusts ${listed(names)}, which no session has together, so that the message waits`]
}

/** The level, and what holds where the partner publishes nothing, a clause for each demand. */
export function formatLevelWithDemands(requirement: Omit<Requirement, 'decidedBy'>): string {
  const demands = requirement.published
    .filter(({ isOnward }) => isOnward !== true)
    .map((demand) => formatDemand(demand, requirement))
  return [formatLevelSummary(requirement.level, requirement.onward), ...demands].join('; ')
}

function formatDemand(
  { by, otherwise }: PublishedDemand,
  { encrypted, trusted, fingerprintsAnyOf, published }: Omit<Requirement, 'decidedBy'>,
): string {
  if (otherwise !== 'defer' && published.some(({ isOnward }) => isOnward))
    return formatOtherwise(by, 'onward')
  const isMore =
    otherwise === 'none' ? encrypted : otherwise === 'encrypt' && (trusted || fingerprintsAnyOf.length > 0)
  return isMore
    ? `what the other rules require is enough ${whereNothing(by)}`
    : formatOtherwise(by, otherwise)
}
