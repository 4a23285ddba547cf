/** Rules in words for a person, shared by all that speak of them. Pure. */
import { listed } from '../text/list.js'
import { definitionOf } from '../rules/levels.js'
import { EVERYONE } from '../rules/owner.js'
import { isWaivable } from '../rules/waivable.js'
import { requirementOfAction, type Requirement } from '../rules/requirement.js'
import { actionOf, type RelayWithTls, type Rule } from '../rules/rule.js'
import { formatOnFailureOf } from './format-gateway.js'
import { formatOnward } from './format-onward.js'
import { formatOtherwise, otherwiseOf, WAIVED } from './format-published.js'
import { formatLevelSummary } from './format-requirement.js'

/** Whose mail an owner's rules look at. */
export function formatSender(owner: string): string {
  return owner === EVERYONE ? 'every sender' : owner
}

/** The recipients that a rule is for; one that names none is for all. */
export function recipientsOf({ criteria }: Rule): readonly string[] {
  return criteria.to?.matchesAny ?? ['*']
}

/** The criteria of a rule beside its recipients, a line each. */
export function otherCriteria({ criteria: { to, from, subject, header } }: Rule): string[] {
  const line = (name: string, values: readonly string[] | undefined) =>
    values === undefined ? [] : [`${name}: ${listed(values)}`]
  return [
    ...line('not to', to?.matchesNone),
    ...line('from', from?.matchesAny),
    ...line('not from', from?.matchesNone),
    ...line('subject', subject?.matchesAny),
    ...line('subject without', subject?.matchesNone),
    ...(header ?? []).flatMap(({ name, matchesAny, matchesNone }) => [
      ...line(`header ${name}`, matchesAny),
      ...line(`header ${name} without`, matchesNone),
    ]),
  ]
}

/** What becomes of the mail that a rule covers, as a clause. */
export function formatCovered(owner: string, rule: Rule): string {
  const mail = formatMail(owner, rule)
  if (rule.direction === 'incoming') return `${mail} is rejected at RCPT unless it comes over TLS`
  const action = actionOf(rule)
  // Whose recipients they are makes no difference.
  return `${mail} ${formatLeaves(action.level === 'none' ? null : requirementOfAction(action, ''))}`
}

/** How covered mail leaves. @param requirement `null` for what exempts, which is worded by others */
export function formatLeaves(requirement: Requirement | null): string {
  if (requirement?.encrypted !== false) return 'leaves over TLS or not at all'
  const waived = isWaivable(requirement) ? `, or ${WAIVED}` : ''
  return `leaves over TLS, or possibly in the clear where the partner publishes nothing${waived}`
}

/** The mail that a rule is about. */
export function formatMail(owner: string, rule: Rule): string {
  const patterns = recipientsOf(rule)
  const recipients = patterns.includes('*') ? 'everybody' : listed(patterns)
  const others = otherCriteria(rule).filter(
    (line) => rule.direction === 'outgoing' || !line.startsWith('from:'),
  )
  const also = others.length > 0 ? ` [${others.join('; ')}]` : ''
  if (rule.direction === 'outgoing') return `mail from ${formatSender(owner)} to ${recipients}${also}`
  const senders = rule.criteria.from?.matchesAny ?? ['*']
  const from = senders.includes('*') ? 'everybody' : listed(senders)
  const to = patterns.includes('*') ? (owner === EVERYONE ? 'everybody' : owner) : recipients
  return `mail from ${from} to ${to}${also}`
}

/** A level and minimum version in one phrase. */
export function formatAction(action: RelayWithTls): string {
  const { level, minVersion, names, trust } = action
  const { published } = definitionOf(level)
  const otherwise = otherwiseOf(action)
  return [
    formatLevelSummary(level, action.requireOnward) +
      (published && otherwise ? `; ${formatOtherwise(published, otherwise)}` : ''),
    ...(names ? [`or the certificate names ${listed(names)}`] : []),
    ...(minVersion ? [`${minVersion} or later`] : []),
    ...(trust === undefined ? [] : [`with trust ${trust}`]),
    ...formatOnward(action.requireOnward),
    ...formatOnFailureOf(action),
  ].join(', ')
}
