/** An entry in the one spelling in which it is written. Pure; what is not valid stays as it is. */
import { checkGroupText, formatGroupProblem, parseGroup } from '../rules/group.js'
import { checkRuleText, formatProblem, parseRule } from '../rules/rule.js'
import { sameMeaning } from './difference.js'

/** A rule or a group as it is written today; the very text where that says the same. A service has no other spelling. */
export function canonical(key: 'rules' | 'domains' | 'groups', json: string): string {
  const value = key === 'rules' ? ruleIn(json) : key === 'groups' ? patternsIn(json) : null
  if (value === null) return json
  const written = JSON.stringify(value)
  return sameMeaning(json, written) ? json : written
}

/** What is wrong with an entry that a store may hold and nobody may write any more; `null` for nothing. */
export function spellingProblem(key: 'rules' | 'domains' | 'groups', json: string): string | null {
  if (key === 'domains') return null
  if (key === 'groups') {
    const checked = checkGroupText(json)
    return 'problem' in checked ? formatGroupProblem(checked) : null
  }
  const checked = checkRuleText(json)
  return 'rule' in checked ? null : formatProblem(checked)
}

function ruleIn(json: string): object | null {
  const read = parseRule(json)
  return 'rule' in read ? read.rule : null
}

function patternsIn(json: string): readonly string[] | null {
  const read = parseGroup(json)
  return 'patterns' in read ? read.patterns : null
}
