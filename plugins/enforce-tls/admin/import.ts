/** A document of rules brought into a store: planned and checked as a whole, written as a whole. */
import { serviceDomainOf } from '../rules/owner.js'
import type { EntryChange } from '../store/entry-change.js'
import type { ReadStore } from '../store/rule-store.js'
import type { RulesDocument } from '../store/rules-document.js'
import { groupsIn, partOf } from './document-scope.js'
import { documentProblems, planImport, sharedPositions, type ImportStep } from './import-plan.js'
import { readAll, readOwners } from './whole-store.js'

/** What is to be imported. */
export interface ImportRequest {
  readonly document: RulesDocument
  /** Only what belongs to this owner. @default all */
  readonly owner?: string | undefined
  /** Whether entries are removed that the document does not have. */
  readonly replace: boolean
}

/** What an import would do; nothing of it is to be written while there are problems. */
export interface ImportPlan {
  readonly steps: readonly ImportStep[]
  /** What is wrong with the document, each with its place in it. */
  readonly problems: readonly string[]
}

/** Plans an import on what the store holds. @throws {StoreError} where that can't be read. */
export async function plannedImport(
  store: ReadStore,
  { document, owner, replace }: ImportRequest,
): Promise<ImportPlan> {
  const wanted = partOf(document, owner)
  const all = await readAll(store)
  // Groups are everybody's: those that one owner no longer needs stay.
  const removes = { domains: replace, groups: replace && owner === undefined, rules: replace }
  const groups = new Map([...(removes.groups ? [] : all.groups), ...wanted.groups])
  const problems = documentProblems(wanted, groups, removes.groups)
  if (problems.length > 0) return { steps: [], problems }
  const held = partOf(all, owner)
  // A group of the document may be there although no rule of the owner refers to it yet.
  for (const group of wanted.groups.keys()) {
    const json = all.groups.get(group)
    if (json !== undefined) held.groups.set(group, json)
  }
  const steps = planImport(held, wanted, removes)
  return { steps, problems: sharedPositions(held, steps) }
}

/** The rules that changes are about: those written, those with a group that is, and those of a switched domain. */
export async function concernedRules(
  store: ReadStore,
  changes: readonly EntryChange[],
): Promise<readonly { readonly owner: string; readonly id: string }[]> {
  const concerned = new Map<string, { readonly owner: string; readonly id: string }>()
  const add = (owner: string, id: string) => concerned.set(JSON.stringify([owner, id]), { owner, id })
  const switched = new Set<string>()
  const groups = new Set<string>()
  for (const { key, owner, field, value } of changes) {
    if (key === 'domains') switched.add(field)
    else if (key === 'groups') groups.add(field)
    else if (value !== null) add(owner, field)
  }
  if (switched.size === 0 && groups.size === 0) return [...concerned.values()]
  for (const { owner, rules } of await readOwners(store, await store.owners())) {
    const all = switched.has(serviceDomainOf(owner) ?? '')
    for (const [id, json] of rules)
      if (all || groupsIn(json).some((group) => groups.has(group))) add(owner, id)
  }
  return [...concerned.values()]
}
