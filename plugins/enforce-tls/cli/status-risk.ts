/** What removing a broken entry may mean for mail: a Haraka that has read a valid version of it goes by that one. */
import { parseDomain } from '../rules/address.js'
import { effectOfBroken, saidBy } from '../rules/entry-problem.js'
import { groupsNamedIn } from '../admin/referring-rules.js'
import { serviceDomainOf } from '../rules/owner.js'
import type { Readable } from '../admin/whole-store.js'
import { numbered } from '../text/list.js'
import type { Context } from './context.js'
import { formatSender } from '../admin/format-rule.js'

/** What may no longer be held to TLS. */
export interface Risk {
  /** Sentences without an end, before and after it is removed. */
  readonly before: string
  readonly after: string
  /** What to do instead, or what removes it by name. */
  readonly commands: readonly string[]
}

/** Of a rule that is not readably off. */
export function ruleRisk({ command }: Context, owner: string, id: string, json: string): Risk | null {
  if (effectOfBroken(saidBy(json)) === 'off') return null
  return {
    before: `it may be in force: once it is removed, it no longer requires TLS for mail of ${formatSender(owner)}`,
    after: `it no longer requires TLS for mail of ${formatSender(owner)}`,
    commands: [command('rule', 'edit', owner, id, '--editor'), command('rule', 'delete', owner, id, '--yes')],
  }
}

/** Of a domain's service that is not readably off, while there are rules that it switches. */
export function serviceRisk(
  { command }: Context,
  domain: string,
  json: string,
  { entries, leftOut }: Readable,
): Risk | null {
  const parsed = parseDomain(domain)
  // Under another spelling nobody looks it up.
  if ('problem' in parsed || parsed.domain !== domain || saidBy(json).enabled === false) return null
  const owners = [
    ...entries.flatMap(({ owner, rules }) => (rules.size > 0 ? [owner] : [])),
    ...leftOut.keys(),
  ]
  if (!owners.some((owner) => serviceDomainOf(owner) === domain)) return null
  return {
    before: `it may be in force: once it is removed, the rules of ${domain} and of its senders are inactive, and no longer require TLS`,
    after: `the rules of ${domain} and of its senders are inactive, and no longer require TLS`,
    commands: [command('domain', 'enable', domain), command('domain', 'disable', domain)],
  }
}

/** Who needs a group, as a part of a sentence; empty where surely nobody does. */
export function needOf(group: string, { entries, leftOut }: Readable): string {
  const count = entries.flatMap(({ rules }) =>
    [...rules.values()].filter((json) => groupsNamedIn(json).includes(group)),
  ).length
  if (count > 0) return `; ${numbered(count, 'rule')} ${count === 1 ? 'needs' : 'need'} it`
  return leftOut.size > 0 ? '; whether rules need it is unknown' : ''
}
