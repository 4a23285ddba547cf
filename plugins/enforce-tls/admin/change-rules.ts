/**
 * Several rules, of any owners, switched or deleted in one step: what can be done is done, and for each of the others
 * it says why not. One step of the history, so that it is taken back as one.
 */
import { ruleChanges, type EntryChange } from '../store/entry-change.js'
import type { ReadStore } from '../store/rule-store.js'
import { switchableRule } from './change-rule.js'
import { retryConflicts, type Editor } from './editor.js'
import { readOwner, ruleIn, ruleText, type OwnerRead } from './owner-state.js'
import { AdminProblem } from './problem.js'

/** What can be done to several rules. */
export const RULES_ACTIONS = ['enable', 'disable', 'delete'] as const
export type RulesAction = (typeof RULES_ACTIONS)[number]

/** Most rules of one question, and of the one write that follows it. */
export const SEVERAL_MAX = 5000

/** A rule, by whose it is. */
export interface RuleName {
  readonly owner: string
  readonly id: string
}

/** What became of one of them. */
export interface RuleResult extends RuleName {
  /** Why nothing was done to it; `null` where it is as was asked for. */
  readonly problem: Error | null
}

/** All of them. */
export interface RulesChanged {
  readonly results: readonly RuleResult[]
  /** Those that are different now. */
  readonly changed: readonly RuleName[]
}

/**
 * Changes rules, all that can be changed in one write: between two of them mail could leave in the clear that neither
 * before nor afterwards may.
 *
 * @param assertSeen throws what is the problem of a rule that is not as whoever asks has seen it
 * @param isProblem whether something thrown concerns one rule alone
 * @throws {StoreError} where nothing is written
 */
export function changeRules(
  { store, write }: Editor,
  rules: readonly RuleName[],
  action: RulesAction,
  assertSeen: (rule: RuleName, json: string) => void,
  isProblem: (error: unknown) => error is Error,
): Promise<RulesChanged> {
  return retryConflicts(async () => {
    const { results, changes } = await plannedRuleChanges(store, rules, action, assertSeen, isProblem)
    if (changes.length > 0) await write(changes)
    return { results, changed: changes.map(({ owner, field: id }) => ({ owner, id })) }
  })
}

/** What changing rules would write, and what would become of each of them. The rest as `changeRules`. */
export async function plannedRuleChanges(
  store: ReadStore,
  rules: readonly RuleName[],
  action: RulesAction,
  assertSeen: (rule: RuleName, json: string) => void = () => undefined,
  isProblem: (error: unknown) => error is Error = (error) => error instanceof AdminProblem,
): Promise<{ readonly results: readonly RuleResult[]; readonly changes: readonly EntryChange[] }> {
  const results: RuleResult[] = []
  const changes: EntryChange[] = []
  const idsOf = new Map<string, Set<string>>()
  for (const { owner, id } of rules) idsOf.set(owner, (idsOf.get(owner) ?? new Set()).add(id))
  for (const [owner, ids] of idsOf) {
    const read = await readOwner(store, owner)
    for (const id of ids)
      try {
        const expected = ruleText(read.entries, id)
        assertSeen({ owner, id }, expected)
        const value = await valueAfter(read, id, action)
        if (value !== undefined) changes.push(...ruleChanges(owner, [{ id, expected, value }]))
        results.push({ owner, id, problem: null })
      } catch (error) {
        if (!(error instanceof AdminProblem) && !isProblem(error)) throw error
        results.push({ owner, id, problem: error })
      }
  }
  return { results, changes }
}

/** `undefined` where it is so already. */
async function valueAfter(
  read: OwnerRead,
  id: string,
  action: RulesAction,
): Promise<string | null | undefined> {
  if (action === 'delete') return null
  const enabled = action === 'enable'
  const before = enabled ? await switchableRule(read, id, true) : await ruleIn(read.entries, id)
  return before.enabled === enabled ? undefined : JSON.stringify({ ...before, enabled })
}
