/** Another text in the place of a rule, written only over the text that somebody has seen. */
import { parseRule } from '../rules/check-rule.js'
import type { Rule } from '../rules/rule.js'
import { comparingMeaning, comparingTexts } from '../store/difference.js'
import { ruleChanges } from '../store/entry-change.js'
import { inPieces } from '../work/turns.js'
import { isConflict, type Editor } from './editor.js'
import { ownerState, rulePlace, ruleText, type OwnerRead } from './owner-state.js'
import { AdminProblem } from './problem.js'
import { assertOwnPosition, checkedRule, readAfter, type ChangedRule } from './write-rule.js'

/** An edit as it would be. */
export interface RuleEdit {
  /** `null` for what was not valid. */
  readonly before: Rule | null
  readonly after: Rule
  /** Whether it says anything else than before. */
  readonly changes: boolean
}

/** How many entries of the history are looked through for who was faster. */
const HISTORY_MAX = 100

/**
 * What an edit makes of a rule, also of one that is not valid.
 *
 * @param value all of the rule
 * @throws {AdminProblem} where it is not there, would not be valid, or would get the position of another one.
 */
export async function editedRule(read: OwnerRead, id: string, value: unknown): Promise<RuleEdit> {
  const text = ruleText(read.entries, id)
  const after = await checkedRule(value, read)
  const old = await inPieces(parseRule(text))
  const before = 'rule' in old ? old.rule : null
  if (after.position !== before?.position) {
    const { rules } = await ownerState(read)
    assertOwnPosition(
      rules.filter((other) => other.id !== id),
      after,
    )
  }
  const isSame = await inPieces(comparingMeaning(text, JSON.stringify(after)))
  return { before, after, changes: !isSame }
}

/** Writes an edit over what was seen. @throws {AdminProblem} where somebody else has changed the rule since. */
export async function editRule(
  editor: Editor,
  read: OwnerRead,
  id: string,
  { after, changes }: RuleEdit,
): Promise<ChangedRule> {
  const { owner } = read.entries
  const owned = { owner, id, rule: after }
  if (!changes) return { owned, changed: false, read }
  const before = ruleText(read.entries, id)
  const value = JSON.stringify(after)
  try {
    await editor.write(ruleChanges(owner, [{ id, expected: before, value }]))
  } catch (error) {
    throw isConflict(error) ? await overtaken(editor, owner, id, before) : error
  }
  return { owned, changed: true, read: readAfter(read, id, value) }
}

/** What the one is told who came second. */
async function overtaken(
  { store }: Editor,
  owner: string,
  id: string,
  before: string,
): Promise<AdminProblem> {
  const now = (await store.readOwner(owner)).rules.get(id) ?? null
  const [last] = (await store.history({ owner, limit: HISTORY_MAX })).filter(({ field }) => field === id)
  return new AdminProblem({
    code: 'changed-meanwhile',
    place: rulePlace(owner, id),
    last: last && last.to === now ? { by: last.by, at: last.at } : null,
    differences: await inPieces(comparingTexts(before, now)),
  })
}
