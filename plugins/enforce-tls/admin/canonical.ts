/** An entry in the one spelling in which it is written. Pure; what is not valid stays as it is. */
import { checkGroupText, parseGroup } from '../rules/group.js'
import { formatGroupProblem } from '../rules/format-problem.js'
import { atOnce, type InPieces } from '../work/pieces.js'
import { formatProblem } from '../rules/format-problem.js'
import { checkRuleText, parseRule } from '../rules/check-rule.js'
import { comparingMeaning } from '../store/difference.js'

/** A rule or a group as it is written today; the very text where that says the same. A service has no other spelling. */
export function canonical(key: 'rules' | 'domains' | 'groups', json: string): string {
  return atOnce(spellingOf(key, json))
}

/** `canonical`, in pieces. */
export function* spellingOf(key: 'rules' | 'domains' | 'groups', json: string): InPieces<string> {
  const value = key === 'rules' ? yield* ruleIn(json) : key === 'groups' ? yield* patternsIn(json) : null
  if (value === null) return json
  const written = JSON.stringify(value)
  yield
  return (yield* comparingMeaning(json, written)) ? json : written
}

/** What is wrong with an entry that a store may hold and nobody may write any more; `null` for nothing. */
export function spellingProblem(key: 'rules' | 'domains' | 'groups', json: string): string | null {
  if (key === 'domains') return null
  if (key === 'groups') {
    const checked = atOnce(checkGroupText(json))
    return 'problem' in checked ? formatGroupProblem(checked) : null
  }
  const checked = atOnce(checkRuleText(json))
  return 'rule' in checked ? null : formatProblem(checked)
}

function* ruleIn(json: string): InPieces<object | null> {
  const read = yield* parseRule(json)
  return 'rule' in read ? read.rule : null
}

function* patternsIn(json: string): InPieces<readonly string[] | null> {
  const read = yield* parseGroup(json)
  return 'patterns' in read ? read.patterns : null
}
