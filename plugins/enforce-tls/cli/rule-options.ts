/**
 * The options of `rule create` and `rule edit`, and the rule that they make. Problems of a field are told of the
 * option that it came from.
 */
import { Option } from '@commander-js/extra-typings'
import { Groups, type StoredGroups } from '../rules/group.js'
import { groupsProblem } from '../rules/match.js'
import { formatProblem, type Rule, type RuleProblem } from '../rules/rule.js'
import { checkRule } from '../rules/check-rule.js'
import { Refusal } from './refusal.js'
import { FIELDS, NAME, type RuleOptions } from './rule-fields.js'
import { headerCriteria, headerTexts } from './rule-header.js'
import { atOnce } from '../work/pieces.js'

/** The options of `rule create`. */
export function createOptions(): Option[] {
  return FIELDS.map(
    ({ flags, summary, byDefault }) =>
      new Option(flags, byDefault === '' ? summary : `${summary} (default: ${byDefault})`),
  )
}

/** The options of `rule edit`: the same, a new name, and `--no-…` for what a rule can do without. */
export function editOptions(): Option[] {
  const removals = FIELDS.filter(({ removable }) => removable).map(
    ({ flags }) => new Option(`--no-${flagOf(flags).slice(2)}`, 'remove that'),
  )
  return [NAME, ...FIELDS].map(({ flags, summary }) => new Option(flags, summary)).concat(removals)
}

/** Whether any option says something about which mail a rule is for. */
export function hasCriteria(options: RuleOptions): boolean {
  return FIELDS.some(({ option, path }) => path.startsWith('criteria') && options[option] !== undefined)
}

/** Whether any option of a rule is given. */
export function hasRuleOptions(options: RuleOptions): boolean {
  return [NAME, ...FIELDS].some(({ option }) => options[option] !== undefined)
}

/**
 * A rule with what the options say, not checked yet.
 *
 * @throws {Refusal} for a header option that names no field.
 */
export function withOptions(rule: object, options: RuleOptions): unknown {
  const changed = structuredClone(rule) as Record<string, unknown>
  for (const { option, path } of [NAME, ...FIELDS]) {
    const value = options[option]
    if (value !== undefined && path !== 'criteria.header') put(changed, path.split('.'), value)
  }
  if (options.header !== undefined || options.exceptHeader !== undefined) {
    const texts = headerTexts((rule as Partial<Rule>).criteria)
    const header = headerCriteria({
      any: options.header === undefined ? texts.any : options.header || [],
      none: options.exceptHeader === undefined ? texts.none : options.exceptHeader || [],
    })
    put(changed, ['criteria', 'header'], header.length > 0 && header)
  }
  return changed
}

/** Sets a value at a path, or removes it with `false`, and with it what it leaves empty. */
function put(target: Record<string, unknown>, [name = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length > 0) {
    const inner = (target[name] ?? {}) as Record<string, unknown>
    put(inner, rest, value)
    if (Object.keys(inner).length > 0 || name === 'criteria') target[name] = inner
    else Reflect.deleteProperty(target, name)
  } else if (value === false) Reflect.deleteProperty(target, name)
  else target[name] = value
}

/**
 * Checks a rule that options made.
 *
 * @param groups those of the store; without them, whether they exist is not looked at
 * @throws {Refusal} that names the option to blame.
 */
export function validRule(value: unknown, groups?: StoredGroups): Rule {
  const checked = atOnce(checkRule(value))
  if (!('rule' in checked)) throw new Refusal([inOptions(checked)])
  const problem = groups && atOnce(groupsProblem(checked.rule.criteria, new Groups(groups)))
  if (problem) throw new Refusal([inOptions(problem)])
  return checked.rule
}

/** A problem of a field, told of the option that it came from. */
function inOptions(problem: RuleProblem): string {
  const fields = [NAME, ...FIELDS]
  const source =
    fields.find(({ path }) => problem.field.startsWith(path)) ??
    fields.find(({ path }) => path.startsWith(`${problem.field}.`))
  if (!source) return formatProblem(problem)
  const told = problem.suggestion ?? /expected|not one of|write /.exec(problem.problem)
  const expectation = told ? '' : `; expected: ${source.expected}`
  return `${source === NAME ? 'name' : flagOf(source.flags)} ${problem.problem}${expectation}`
}

function flagOf(flags: string): string {
  return flags.split(' ')[0] ?? flags
}
