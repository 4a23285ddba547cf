/** What an import would change, and what is wrong with its document. Pure. */
import { Groups, type StoredGroups } from '../rules/group.js'
import { EVERYONE } from '../rules/owner.js'
import { quote } from '../text/quote.js'
import { parseRule } from '../rules/check-rule.js'
import type { EntryChange } from '../store/entry-change.js'
import { placeIn, type RulesDocument } from '../store/rules-document.js'
import { sameMeaning, textDifferences } from '../store/difference.js'
import { atOnce } from '../work/pieces.js'
import { groupsIn } from './document-scope.js'
import { canonical, spellingProblem } from './canonical.js'
import { groupProblem, helpProblems, ownerProblem, ruleProblem, serviceProblem } from './entry-problems.js'

/** One entry that an import changes. */
export interface ImportStep {
  readonly action: 'add' | 'change' | 'remove'
  readonly change: EntryChange
  /** What it is about, such as `rule k3m8r2pq7x (Bank)`. */
  readonly label: string
  readonly differences: readonly string[]
}

/**
 * Everything that is wrong with a document, each with its place; empty for a good one.
 *
 * @param groups those that there are after the import
 * @param removesGroups whether groups are removed that the document does not have
 */
export function documentProblems(
  document: RulesDocument,
  groups: StoredGroups,
  removesGroups: boolean,
): string[] {
  const problems: string[] = []
  // A group is read once, however many rules refer to it.
  const read = new Groups(groups)
  for (const [domain, json] of document.domains) {
    const problem = serviceProblem(domain, json)
    const wrong = problem === null ? helpProblems(json) : [problem]
    for (const each of wrong) problems.push(`${placeIn('domains', domain)}: ${each}`)
  }
  for (const [group, json] of document.groups) {
    const problem = groupProblem(group, json) ?? spellingProblem('groups', json)
    if (problem !== null) problems.push(`${placeIn('groups', group)}: ${problem}`)
  }
  for (const [owner, rules] of document.rules) {
    const wrongName = ownerProblem(owner)
    if (wrongName !== null) problems.push(`${placeIn('rules', owner)}: ${wrongName}`)
    for (const [id, json] of rules) {
      const problem = ruleProblem(owner, id, json, read) ?? spellingProblem('rules', json)
      if (problem !== null)
        problems.push(
          `${placeIn('rules', owner, id)}: ${problem}${groupsWayOut(json, groups, removesGroups)}`,
        )
    }
  }
  return problems
}

/** How a rule whose group is missing, as a store may hold it, can be imported all the same. */
function groupsWayOut(json: string, groups: StoredGroups, removesGroups: boolean): string {
  const [missing] = groupsIn(json).filter((group) => !groups.has(group))
  if (missing === undefined) return ''
  const create = removesGroups ? '' : `, run: enforce-tls group set ${missing} <pattern...>`
  return `; before you import it, add group ${missing} to "groups" of the document${create}, or take the rule out of it`
}

/**
 * The steps from what a store holds to what it shall hold.
 *
 * @param held what the store holds now, within the scope of the import
 * @param wanted a document without problems
 * @param removes which kinds of entries are removed that the document does not have
 */
export function planImport(
  held: RulesDocument,
  wanted: RulesDocument,
  removes: Readonly<Record<EntryChange['key'], boolean>>,
): ImportStep[] {
  const owners = [...new Set([...held.rules.keys(), ...wanted.rules.keys()])].sort()
  const none = new Map<string, string>()
  return [
    ...steps('domains', null, held.domains, wanted.domains, removes.domains),
    ...steps(
      'groups',
      null,
      held.groups,
      mapped(wanted.groups, (json) => canonical('groups', json)),
      removes.groups,
    ),
    ...owners.flatMap((owner) =>
      steps(
        'rules',
        owner,
        held.rules.get(owner) ?? none,
        mapped(wanted.rules.get(owner) ?? none, (json) => canonical('rules', json)),
        removes.rules,
      ),
    ),
  ]
}

/** Positions that two rules of one owner would share after these steps, as sentences. */
export function sharedPositions(held: RulesDocument, plan: readonly ImportStep[]): string[] {
  const touched = new Map<string, EntryChange[]>()
  for (const { change } of plan) {
    if (change.key !== 'rules') continue
    const ofOwner = touched.get(change.owner)
    if (ofOwner) ofOwner.push(change)
    else touched.set(change.owner, [change])
  }
  return [...touched].flatMap(([owner, changes]) => sharedBy(owner, held.rules.get(owner), changes))
}

function sharedBy(
  owner: string,
  held: ReadonlyMap<string, string> | undefined,
  changes: readonly EntryChange[],
): string[] {
  const after = new Map(held)
  for (const { field, value } of changes) {
    if (value === null) after.delete(field)
    else after.set(field, value)
  }
  const positions = new Map<string, number | null>()
  const idsAt = new Map<number, string[]>()
  for (const [id, json] of after) {
    const position = positionOf(json)
    positions.set(id, position)
    if (position === null) continue
    const ids = idsAt.get(position)
    // Two are enough: one of them is another one.
    if (ids === undefined) idsAt.set(position, [id])
    else if (ids.length === 1) ids.push(id)
  }
  return changes.flatMap(({ field }) => {
    const position = positions.get(field) ?? null
    const other = position === null ? undefined : idsAt.get(position)?.find((id) => id !== field)
    return position === null || other === undefined
      ? []
      : [
          `${placeIn('rules', owner, field)}: field position: ${position} is also that of rule ${quote(other)}; expected: a position of its own`,
        ]
  })
}

function steps(
  key: EntryChange['key'],
  owner: string | null,
  held: ReadonlyMap<string, string>,
  wanted: ReadonlyMap<string, string>,
  replace: boolean,
): ImportStep[] {
  const fields = [...new Set([...wanted.keys(), ...(replace ? held.keys() : [])])]
  return fields.flatMap((field) => {
    const expected = held.get(field) ?? null
    const value = wanted.get(field) ?? null
    if (expected !== null && value !== null && sameMeaning(expected, value)) return []
    const action = expected === null ? 'add' : value === null ? 'remove' : 'change'
    return [
      {
        action,
        change: { key, owner: owner ?? (key === 'groups' ? EVERYONE : field), field, expected, value },
        label: labelOf(key, field, value ?? expected ?? ''),
        differences: action === 'change' ? textDifferences(expected, value) : [],
      },
    ]
  })
}

function labelOf(key: EntryChange['key'], field: string, json: string): string {
  if (key === 'domains') return `service of ${field}`
  if (key === 'groups') return `group ${field}`
  const checked = atOnce(parseRule(json))
  return `rule ${field} (${'rule' in checked ? checked.rule.name : 'it is not valid'})`
}

function mapped(entries: ReadonlyMap<string, string>, spell: (json: string) => string): Map<string, string> {
  return new Map([...entries].map(([name, json]) => [name, spell(json)]))
}

function positionOf(json: string): number | null {
  const checked = atOnce(parseRule(json))
  return 'rule' in checked ? checked.rule.position : null
}
