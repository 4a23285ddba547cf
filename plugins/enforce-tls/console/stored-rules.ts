/** An owner's rules as the API shows them: also those that are not valid, so that they can be put right. */
import { ruleProblem } from '../entries/entry-problems.js'
import { valueOf } from '../entries/difference.js'
import { checkRules } from '../rules/checked-rules.js'
import { switchOf, type OwnedRule, type OwnerEntries } from '../rules/owner-entries.js'
import { serviceDomainOf } from '../rules/owner.js'
import { listed } from '../words.js'
import { Groups, type StoredGroups } from '../rules/group.js'
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
export function storedRules(
  { owner, rules }: Pick<OwnerEntries, 'owner' | 'rules'>,
  groups: StoredGroups,
): StoredRule[] {
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
export function validRules(entries: OwnerEntries, groups: StoredGroups): readonly OwnedRule[] {
  return checkRules(entries, new Groups(groups)).rules
}

/** What is wrong with entries of an owner, as one text for who changes something there; `null` for nothing. */
export function problemsOf(entries: OwnerEntries, groups: StoredGroups): string | null {
  const { owner } = entries
  const { problem } = switchOf(entries, 'unknown')
  const broken = [
    ...(problem === null ? [] : [`the service of ${serviceDomainOf(owner) ?? owner}: ${problem}`]),
    ...[...checkRules(entries, new Groups(groups)).problems].map(([id, why]) => `rule ${id}: ${why}`),
  ]
  if (broken.length === 0) return null
  return `Entries of ${owner} are not valid; where Haraka has no last valid version of them, mail waits: ${listed(broken, PROBLEMS_MAX)}`
}

const PROBLEMS_MAX = 5

/** The version of a list: of every rule in it, and of its order. */
export function listEtag({ rules }: OwnerEntries): string {
  return etagOf(...[...rules].sort(([a], [b]) => (a < b ? -1 : 1)).flat())
}
