/** An owner's rules as they stand: those that are valid, what is wrong with the others, and whether they are active. */
import { Groups, type StoredGroups } from '../rules/group.js'
import { checkRules } from '../rules/checked-rules.js'
import { effectOfBroken, saidBy, type EntryPlace, type Effect } from '../rules/entry-problem.js'
import { switchOf, type OwnedRule, type OwnerEntries } from '../rules/owner-entries.js'
import { serviceDomainOf } from '../rules/owner.js'
import { parseRule } from '../rules/check-rule.js'
import type { Rule } from '../rules/rule.js'
import { formatProblem } from '../rules/format-problem.js'
import type { ReadStore } from '../store/rule-store.js'
import { inPieces } from '../work/turns.js'
import type { InPieces } from '../work/pieces.js'
import { AdminProblem, type ProblemData } from './problem.js'

/** What a store holds of an owner, and all groups. */
export interface OwnerRead {
  readonly entries: OwnerEntries
  readonly groups: StoredGroups
}

/** @throws {StoreError} where the store can't be read. */
export async function readOwner(store: ReadStore, owner: string): Promise<OwnerRead> {
  const [entries, groups] = await Promise.all([store.readOwner(owner), store.groups()])
  return { entries, groups }
}

/** An entry that is not valid. */
export interface BrokenEntry {
  readonly place: EntryPlace
  readonly problem: string
  /** What holds in its place where no valid version is known; `null` for a service. */
  readonly effect: Effect | null
}

/** An owner's rules, made out. */
export interface OwnerState {
  /** In the order in which they decide. */
  readonly rules: readonly OwnedRule[]
  readonly broken: readonly BrokenEntry[]
  /** The domain that message rules are switched off for, so that these are inactive; `null` for none. */
  readonly offFor: string | null
}

/** Makes out what is valid. */
export function ownerState(read: OwnerRead): Promise<OwnerState> {
  return inPieces(statingOwner(read))
}

/** `ownerState`, in pieces. */
export function* statingOwner({ entries, groups }: OwnerRead): InPieces<OwnerState> {
  const { owner } = entries
  const { rules, problems } = yield* checkRules(entries, new Groups(groups))
  const service = switchOf(entries, 'unknown')
  const broken: BrokenEntry[] = [...problems].map(([id, problem]) => {
    const effect = effectOfBroken(saidBy(entries.rules.get(id) ?? ''))
    const place = rulePlace(owner, id)
    return { place, problem, effect: service.is === 'off' && effect === 'waits' ? 'sleeps' : effect }
  })
  if (service.problem !== null)
    broken.push({ place: servicePlace(owner), problem: service.problem, effect: null })
  const isOff = service.is === 'off' || service.is === 'none'
  return { rules, broken, offFor: isOff ? serviceDomainOf(owner) : null }
}

/** Where a rule stands. */
export function rulePlace(owner: string, id: string): EntryPlace {
  return { key: 'rules', owner, field: id }
}

/** Where the service of an owner's domain stands. */
export function servicePlace(owner: string): EntryPlace {
  const domain = serviceDomainOf(owner) ?? owner
  return { key: 'domains', owner: domain, field: domain }
}

/** The text of one rule. @throws {AdminProblem} where the owner has no such rule. */
export function ruleText(entries: OwnerEntries, id: string): string {
  const json = entries.rules.get(id)
  if (json === undefined) throw new AdminProblem(noRule(entries, id))
  return json
}

/** That there is no such rule, and which there are. */
export function noRule({ owner, rules }: OwnerEntries, id: string): ProblemData {
  return { code: 'no-rule', owner, value: id, known: rules }
}

/** One rule, which may refer to groups that are not valid. @throws {AdminProblem} where it is not there or not valid. */
export async function ruleIn(entries: OwnerEntries, id: string): Promise<Rule> {
  const checked = await inPieces(parseRule(ruleText(entries, id)))
  if ('rule' in checked) return checked.rule
  const place = rulePlace(entries.owner, id)
  throw new AdminProblem({ code: 'not-valid', place, problem: formatProblem(checked) })
}
