/** A rule of one owner as a new one of another: off, at the end of the list, and under a name that no other has there. */
import type { Rule } from '../rules/rule.js'
import { createRule } from './create-rule.js'
import type { Editor } from './editor.js'
import { ownerState, readOwner } from './owner-state.js'
import { AdminProblem } from './problem.js'
import type { ChangedRule } from './write-rule.js'

/**
 * Copies a rule.
 *
 * @param name of the copy. @default its own
 * @throws {AdminProblem} `name-taken` where a rule there has the name; and as `createRule`
 */
export async function copyRule(
  editor: Editor,
  rule: Rule,
  to: string,
  name: string = rule.name,
): Promise<ChangedRule> {
  const { rules } = await ownerState(await readOwner(editor.store, to))
  const taken = rules.find((other) => other.rule.name.toLowerCase() === name.toLowerCase())
  if (taken) throw new AdminProblem({ code: 'name-taken', owner: to, id: taken.id, name })
  // At the end of the list there.
  const others = Object.fromEntries(Object.entries(rule).filter(([field]) => field !== 'position'))
  return createRule(editor, to, { ...others, name, enabled: false })
}
