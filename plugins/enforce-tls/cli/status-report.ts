/** What a store holds, counted, and every entry in it that does not act as somebody meant. */
import path from 'node:path'
import { EVERYONE, serviceDomainOf } from '../rules/owner.js'
import { quote } from '../text/quote.js'
import { effectOfBroken, saidBy, Unreadable, type EntryPlace } from '../rules/entry-problem.js'
import { Groups, groupWayOut } from '../rules/group.js'
import { checkEntry, isOn, type OwnedRule, type OwnerEntries } from '../rules/owner-entries.js'
import { definitionOf } from '../rules/levels.js'
import { isOver } from '../rules/period.js'
import { atOnce } from '../work/pieces.js'
import { parseRule } from '../rules/check-rule.js'
import { actionOf, type Rule } from '../rules/rule.js'
import type { EntryChange } from '../store/entry-change.js'
import { readable } from '../policy/read-parts.js'
import type { Context } from './context.js'
import { gatewayProblem } from './gateway-problem.js'
import { queueFolderIn } from './haraka-memory.js'
import { accessProblems } from './new-files.js'
import { spellingProblem } from '../admin/canonical.js'
import { groupProblem, ownerProblem, ruleProblem, serviceProblem } from '../admin/entry-problems.js'
import { readReadable } from '../admin/whole-store.js'
import { needOf, ruleRisk, serviceRisk, type Risk } from './status-risk.js'
import { errorMessage } from '../text/error-message.js'

/** Something wrong in the store. */
export interface StoreProblem {
  /** Place and problem, a sentence. */
  readonly sentence: string
  /** The entry as it stands, where it is one entry. */
  readonly value: string | null
  /** What removes it; `null` where removing is no way out. */
  readonly removal: EntryChange | null
  /** What removing it may mean for mail; `null` where it is surely not in force. */
  readonly risk: Risk | null
}

/** A store in numbers. */
export interface StatusReport {
  readonly owners: number
  readonly domains: { readonly on: number; readonly off: number }
  /** On and acting, off, on but asleep with the service of their domain, and on but expired. */
  readonly rules: {
    readonly on: number
    readonly off: number
    readonly sleeping: number
    readonly expired: number
  }
  readonly groups: number
  /** Of the rules that are on: those of an owner whose mail may wait for a broken entry. */
  readonly beside: number
  /** Names of the active, enforcing rules that look at what partners publish, each with its owner. */
  readonly lookingAtPublished: readonly string[]
  /** The active, enforcing rules that name a trust. */
  readonly naming: readonly OwnedRule[]
  readonly problems: readonly StoreProblem[]
  /** Entries in a spelling that is only read, and no longer written; a sentence each. */
  readonly spellings: readonly string[]
}

/** Looks at all entries; a key that can't be read is a problem, and does not hide the others. */
export async function reportOn(context: Context): Promise<StatusReport> {
  const { store } = context
  const [readServices, readGroups, owners] = await Promise.all([
    readable(store.services()),
    readable(store.groups()),
    store.owners(),
  ])
  const services = readServices instanceof Unreadable ? NONE : readServices
  const groups = readGroups instanceof Unreadable ? NONE : readGroups
  const read = await readReadable(store, owners)
  const unread = [readServices, readGroups].flatMap((each) =>
    each instanceof Unreadable ? each.problem : [],
  )
  const problems = [...new Set([...unread, ...read.problems])].map((sentence): StoreProblem => ({
    sentence,
    value: null,
    removal: null,
    risk: null,
  }))
  const compiled = new Groups(readGroups)
  const spellings: string[] = []
  const lookingAtPublished: string[] = []
  const naming: OwnedRule[] = []
  let beside = 0
  const domains = { on: 0, off: 0 }
  const rules = { on: 0, off: 0, sleeping: 0, expired: 0 }
  const add = (
    place: EntryPlace,
    value: string,
    problem: string,
    needed = false,
    risk: Risk | null = null,
  ) => {
    problems.push({
      sentence: `${store.placeOf(place)}: ${problem}`,
      value,
      removal: needed ? null : { ...place, expected: value, value: null },
      risk,
    })
  }

  for (const [domain, json] of services) {
    const problem = serviceProblem(domain, json)
    if (problem !== null)
      add(
        { key: 'domains', owner: domain, field: domain },
        json,
        problem,
        false,
        serviceRisk(context, domain, json, read),
      )
    else domains[isOn({ owner: domain, service: json }) ? 'on' : 'off']++
  }
  for (const [group, json] of groups) {
    const problem = groupProblem(group, json)
    const place = { key: 'groups', owner: EVERYONE, field: group } as const
    if (problem !== null) {
      const need = needOf(group, read)
      add(place, json, `${problem}${need}${groupWayOut(group)}`, need !== '')
    } else spellings.push(...oldSpelling(store, place, json))
  }
  for (const entries of read.entries) {
    const { owner } = entries
    const nameProblem = ownerProblem(owner)
    let on = 0
    let waits = false
    for (const [id, json] of entries.rules) {
      const problem = nameProblem ?? ruleProblem(owner, id, json, compiled)
      const place = { key: 'rules', owner, field: id } as const
      if (problem !== null) {
        // What only lacks a group is good itself: the group is to be mended.
        const good = nameProblem === null && 'rule' in atOnce(checkEntry(owner, id, json))
        waits ||= nameProblem === null && effectOfBroken(saidBy(json)) === 'waits'
        add(place, json, problem, good, nameProblem === null ? ruleRisk(context, owner, id, json) : null)
        continue
      }
      const state = stateOf(entries, json)
      rules[state]++
      if (state === 'on') on++
      const enforcing = state === 'on' ? enforcingRule(json) : null
      if (enforcing && definitionOf(actionOf(enforcing).level).published !== null)
        lookingAtPublished.push(`${quote(enforcing.name)} of ${owner}`)
      if (enforcing && actionOf(enforcing).trust !== undefined) naming.push({ owner, id, rule: enforcing })
      const lost = state === 'on' ? withoutGateway(context, json) : null
      if (lost !== null)
        problems.push({
          sentence: `${store.placeOf(place)}: ${lost}`,
          value: null,
          removal: null,
          risk: null,
        })
      spellings.push(...oldSpelling(store, place, json))
    }
    if (waits) beside += on
    if (nameProblem === null && !(readServices instanceof Unreadable))
      problems.push(...withoutService(context, entries))
  }
  for (const sentence of await filesAndLog(context))
    problems.push({ sentence, value: null, removal: null, risk: null })
  return {
    owners: owners.length,
    domains,
    rules,
    groups: groups.size,
    beside,
    lookingAtPublished,
    naming,
    problems,
    spellings,
  }
}

/** What is read as it was meant, and is to be written so. */
function oldSpelling(store: Context['store'], place: EntryPlace, json: string): string[] {
  const problem = spellingProblem(place.key, json)
  return problem === null ? [] : [`${store.placeOf(place)}: ${problem}; it is read as what was meant`]
}

/** What Haraka itself could not do with what is kept beside the rules. */
async function filesAndLog({
  settings,
  folder,
  harakaUser,
  asHaraka,
  deliveries,
}: Context): Promise<string[]> {
  const problems = accessProblems(
    settings,
    folder === null ? null : queueFolderIn(folder),
    harakaUser(),
    folder === null ? null : path.join(folder, 'config'),
  )
  if (problems.length > 0 || !asHaraka || !settings.evidence.stream) return problems
  return await deliveries()
    .check()
    .then(
      () => [],
      (error: unknown) => [`the delivery log cannot be written: ${errorMessage(error)}`],
    )
}

const NONE: ReadonlyMap<string, string> = new Map()

/** Rules that sleep for ever, since nobody ever switched their domain on or off: hardly what somebody meant. */
function withoutService({ command }: Context, { owner, rules, service }: OwnerEntries): StoreProblem[] {
  const domain = serviceDomainOf(owner)
  if (domain === null || service !== null || rules.size === 0) return []
  const sentence = `rules of ${quote(owner)} are inactive: message rules were never switched on for ${domain}; switch them on with: ${command('domain', 'enable', domain)}`
  return [{ sentence, value: null, removal: null, risk: null }]
}

/** A rule that changes deliveries; `null` for another one. */
function enforcingRule(json: string): Rule | null {
  const checked = atOnce(parseRule(json))
  return 'rule' in checked && checked.rule.mode !== 'report' ? checked.rule : null
}

/** Why mail of a rule waits for its gateway; `null` where it does not. */
function withoutGateway(context: Context, json: string): string | null {
  const checked = atOnce(parseRule(json))
  return 'rule' in checked && checked.rule.mode !== 'report' ? gatewayProblem(context, checked) : null
}

function stateOf(entries: OwnerEntries, json: string): 'on' | 'off' | 'sleeping' | 'expired' {
  const checked = atOnce(parseRule(json))
  if (!('rule' in checked) || !checked.rule.enabled) return 'off'
  if (isOver(checked.rule, Date.now())) return 'expired'
  return isOn(entries) ? 'on' : 'sleeping'
}
