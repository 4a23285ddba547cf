/** What a rule says of partners that publish nothing, in words: no sentence may pass over mail in the clear. Pure. */
import { definitionOf, type Otherwise, type PublishedBy } from '../rules/levels.js'
import type { Requirement } from '../rules/requirement.js'
import type { RelayWithTls } from '../rules/rule.js'

const NOTHING: Readonly<Record<PublishedBy, string>> = {
  dane: 'no signed TLSA records',
  'mta-sts': 'no MTA-STS policy in mode enforce',
  published: 'neither',
}

const OTHERWISE: Readonly<Record<Otherwise, string>> = {
  defer: 'mail waits',
  encrypt: 'TLS with any certificate is enough',
  none: 'mail may leave in the clear',
}

const SHORT: Readonly<Record<Otherwise, string>> = {
  defer: '',
  encrypt: ', or any TLS where nothing is published',
  none: ', or in the clear where nothing is published',
}

/** What holds where nothing is published, as a clause. */
export function formatOtherwise(by: PublishedBy, otherwise: Otherwise): string {
  return `${OTHERWISE[otherwise]} ${whereNothing(by)}`
}

/** What holds where nothing is published; `null` at a level for which that does not matter. */
export function otherwiseOf({
  level,
  otherwise = 'defer',
}: Pick<RelayWithTls, 'level' | 'otherwise'>): Otherwise | null {
  return definitionOf(level).published === null ? null : otherwise
}

/** A level in a few words, such as `level dane, or in the clear where nothing is published`. */
export function formatLevel(action: Pick<RelayWithTls, 'level' | 'otherwise'>): string {
  return `level ${action.level}${SHORT[otherwiseOf(action) ?? 'defer']}`
}

/** The same of all that is required; where rules add up, only what holds for their sum. */
export function formatLevelOf(requirement: Requirement): string {
  return `level ${requirement.level}${SHORT[leastOf(requirement)]}`
}

/** The least that may be enough where nothing is published. */
function leastOf({ encrypted, published, trusted, fingerprintsAnyOf }: Requirement): Otherwise {
  if (!encrypted) return 'none'
  const isEnough = published.length > 0 && !trusted && fingerprintsAnyOf.length === 0
  return isEnough && published.every(({ otherwise }) => otherwise !== 'defer') ? 'encrypt' : 'defer'
}

/** Where that is: for which partners. */
export function whereNothing(by: PublishedBy): string {
  return `where the partner publishes ${NOTHING[by]}`
}
