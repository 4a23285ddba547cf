/** Why a change is not made, in words: one clause each, to which command and API add their way out. Pure. */
import { formatFlaw } from '../rules/format-problem.js'
import type { RuleProblem } from '../rules/rule.js'
import { formatProblem } from '../rules/format-problem.js'
import type { EntryPlace } from '../rules/entry-problem.js'
import { listed } from '../text/list.js'
import { quote } from '../text/quote.js'
import type { ProblemData, Written } from './problem.js'

/** @param placeOf names places of the store as whoever reads it knows them */
export function formatAdminProblem(data: ProblemData, placeOf: (place: EntryPlace) => string): string {
  switch (data.code) {
    case 'no-rule':
      return `${data.owner} has no rule ${quote(data.value)}`
    case 'no-group':
      return `there is no group ${quote(data.value)}`
    case 'no-change':
      return `there is no change ${quote(data.value)}`
    case 'invalid':
      return formatInvalid(data.what, data.problem)
    case 'not-valid':
    case 'service-invalid':
      return `${placeOf(data.place)}: ${data.problem}`
    case 'no-longer-valid':
      return `what was there before is no longer valid: ${placeOf(data.place)}: ${data.problem}`
    case 'no-place':
      return formatAdminProblem(data.cause, placeOf)
    case 'beside-itself':
      return `rule ${quote(data.value)} cannot be moved before or after itself`
    case 'service-off':
      return `message rules are switched off for ${data.domain}, so no rule can be created for mail from ${data.owner}`
    case 'no-action':
      return `rule ${data.id} of ${data.owner} (${data.name}) cannot be switched on, because it has no action yet`
    case 'in-use': {
      const { group, rules } = data
      const named = rules.map(({ owner, id }) => `${id} of ${owner}`)
      return `group ${group} is in use, and without it mail of these owners may wait; first change or delete: ${listed(named)}`
    }
    case 'unknown':
      return `group ${data.group} is not deleted, because it is unknown whether rules need it: ${data.problems.join('; ')}`
    case 'changed-meanwhile': {
      const { place, last } = data
      return `${formatPlace(place)} was changed by ${last ? last.by : 'somebody else'} while you were editing, so nothing was written`
    }
    case 'asks-anew':
      return 'what this would do to mail has changed since you were asked, so nothing was written; look at it again'
    case 'changed-since':
      return `${data.place ? formatPlace(data.place) : 'it'} was changed again since then; take back the later change first, or change it by hand`
    case 'no-position':
      return `another rule has the position by now, and rule ${data.id} of ${data.owner} (${data.name}) cannot be moved past an entry that is not valid; mend or delete that entry first`
    case 'not-kept':
      return 'the history no longer has all of that change, so it cannot be taken back as a whole; change it by hand'
    case 'is-event':
      return 'it changed no rule, group or domain, so it cannot be undone in the history'
    case 'name-taken':
      return `rule ${data.id} of ${data.owner} already has the name ${quote(data.name)}; give the copy another one`
    case 'store-gone':
      return `Haraka takes no rules from this store: ${data.problem}. Nothing was written; ${data.wayOut}`
  }
}

function formatInvalid(what: Written, problem: RuleProblem): string {
  if (what === 'rule') return formatProblem(problem)
  const subject = {
    domain: '',
    group: 'group ',
    patterns: problem.field === what ? 'the list ' : 'pattern ',
    contact: 'contact ',
    link: 'link ',
    language: 'language ',
  }
  return subject[what] + formatFlaw(problem)
}

/** An entry by name. */
export function formatPlace({ key, owner, field }: EntryPlace): string {
  if (key === 'domains') return `the switch of ${field}`
  return key === 'groups' ? `group ${field}` : `rule ${field} of ${owner}`
}
