/** A new rule at the end of an owner's list. */
import { randomInt } from 'node:crypto'
import { switchOf, type OwnedRule } from '../rules/owner-entries.js'
import type { Rule } from '../rules/rule.js'
import { ruleChanges, type RuleChange } from '../store/entry-change.js'
import { changing, type Editor } from './editor.js'
import { ownerState, servicePlace, type OwnerRead } from './owner-state.js'
import { AdminProblem } from './problem.js'
import { assertOwnPosition, checkedRule, readAfter, type ChangedRule } from './write-rule.js'

/** What somebody wants as a rule; outgoing, off and the last one unless it says otherwise. */
export type NewRule = Readonly<Record<string, unknown>>

/**
 * The rule as it would be created.
 *
 * @throws {AdminProblem} where it is not valid, has the position of another one, or message rules are switched off for the owner's domain.
 */
export async function newRule(read: OwnerRead, value: NewRule): Promise<Rule> {
  const state = await ownerState(read)
  const { name, ...others } = value
  const defaults = { name, direction: 'outgoing', enabled: false, position: behind(state.rules) }
  const rule = await checkedRule({ ...defaults, ...others }, read)
  assertOwnPosition(state.rules, rule)
  assertSwitchedOn(read)
  return rule
}

/** Creates a rule. @throws {AdminProblem} as `newRule`. */
export function createRule(
  editor: Editor,
  owner: string,
  value: NewRule,
  seen?: OwnerRead,
): Promise<ChangedRule> {
  return changing(editor, owner, seen, async (read) => {
    const rule = await newRule(read, value)
    const id = newRuleId()
    const json = JSON.stringify(rule)
    await editor.write(ruleChanges(owner, [{ id, expected: null, value: json }]))
    return { owned: { owner, id, rule }, changed: true, read: readAfter(read, id, json) }
  })
}

/** Creates several rules, one behind the other, in one step. @throws {AdminProblem} as `newRule`, and none is created. */
export function createRules(
  editor: Editor,
  owner: string,
  values: readonly NewRule[],
): Promise<readonly OwnedRule[]> {
  return changing(editor, owner, undefined, async (read) => {
    let after = read
    const created: OwnedRule[] = []
    const changes: RuleChange[] = []
    for (const value of values) {
      const rule = await newRule(after, value)
      const id = newRuleId()
      const json = JSON.stringify(rule)
      created.push({ owner, id, rule })
      changes.push({ id, expected: null, value: json })
      after = readAfter(after, id, json)
    }
    await editor.write(ruleChanges(owner, changes))
    return created
  })
}

/** The position behind all others. */
function behind(rules: readonly OwnedRule[]): number {
  return (rules.at(-1)?.rule.position ?? 0) + 1
}

function assertSwitchedOn({ entries }: OwnerRead): void {
  const service = switchOf(entries, 'unknown')
  const place = servicePlace(entries.owner)
  if (service.problem !== null)
    throw new AdminProblem({ code: 'service-invalid', place, problem: service.problem })
  if (service.is === 'on') return
  throw new AdminProblem({
    code: 'service-off',
    domain: place.field,
    owner: entries.owner,
    isNew: entries.service === null,
  })
}

/** Digits and letters that nobody mixes up when reading an id aloud. */
const LETTERS = 'abcdefghjkmnpqrstuvwxyz23456789'
const LENGTH = 10

/** An id that no other rule has. */
function newRuleId(): string {
  return Array.from({ length: LENGTH }, () => LETTERS[randomInt(LETTERS.length)]).join('')
}
