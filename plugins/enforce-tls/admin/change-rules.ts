/**
 * Several rules of one owner, switched or deleted in one step: what can be done is done, and for each of the others
 * it says why not. One step of the history, so that it is taken back as one.
 */
import { ruleChanges, type RuleChange } from '../store/entry-change.js'
import { switchableRule } from './change-rule.js'
import { changing, type Editor } from './editor.js'
import { ruleIn, ruleText, type OwnerRead } from './owner-state.js'
import { AdminProblem } from './problem.js'

/** What can be done to several rules. */
export const RULES_ACTIONS = ['enable', 'disable', 'delete'] as const
export type RulesAction = (typeof RULES_ACTIONS)[number]

/** What became of one of them. */
export interface RuleResult {
  readonly id: string
  /** Why nothing was done to it; `null` where it is as was asked for. */
  readonly problem: Error | null
}

/** All of them, and the owner afterwards. */
export interface RulesChanged {
  readonly results: readonly RuleResult[]
  /** Those that are different now. */
  readonly changed: readonly string[]
}

/**
 * Changes rules.
 *
 * @param assertSeen throws what is the problem of a rule that is not as whoever asks has seen it
 * @param isProblem whether something thrown concerns one rule alone
 * @throws {StoreError} where nothing is written
 */
export function changeRules(
  editor: Editor,
  owner: string,
  ids: readonly string[],
  action: RulesAction,
  assertSeen: (id: string, json: string) => void,
  isProblem: (error: unknown) => error is Error,
): Promise<RulesChanged> {
  return changing(editor, owner, undefined, async (read) => {
    const { results, changes } = await plannedChanges(read, ids, action, assertSeen, isProblem)
    if (changes.length > 0) await editor.write(ruleChanges(owner, changes))
    return { results, changed: changes.map(({ id }) => id) }
  })
}

/** What changing rules would write, and what would become of each of them. The rest as `changeRules`. */
export async function plannedChanges(
  read: OwnerRead,
  ids: readonly string[],
  action: RulesAction,
  assertSeen: (id: string, json: string) => void = () => undefined,
  isProblem: (error: unknown) => error is Error = (error) => error instanceof AdminProblem,
): Promise<{ readonly results: readonly RuleResult[]; readonly changes: readonly RuleChange[] }> {
  const results: RuleResult[] = []
  const changes: RuleChange[] = []
  for (const id of new Set(ids))
    try {
      const expected = ruleText(read.entries, id)
      assertSeen(id, expected)
      const value = await valueAfter(read, id, action)
      if (value !== undefined) changes.push({ id, expected, value })
      results.push({ id, problem: null })
    } catch (error) {
      if (!(error instanceof AdminProblem) && !isProblem(error)) throw error
      results.push({ id, problem: error })
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
