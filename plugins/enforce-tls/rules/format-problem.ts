/** What is wrong in words, and what broken entries mean for mail: the one place that makes clauses of problems. Pure. */
import { quote } from '../text/quote.js'
import type { EntryPlace, EntryProblem } from './entry-problem.js'
import type { Flaw, GroupProblem } from './flaw.js'
import { EVERYONE } from './owner.js'
import type { RuleProblem } from './rule.js'

/** A flaw as a clause; where it has no value, as the end of one that names it. */
export function formatFlaw({ value, problem, expected, saysExpected, advice }: Flaw): string {
  const named = value === undefined ? problem : `${quote(value)} ${problem}`
  const wanted = expected === undefined || saysExpected ? '' : `; expected: ${expected}`
  return `${named}${wanted}${advice === undefined ? '' : `; ${advice}`}`
}

/** A problem as one clause: `field criteria.to: …`, or about the whole when no field is to blame. */
export function formatProblem({ field, ...flaw }: RuleProblem): string {
  return field === '' ? formatFlaw(flaw) : `field ${field}: ${formatFlaw(flaw)}`
}

/** A group's problem as one clause. */
export function formatGroupProblem({ at, ...flaw }: GroupProblem): string {
  return at === '' ? formatFlaw(flaw) : `value ${at}: ${formatFlaw(flaw)}`
}

/** A store, as far as it names places. */
interface Places {
  readonly description: string
  placeOf(place: EntryPlace): string
}

/** Place and problem, with the store. */
export function placedProblem(
  { place, problem }: Pick<EntryProblem, 'place' | 'problem'>,
  store: Places,
): string {
  return place === null ? problem : `${store.description}: ${store.placeOf(place)}: ${problem}`
}

/** What a broken entry of an owner means for mail in a process that knows the list, without a full stop. */
export function formatProblemEffect(owner: string, { effect, direction, place }: EntryProblem): string {
  if (place === null && effect === 'last-valid')
    return `rules of ${owner} cannot be read; those last read apply to mail for which no other rules are unknown`
  if (place === null && effect === 'waits')
    return owner === EVERYONE
      ? 'all mail waits until the rules can be read'
      : `mail of ${owner} that its rules may cover waits until they can be read`
  const whose = owner === EVERYONE ? 'all mail' : `mail of ${owner}`
  switch (effect) {
    case 'waits':
      if (place?.key === 'domains') return `${whose} that its rules cover waits until this entry is valid`
      if (direction === 'incoming')
        return `mail for ${owner === EVERYONE ? 'everybody' : owner} that comes without TLS is deferred until this entry is valid, or deleted`
      return `${whose} waits until this entry is valid, or deleted`
    case 'last-valid':
      return `an entry of ${owner} is not valid, and its last valid version stays in force`
    case 'off':
      return `an entry of ${owner} is not valid, and counts as off, as it says`
    case 'reports':
      return `an entry of ${owner} is not valid, and mail goes on without it, since it says that it only reports`
    case 'sleeps':
      return `an entry of ${owner} is not valid, but the service of its domain is off, so no mail waits`
  }
}
