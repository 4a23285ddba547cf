/**
 * The options of `rule create` and `rule edit`, and the rule that they make. Problems of a field are told of the
 * option that it came from.
 */
import { formatFlaw } from '../rules/format-problem.js'
import { Option } from '@commander-js/extra-typings'
import { AdminProblem } from '../admin/problem.js'
import { ONWARD, type Onward } from '../rules/levels.js'
import type { Criteria, HeaderCriterion, Rule, RuleProblem } from '../rules/rule.js'
import { formatProblem } from '../rules/format-problem.js'
import { quote } from '../text/quote.js'
import { didYouMean, nearest } from '../text/nearest.js'
import { Refusal, WrongUse } from './refusal.js'
import { DANE_ONLY, FIELDS, NAME, type RuleOptions } from './rule-fields.js'

/** The options of `rule create`. */
export function createOptions(): Option[] {
  return FIELDS.map(({ flags, summary, byDefault }) =>
    option(flags, byDefault === '' ? summary : `${summary} (default: ${byDefault})`),
  )
}

/** The options of `rule edit`: the same, a new name, and `--no-…` for what a rule can do without. */
export function editOptions(): Option[] {
  const removals = FIELDS.filter(({ removable }) => removable).map(
    ({ flags }) => new Option(`--no-${flagOf(flags).slice(2)}`, 'remove that'),
  )
  return [NAME, ...FIELDS].map(({ flags, summary }) => option(flags, summary)).concat(removals)
}

function option(flags: string, summary: string): Option {
  const made = new Option(flags, summary)
  return made.optional ? made.argParser(onwardIn) : made
}

/**
 * The value of `--require-onward`. The next word is taken for it, which may have been meant as an argument. The empty one
 * is left to who knows what a rule can do without.
 *
 * @throws {WrongUse} for what is none.
 */
export function onwardIn(text: string): Onward | '' {
  const value = text === '' ? text : ONWARD.find((each) => each === text)
  if (value !== undefined) return value
  const meant = didYouMean(nearest(text, ONWARD))
  const advice = 'put it behind all other words, or write it with its value, as in --require-onward=must'
  throw new WrongUse([
    `--require-onward was given the value ${quote(text)}; expected: ${ONWARD.join(' or ')}${meant || `; where that is not meant for it, ${advice}`}`,
  ])
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
 * @throws {Refusal} for a header option that names no field, or options that contradict each other.
 */
export function withOptions(rule: object, given: RuleOptions): Readonly<Record<string, unknown>> {
  const options = withoutDaneOnly(given)
  const changed = structuredClone(rule) as Record<string, unknown>
  for (const { option, path } of [NAME, ...FIELDS]) {
    const value = options[option] === true ? ONWARD[0] : options[option]
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

/** Level `dane-only` is kept as what it stands for. @throws {Refusal} where another option says otherwise. */
function withoutDaneOnly(options: RuleOptions): RuleOptions {
  if (options.level !== DANE_ONLY) return options
  const { otherwise = 'defer' } = options
  if (otherwise !== 'defer' && otherwise !== false)
    throw new Refusal([
      `--level ${DANE_ONLY} means --level dane --otherwise defer; it does not go with --otherwise ${quote(otherwise)}`,
    ])
  return { ...options, level: 'dane', otherwise: false }
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

/** Tells what is wrong with a rule of the option that it came from. @param edits whether `--no-…` may be meant */
export async function toldOfOptions<T>(work: () => Promise<T>, edits = false): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof AdminProblem) || error.data.code !== 'invalid') throw error
    throw new Refusal([inOptions(error.data.problem, edits)])
  }
}

/** A problem of a field, told of the option that it came from. */
function inOptions(problem: RuleProblem, edits: boolean): string {
  const fields = [NAME, ...FIELDS]
  const source =
    fields.find(({ path }) => problem.field.startsWith(path)) ??
    fields.find(({ path }) => path.startsWith(`${problem.field}.`))
  if (!source) return formatProblem(problem)
  const says =
    problem.suggestion !== undefined || problem.expected !== undefined || problem.saysExpected === true
  const expectation = !says ? `; expected: ${source.expected}` : ''
  const isEmpty = problem.problem === 'is empty' || problem.value === '' || problem.problem.startsWith('"" ')
  const removal =
    edits && source.removable && isEmpty ? `, or --no-${flagOf(source.flags).slice(2)} to remove it` : ''
  return `${source === NAME ? 'name' : flagOf(source.flags)} ${formatFlaw(problem)}${expectation}${removal}`
}

function flagOf(flags: string): string {
  return flags.split(' ')[0] ?? flags
}

/** Texts `Name: words` of what must be there, and of what must not. */
interface HeaderTexts {
  readonly any: readonly string[]
  readonly none: readonly string[]
}

/** The header criteria of a rule, as options would write them. */
function headerTexts(criteria: Criteria | undefined): HeaderTexts {
  const header = criteria?.header ?? []
  const texts = (list: 'matchesAny' | 'matchesNone') =>
    header.flatMap((criterion) => (criterion[list] ?? []).map((text) => `${criterion.name}: ${text}`))
  return { any: texts('matchesAny'), none: texts('matchesNone') }
}

/**
 * Header criteria out of options: texts of one field are one criterion, of which any will do.
 *
 * @throws {Refusal} for a text without a field name.
 */
function headerCriteria({ any, none }: HeaderTexts): HeaderCriterion[] {
  const criteria = new Map<string, { name: string; matchesAny: string[]; matchesNone: string[] }>()
  const add = (flag: string, list: 'matchesAny' | 'matchesNone', text: string): void => {
    const [, name, value] = /^([^:\s]+)\s*:\s*(.+)$/s.exec(text) ?? []
    if (name === undefined || value === undefined)
      throw new Refusal([`${flag} ${quote(text)} names no header field; expected: 'Name: words'`])
    const key = name.toLowerCase()
    const criterion = criteria.get(key) ?? { name, matchesAny: [], matchesNone: [] }
    criterion[list].push(value)
    criteria.set(key, criterion)
  }
  for (const text of any) add('--header', 'matchesAny', text)
  for (const text of none) add('--except-header', 'matchesNone', text)
  return [...criteria.values()].map(({ name, matchesAny, matchesNone }) => ({
    name,
    ...(matchesAny.length > 0 ? { matchesAny } : {}),
    ...(matchesNone.length > 0 ? { matchesNone } : {}),
  }))
}
