/**
 * What a change of entries would do to mail, whatever the change is: a rule, a service, a group, an import, taking
 * something back. The store as it is and as it would be are compared; nothing is written. What cannot be read, or is not
 * valid, is left out: it is in force neither before nor after.
 */
import { parseRule } from '../rules/check-rule.js'
import { parseGroup, type StoredGroups } from '../rules/group.js'
import { GROUP_PREFIX } from '../rules/group-name.js'
import { byPlace, switchOf, type OwnedRule, type OwnerEntries } from '../rules/owner-entries.js'
import { EVERYONE } from '../rules/owner.js'
import { isOver } from '../rules/period.js'
import type { AddressCriterion, Rule } from '../rules/rule.js'
import { isChange, type EntryChange } from '../store/entry-change.js'
import type { ReadStore } from '../store/rule-store.js'
import { inPieces } from '../work/turns.js'
import { groupsOf } from './document-scope.js'
import { RuleEffects } from './rule-effects.js'
import { asks, newPatterns, stepOf, type Step } from './steps.js'
import { concernedBy } from './impact-owners.js'
import { storeAfter, type RulesView } from './store-after.js'

/** Of rules that change places, so many are looked at. */
const CROSSED_MAX = 20

/** A rule for which something changes. */
export interface RuleImpact {
  /** As it would be; where it ends, as it was. */
  readonly owned: OwnedRule
  /** As it was in force; `null` where it was not. */
  readonly before: Rule | null
  readonly step: Exclude<Step, 'nothing'>
  /** Recipients that it names then, groups expanded; `*` where it is for all. */
  readonly named: readonly string[]
  /** Those among them that come in. */
  readonly added: readonly string[]
}

/** All that a change does. */
export interface Impact {
  /** In the order of owners and places; those that ask first. */
  readonly rules: readonly RuleImpact[]
  /** Whether it is to be asked before it is made. */
  readonly asks: boolean
  /** The store as it would be. */
  readonly after: RulesView
}

/** @throws {StoreError} where the store can't be read at all. */
export async function impactOf(store: ReadStore, given: readonly EntryChange[]): Promise<Impact> {
  const changes = given.filter(isChange)
  const after = storeAfter(store, changes)
  const groups = [await store.groups(), await after.groups()] as const
  const changed = new Set(changes.flatMap(({ key, field }) => (key === 'groups' ? [field] : [])))
  const rules: RuleImpact[] = []
  for (const entries of await concernedBy(store, changes)) {
    const { owner } = entries
    const now = Date.now()
    const then = await after.readOwner(owner)
    const [was, is] = [await standing(entries, now), await standing(then, now)]
    // An exemption is one from the rules of its owner, and these end with it.
    const endsAll = switchOf(then, 'unknown').is === 'off'
    const concerned = rules.length
    for (const id of new Set([...is.keys(), ...was.keys()])) {
      const found = await impactOn({ owner, id, was: was.get(id), is: is.get(id) }, groups, changed)
      if (found !== null && !(endsAll && found.step === 'exempts-less')) rules.push(found)
    }
    if (rules.length === concerned) rules.push(...(await movedRules(store, after, owner, was, is)))
  }
  return ordered(rules, after)
}

function ordered(rules: readonly RuleImpact[], after: RulesView): Impact {
  const asking = rules.filter(({ step }) => asks(step))
  const others = rules.filter(({ step }) => !asks(step))
  return { rules: [...asking, ...others], asks: asking.length > 0, after }
}

/** The same of one rule that is in force, as if it came into force now. */
export async function impactOfRule(store: RulesView, owned: OwnedRule): Promise<Impact> {
  const after = await expanded(owned.rule, await store.groups())
  const { matchesAny: named = ['*'] } = after.criteria.to ?? {}
  const step = stepOf(null, after, owned.owner === EVERYONE)
  return ordered(step === 'nothing' ? [] : [{ owned, before: null, step, named, added: named }], store)
}

/** A rule as it stands in an owner's list. */
interface Standing {
  readonly rule: Rule
  /** Whether it changes deliveries, as far as its dates let it. */
  readonly on: boolean
  readonly over: boolean
}

/** The valid rules. */
async function standing(
  { owner, rules, service }: OwnerEntries,
  now: number,
): Promise<Map<string, Standing>> {
  const { is } = switchOf({ owner, service }, 'unknown')
  const found = new Map<string, Standing>()
  for (const [id, json] of rules) {
    const checked = await inPieces(parseRule(json))
    if (!('rule' in checked)) continue
    const { rule } = checked
    const on = rule.enabled && rule.mode !== 'report' && is !== 'off' && is !== 'none'
    found.set(id, { rule, on, over: isOver(rule, now) })
  }
  return found
}

interface Compared {
  readonly owner: string
  readonly id: string
  readonly was: Standing | undefined
  readonly is: Standing | undefined
}

async function impactOn(
  { owner, id, was, is }: Compared,
  [groupsBefore, groupsAfter]: readonly [StoredGroups, StoredGroups],
  changed: ReadonlySet<string>,
): Promise<RuleImpact | null> {
  const rule = is?.rule ?? was?.rule
  if (rule === undefined) return null
  const groups = [was, is].flatMap((each) => (each ? groupsOf(each.rule) : []))
  if (was && is && JSON.stringify(was) === JSON.stringify(is) && !groups.some((name) => changed.has(name)))
    return null
  const before = was?.on && !was.over ? await expanded(was.rule, groupsBefore) : null
  // Switched on although its time is over: nothing comes of it, and whoever does it is to know that.
  const after = is?.on && (!is.over || !was?.on) ? await expanded(is.rule, groupsAfter) : null
  const step = stepOf(before, after, owner === EVERYONE)
  if (step === 'nothing') return null
  const { matchesAny: named = ['*'] } = (after ?? before)?.criteria.to ?? {}
  const added = newPatterns(before?.criteria.to?.matchesAny, named)
  return { owned: { owner, id, rule }, before, step, named, added }
}

/** Rules that do something else since they, or others beside them, have another place. */
async function movedRules(
  store: ReadStore,
  after: RulesView,
  owner: string,
  was: ReadonlyMap<string, Standing>,
  is: ReadonlyMap<string, Standing>,
): Promise<RuleImpact[]> {
  if (![...is].some(([id, { rule }]) => was.get(id) && was.get(id)?.rule.position !== rule.position))
    return []
  const [from, to] = [inOrder(was), inOrder(is)]
  const first = to.findIndex((id, place) => id !== from[place])
  const last = to.findLastIndex((id, place) => id !== from[place])
  const crossed = first < 0 ? [] : to.slice(first, last + 1)
  // The one that was moved is at an end of them.
  const asked = new Set([crossed[0], crossed.at(-1), ...crossed.slice(0, CROSSED_MAX)])
  const surroundings = { reportOnly: false, offersTls: null }
  const [effects, then] = [new RuleEffects(store, surroundings), new RuleEffects(after, surroundings)]
  const moved: RuleImpact[] = []
  for (const id of asked) {
    const rule = id === undefined ? undefined : is.get(id)?.rule
    if (id === undefined || rule === undefined) continue
    const [old, now] = [await effects.at(owner, id), await then.at(owner, id)]
    if (JSON.stringify(old) === JSON.stringify(now)) continue
    moved.push({ owned: { owner, id, rule }, before: rule, step: 'order', named: [], added: [] })
  }
  return moved
}

/** The rules that act, in the order in which they decide. */
function inOrder(rules: ReadonlyMap<string, Standing>): readonly string[] {
  return [...rules]
    .filter(([, { on, over }]) => on && !over)
    .map(([id, { rule }]) => ({ id, position: rule.position }))
    .sort(byPlace)
    .map(({ id }) => id)
}

/** The rule with the members of its groups in their places. */
async function expanded(rule: Rule, groups: StoredGroups): Promise<Rule> {
  if (groupsOf(rule).length === 0) return rule
  const { to, from, ...others } = rule.criteria
  const criteria = {
    ...others,
    ...(to && { to: await withMembers(to, groups) }),
    ...(from && { from: await withMembers(from, groups) }),
  }
  return { ...rule, criteria }
}

async function withMembers(lists: AddressCriterion, groups: StoredGroups): Promise<AddressCriterion> {
  const { matchesAny, matchesNone } = lists
  return {
    ...(matchesAny && { matchesAny: await members(matchesAny, groups) }),
    ...(matchesNone && { matchesNone: await members(matchesNone, groups) }),
  }
}

async function members(patterns: readonly string[], groups: StoredGroups): Promise<readonly string[]> {
  const found = new Set<string>()
  for (const pattern of patterns) {
    if (!pattern.startsWith(GROUP_PREFIX)) found.add(pattern)
    else for (const member of await membersOf(groups, pattern.slice(GROUP_PREFIX.length))) found.add(member)
  }
  return [...found]
}

/** The patterns of a group as it is stored; none where it is not there, or not valid. */
export async function membersOf(groups: StoredGroups, name: string): Promise<readonly string[]> {
  const json = groups.get(name)
  const checked = json === undefined ? null : await inPieces(parseGroup(json))
  return checked && 'patterns' in checked ? checked.patterns : []
}
