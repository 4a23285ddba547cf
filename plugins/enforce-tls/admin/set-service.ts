/** The switch of message rules for a domain. */
import { parseNewDomain, serviceDomainOf } from '../rules/owner.js'
import { parseService, type OwnedRule } from '../rules/owner-entries.js'
import { parseRule } from '../rules/check-rule.js'
import { isOver } from '../rules/period.js'
import { namedChange } from '../store/entry-change.js'
import type { ReadStore } from '../store/rule-store.js'
import { inPieces } from '../work/turns.js'
import { retryConflicts, type Editor } from './editor.js'
import { AdminProblem } from './problem.js'
import { readReadable } from './whole-store.js'

/** Whether message rules are on for a domain, by its entry; `null` where that is not valid. */
export function isServiceOn(service: string | null): boolean | null {
  if (service === null) return false
  const parsed = parseService(service)
  return 'problem' in parsed ? null : parsed.enabled
}

/** A domain as it is stored; a new one needs to be written in full. @throws {AdminProblem} for what is none. */
export function domainNamed(given: string, known: ReadonlyMap<string, string>): string {
  if (known.has(given)) return given
  const parsed = parseNewDomain(given)
  if ('domain' in parsed) return parsed.domain
  throw new AdminProblem({ code: 'invalid', what: 'domain', problem: { ...parsed, field: '' } })
}

/**
 * Switches message rules on or off for a domain; fields that other versions or people put there are kept.
 *
 * @param seen the entry that somebody saw; without it, the change is made on what is there
 * @returns whether anything was written
 */
export function setService(
  { store, write }: Editor,
  domain: string,
  enabled: boolean,
  seen?: string | null,
): Promise<boolean> {
  const change = async (service: string | null): Promise<boolean> => {
    // Who has seen that there is none wants one, if only to say no.
    if (isServiceOn(service) === enabled && (service !== null || seen === undefined)) return false
    const value = JSON.stringify({ ...otherFields(service), enabled })
    await write([namedChange('domains', domain, service, value)])
    return true
  }
  return seen === undefined
    ? retryConflicts(async () => change((await store.readOwner(domain)).service))
    : change(seen)
}

/** The rules of a domain and of its senders that are on, and not over. */
export async function rulesSwitched(store: ReadStore, domain: string): Promise<readonly OwnedRule[]> {
  const owners = (await store.owners()).filter((owner) => serviceDomainOf(owner) === domain)
  const found: OwnedRule[] = []
  for (const { owner, rules } of (await readReadable(store, owners)).entries)
    for (const [id, json] of rules) {
      const checked = await inPieces(parseRule(json))
      if ('rule' in checked && checked.rule.enabled && !isOver(checked.rule, Date.now()))
        found.push({ owner, id, rule: checked.rule })
    }
  return found
}

function otherFields(service: string | null): object {
  if (service === null || 'problem' in parseService(service)) return {}
  return JSON.parse(service) as object
}
