/** What a store holds, counted, and every entry in it that does not act as somebody meant. */
import { Groups } from '../rules/group.js'
import { EVERYONE, quote, serviceDomainOf } from '../rules/owner.js'
import { parseService, type EntryPlace, type OwnerEntries } from '../rules/owner-entries.js'
import { parseRule } from '../rules/rule.js'
import type { EntryChange } from '../store/entry-change.js'
import { StoreError } from '../store/rule-store.js'
import type { Context } from './context.js'
import { groupProblem, ownerProblem, ruleProblem, serviceProblem } from '../entries/entry-problems.js'
import { readOwners } from '../entries/whole-store.js'

/** Something wrong in the store. */
export interface StoreProblem {
  /** Place and problem, a sentence. */
  readonly sentence: string
  /** The entry as it stands, where it is one entry. */
  readonly value: string | null
  /** What removes it; `null` where removing is no way out. */
  readonly removal: EntryChange | null
}

/** A store in numbers. */
export interface StatusReport {
  readonly owners: number
  readonly domains: { readonly on: number; readonly off: number }
  /** On and acting, off, and on but asleep with the service of their domain. */
  readonly rules: { readonly on: number; readonly off: number; readonly sleeping: number }
  readonly groups: number
  readonly problems: readonly StoreProblem[]
}

/** Looks at all entries. */
export async function reportOn(context: Context): Promise<StatusReport> {
  const { store } = context
  const [services, groups, owners] = await Promise.all([store.services(), store.groups(), store.owners()])
  const read = new Groups(groups)
  const problems: StoreProblem[] = []
  const domains = { on: 0, off: 0 }
  const rules = { on: 0, off: 0, sleeping: 0 }
  const add = (place: EntryPlace, value: string, problem: string): void => {
    problems.push({
      sentence: `${store.placeOf(place)}: ${problem}`,
      value,
      removal: { ...place, expected: value, value: null },
    })
  }

  for (const [domain, json] of services) {
    const problem = serviceProblem(domain, json)
    if (problem !== null) add({ key: 'domains', owner: domain, field: domain }, json, problem)
    else domains[isOn(json) ? 'on' : 'off']++
  }
  for (const [group, json] of groups) {
    const problem = groupProblem(group, json)
    if (problem !== null) add({ key: 'groups', owner: EVERYONE, field: group }, json, problem)
  }
  for (const entries of await readable(context, owners, problems)) {
    const { owner } = entries
    const nameProblem = ownerProblem(owner)
    for (const [id, json] of entries.rules) {
      const problem = nameProblem ?? ruleProblem(owner, id, json, read)
      if (problem !== null) add({ key: 'rules', owner, field: id }, json, problem)
      else rules[stateOf(entries, json)]++
    }
    if (nameProblem === null) problems.push(...withoutService(context, entries))
  }
  return { owners: owners.length, domains, rules, groups: groups.size, problems }
}

/** The owners that can be read; a key of another kind is a problem, and does not hide the others. */
async function readable(
  { store }: Context,
  owners: readonly string[],
  problems: StoreProblem[],
): Promise<OwnerEntries[]> {
  try {
    return await readOwners(store, owners)
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'STORE_CORRUPT') throw error
  }
  const read: OwnerEntries[] = []
  for (const owner of owners) {
    try {
      read.push(await store.readOwner(owner))
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'STORE_CORRUPT') throw error
      problems.push({ sentence: error.message, value: null, removal: null })
    }
  }
  return read
}

/** Rules that sleep for ever, since nobody ever switched their domain on or off: hardly what somebody meant. */
function withoutService({ command }: Context, { owner, rules, service }: OwnerEntries): StoreProblem[] {
  const domain = serviceDomainOf(owner)
  if (domain === null || service !== null || rules.size === 0) return []
  const sentence = `rules of ${quote(owner)} never act, since ${domain} has no service; switch it on with: ${command('domain', 'enable', domain)}`
  return [{ sentence, value: null, removal: null }]
}

function stateOf({ owner, service }: OwnerEntries, json: string): 'on' | 'off' | 'sleeping' {
  const checked = parseRule(json)
  if (!('rule' in checked) || !checked.rule.enabled) return 'off'
  return serviceDomainOf(owner) === null || isOn(service) ? 'on' : 'sleeping'
}

function isOn(service: string | null): boolean {
  if (service === null) return false
  const parsed = parseService(service)
  return !('problem' in parsed) && parsed.enabled
}
