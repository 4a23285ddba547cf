/** What a rule says of partners that publish nothing, in words: no sentence may pass over mail in the clear. Pure. */
import { definitionOf, type Otherwise, type PublishedBy } from '../rules/levels.js'
import { requirementOfAction, type Requirement } from '../rules/requirement.js'
import type { RelayWithTls } from '../rules/rule.js'
import { formatOnwardShort } from './format-onward.js'
import { isWaivable } from '../rules/waivable.js'

const NOTHING: Readonly<Record<PublishedBy, string>> = {
  dane: 'no signed TLSA records',
  'mta-sts': 'no MTA-STS policy in mode enforce',
  published: 'neither',
}

/**
 * What holds where nothing is published: what the rule says of that, but where it wants mail handed on with REQUIRETLS or
 * not at all: that goes to no server that nothing proves to be the right one, whatever the level leaves open.
 */
export type Least = Otherwise | 'onward'

/** The most that can be demanded first. */
export const LEAST = ['defer', 'onward', 'encrypt', 'none'] as const satisfies readonly Least[]

const TEXTS: Readonly<Record<Least, string>> = {
  defer: 'mail waits',
  onward: 'mail leaves only as REQUIRETLS requires',
  encrypt: 'TLS with any certificate is enough',
  none: 'mail may leave in the clear',
}

const SHORT: Readonly<Record<Least, string>> = {
  defer: '',
  // Said with REQUIRETLS itself.
  onward: '',
  encrypt: 'any TLS where nothing is published',
  none: `${TEXTS.none} where nothing is published`,
}

const LEFT_OPEN: Readonly<Record<Least, string>> = {
  defer: '',
  onward: `where nothing is published, ${TEXTS.onward}`,
  encrypt: `where nothing is published, ${TEXTS.encrypt}`,
  none: SHORT.none,
}

/** By which word a message is freed, as a clause. */
export const WAIVED = 'its sender waives TLS (TLS-Required: No)'

/** What holds where nothing is published, as a clause. */
export function formatOtherwise(by: PublishedBy, otherwise: Least): string {
  return `${TEXTS[otherwise]} ${whereNothing(by)}`
}

type ActionOnNothing = Pick<RelayWithTls, 'level' | 'otherwise' | 'requireOnward'>

/** What holds where nothing is published; `null` at a level for which that does not matter. */
export function otherwiseOf({ level, otherwise = 'defer', requireOnward }: ActionOnNothing): Least | null {
  if (definitionOf(level).published === null) return null
  return requireOnward === 'must' && otherwise !== 'defer' ? 'onward' : otherwise
}

/** What is left open by all that is required, as clauses of their own behind the level; none where nothing is. */
export function formatLeftOpen(requirement: Requirement): string[] {
  const least = LEFT_OPEN[leastOf(requirement)]
  return least === '' ? [] : [`${least}${isWaivable(requirement) ? `, or where ${WAIVED}` : ''}`]
}

/**
 * What is required in a few words, such as `level dane (mail may leave in the clear where nothing is published)`; where rules add up,
 * only what holds for their sum.
 */
export function formatLevelOf(requirement: Requirement): string {
  const least = SHORT[leastOf(requirement)]
  const waived = isWaivable(requirement) ? `, or where ${WAIVED}` : ''
  const more = [...(least === '' ? [] : [`${least}${waived}`]), ...formatOnwardShort(requirement.onward)]
  return `level ${requirement.level}${more.length === 0 ? '' : ` (${more.join('; ')})`}`
}

/** The same of what one action requires, whoever the recipients are. */
export function formatLevel(action: RelayWithTls): string {
  return formatLevelOf(requirementOfAction(action, ''))
}

/** The least that may be enough where nothing is published. */
function leastOf({ encrypted, published, trusted, fingerprintsAnyOf }: Requirement): Least {
  if (!encrypted) return 'none'
  const ofLevels = published.filter(({ isOnward }) => isOnward !== true)
  const isEnough = ofLevels.length > 0 && !trusted && fingerprintsAnyOf.length === 0
  if (!isEnough || ofLevels.some(({ otherwise }) => otherwise === 'defer')) return 'defer'
  return ofLevels.length < published.length ? 'onward' : 'encrypt'
}

/** Where that is: for which partners. */
export function whereNothing(by: PublishedBy): string {
  return `where the partner publishes ${NOTHING[by]}`
}
