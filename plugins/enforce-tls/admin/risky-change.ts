/** Which changes make mail bounce, or leave in the clear, which it did not before. */
import { parseGroup, type StoredGroups } from '../rules/group.js'
import { parseRule } from '../rules/check-rule.js'
import { switchOf, type OwnedRule, type OwnerEntries } from '../rules/owner-entries.js'
import { serviceDomainOf } from '../rules/owner.js'
import { isOver } from '../rules/period.js'
import type { Rule } from '../rules/rule.js'
import type { EntryChange } from '../store/entry-change.js'
import type { ReadStore } from '../store/rule-store.js'
import { inPieces } from '../work/turns.js'
import { groupsOf } from './document-scope.js'
import { storeAfter } from './store-after.js'
import { readReadable } from './whole-store.js'

/** Whether one rule is such a change. @param before `null`: the rule is new */
export function isRisky(before: Rule | null, after: Rule): boolean {
  if (!after.enabled || after.mode === 'report') return false
  if (!before?.enabled || before.mode === 'report') return true
  const added = newPatterns(before.criteria.to?.matchesAny, after.criteria.to?.matchesAny)
  return added.length > 0 || JSON.stringify(before.actions) !== JSON.stringify(after.actions)
}

/** The members that a list has more than another one. */
export function newPatterns(
  before: readonly string[] | undefined,
  after: readonly string[] | undefined,
): readonly string[] {
  const known = new Set(before ?? [])
  return (after ?? []).filter((pattern) => !known.has(pattern))
}

/** The patterns of a group as it is stored; none where it is not there, or not valid. */
export async function membersOf(groups: StoredGroups, name: string): Promise<readonly string[]> {
  const json = groups.get(name)
  const checked = json === undefined ? null : await inPieces(parseGroup(json))
  return checked && 'patterns' in checked ? checked.patterns : []
}

/** The rules, as they would be, that changes bring into force, or to more mail. */
export async function riskyRules(
  store: ReadStore,
  changes: readonly EntryChange[],
): Promise<readonly OwnedRule[]> {
  const after = storeAfter(store, changes)
  const growing = new Set<string>()
  const [groupsBefore, groupsAfter] = await Promise.all([store.groups(), after.groups()])
  for (const { key, field } of changes) {
    if (key !== 'groups') continue
    const [from, to] = [await membersOf(groupsBefore, field), await membersOf(groupsAfter, field)]
    if (newPatterns(from, to).length > 0) growing.add(field)
  }
  const domains = new Set(changes.flatMap(({ key, field }) => (key === 'domains' ? [field] : [])))
  const named = changes.flatMap(({ key, owner }) => (key === 'rules' ? [owner] : []))
  const stored = await store.owners()
  const owners = new Set([
    ...named,
    ...stored.filter((owner) => growing.size > 0 || domains.has(serviceDomainOf(owner) ?? '')),
  ])
  const risky: OwnedRule[] = []
  for (const entries of (await readReadable(store, [...owners])).entries) {
    const [from, to] = [await inForce(entries), await inForce(await after.readOwner(entries.owner))]
    for (const [id, rule] of to) {
      const grows = groupsOf(rule).some((group) => growing.has(group))
      if (grows || isRisky(from.get(id) ?? null, rule)) risky.push({ owner: entries.owner, id, rule })
    }
  }
  return risky
}

/** The rules that change deliveries now. */
async function inForce(entries: OwnerEntries): Promise<ReadonlyMap<string, Rule>> {
  const found = new Map<string, Rule>()
  const { is } = switchOf(entries, 'unknown')
  if (is === 'off' || is === 'none') return found
  for (const [id, json] of entries.rules) {
    const checked = await inPieces(parseRule(json))
    if (!('rule' in checked) || !checked.rule.enabled || checked.rule.mode === 'report') continue
    if (!isOver(checked.rule, Date.now())) found.set(id, checked.rule)
  }
  return found
}
