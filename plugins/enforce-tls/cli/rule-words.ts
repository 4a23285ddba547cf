/** Rules in words for a person. */
import { listed } from '../words.js'
import { LEVELS } from '../rules/levels.js'
import type { OwnedRule } from '../rules/owner-entries.js'
import { EVERYONE } from '../rules/owner.js'
import type { RelayWithTls, Rule } from '../rules/rule.js'
import type { Context } from './context.js'

/** Whose mail an owner's rules look at. */
export function senderWords(owner: string): string {
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

/** What an enabled rule does, as a clause. */
export function effectOf({ owner, rule }: OwnedRule): string {
  const { relayWithTls } = rule.actions
  const encrypted = LEVELS.find(({ name }) => name === relayWithTls.level)?.encrypted === true
  const { startsAt, expiresAt } = rule
  const clause = [
    encrypted
      ? coveredWords(owner, rule)
      : `${mailWords(owner, rule)} is not held to TLS by the rules below it`,
    ` (${requirementWords(relayWithTls)})`,
    startsAt === undefined ? '' : `, from ${startsAt} on`,
    expiresAt === undefined ? '' : `, until ${expiresAt}`,
  ].join('')
  return rule.mode === 'report' && encrypted
    ? `it only reports; once it enforces, ${clause}. Until then Haraka's log says what would have happened, in lines with "enforce-tls: report"`
    : clause
}

function coveredWords(owner: string, rule: Rule): string {
  const mail = mailWords(owner, rule)
  return rule.direction === 'incoming'
    ? `${mail} is refused at RCPT where it does not come over TLS`
    : `${mail} leaves over TLS or not at all`
}

function mailWords(owner: string, rule: Rule): string {
  const patterns = recipientsOf(rule)
  const recipients = patterns.includes('*') ? 'everybody' : listed(patterns)
  const others = otherCriteria(rule).filter(
    (line) => rule.direction === 'outgoing' || !line.startsWith('from:'),
  )
  const also = others.length > 0 ? ` [${others.join('; ')}]` : ''
  if (rule.direction === 'outgoing') return `mail from ${senderWords(owner)} to ${recipients}${also}`
  const senders = rule.criteria.from?.matchesAny ?? ['*']
  const from = senders.includes('*') ? 'everybody' : listed(senders)
  const to = patterns.includes('*') ? (owner === EVERYONE ? 'everybody' : owner) : recipients
  return `mail from ${from} to ${to}${also}`
}

/** A level and minimum version in one phrase. */
export function requirementWords({ level, minVersion, names, onFailure }: RelayWithTls): string {
  const summary = LEVELS.find(({ name }) => name === level)?.summary
  return [
    `level ${level}: ${summary ?? level}`,
    ...(names ? [`also good: ${listed(names)}`] : []),
    ...(minVersion ? [`${minVersion} or later`] : []),
    ...(onFailure ? [`else ${onFailure}`] : []),
  ].join(', ')
}

/** Why rules do nothing although they are on, and what wakes them. */
export function sleepWords({ command }: Context, domain: string, rules: string): string {
  return `The service of ${domain} is off, so ${rules}; wake with: ${command('domain', 'enable', domain)}`
}
