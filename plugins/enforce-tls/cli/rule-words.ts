/** Rules in words for a person. */
import { LEVELS } from '../rules/levels.js'
import { EVERYONE } from '../rules/owner.js'
import type { OwnedRule } from '../rules/rule-list.js'
import type { RelayWithTls, Rule } from '../rules/rule.js'
import type { Context } from './context.js'
import { listed } from './output.js'

/** Whose mail an owner's rules look at. */
export function senderWords(owner: string): string {
  return owner === EVERYONE ? 'every sender' : owner
}

/** The recipients that a rule is for; one that names none is for all. */
export function recipientsOf({ criteria }: Rule): readonly string[] {
  return criteria.to?.matchesAny ?? ['*']
}

/** What an enabled rule does, as a clause. */
export function effectOf({ owner, rule }: OwnedRule): string {
  const from = senderWords(owner)
  const patterns = recipientsOf(rule)
  const to = patterns.includes('*') ? 'everybody' : listed(patterns)
  const { relayWithTls } = rule.actions
  const encrypted = LEVELS.find(({ name }) => name === relayWithTls.level)?.encrypted === true
  const demand = requirementWords(relayWithTls)
  return encrypted
    ? `mail from ${from} to ${to} leaves over TLS or not at all (${demand})`
    : `mail from ${from} to ${to} is not held to TLS by the rules below it (${demand})`
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
