/** An owner's rules as the API shows them: also those that are not valid, so that they can be put right. */
import { ruleProblem } from '../entries/entry-problems.js'
import { valueOf } from '../entries/difference.js'
import {
  acts,
  InvalidEntry,
  orderedRules,
  type OwnedRule,
  type OwnerEntries,
} from '../rules/owner-entries.js'
import { Groups, type StoredGroups } from '../rules/group.js'
import { serviceDomainOf } from '../rules/owner.js'
import { etagOf } from './etag.js'

/** A rule as it stands. */
export interface StoredRule {
  readonly owner: string
  readonly id: string
  /** The rule, or whatever stands there. */
  readonly rule: unknown
  readonly etag: string
  readonly problem: string | null
}

/** One rule. */
export function storedRule(
  owner: string,
  id: string,
  json: string,
  groups: StoredGroups | Groups,
): StoredRule {
  return { owner, id, rule: valueOf(json), etag: etagOf(json), problem: ruleProblem(owner, id, json, groups) }
}

/** All rules, in the order in which they decide; those without a valid position come last. */
export function storedRules({ owner, rules }: OwnerEntries, groups: StoredGroups): StoredRule[] {
  const place = ({ rule }: StoredRule): number => {
    const position = (rule as { position?: unknown } | null)?.position
    return typeof position === 'number' ? position : Infinity
  }
  const read = new Groups(groups)
  return [...rules]
    .map(([id, json]) => storedRule(owner, id, json, read))
    .sort((a, b) => place(a) - place(b) || (a.id < b.id ? -1 : 1))
}

/** The rules that are valid, in order. */
export function validRules({ owner, rules }: OwnerEntries, groups: StoredGroups): readonly OwnedRule[] {
  const read = new Groups(groups)
  const valid = [...rules].filter(([id, json]) => ruleProblem(owner, id, json, read) === null)
  return orderedRules({ owner, rules: new Map(valid) })
}

/** The version of a list: of every rule in it, and of its order. */
export function listEtag({ rules }: OwnerEntries): string {
  return etagOf(...[...rules].sort(([a], [b]) => (a < b ? -1 : 1)).flat())
}

/** Whether an owner's rules act. */
export function isActive(entries: OwnerEntries): boolean {
  if (serviceDomainOf(entries.owner) === null) return true
  try {
    return acts(entries)
  } catch (error) {
    if (error instanceof InvalidEntry) return false
    throw error
  }
}
