/**
 * The options of `rule create` and `rule edit`: one table says which field of a rule each sets, and what is
 * expected there. Problems of a field are told of the option that it came from.
 */
import { Option } from '@commander-js/extra-typings'
import { Groups } from '../rules/group.js'
import { LEVELS, TLS_VERSIONS } from '../rules/levels.js'
import { compileCriteria } from '../rules/match.js'
import type { StoredGroups } from '../rules/owner-entries.js'
import { checkRule, formatProblem, type Rule, type RuleProblem } from '../rules/rule.js'
import { Refusal } from './refusal.js'
import { headerCriteria, headerTexts } from './rule-header.js'

/** What an option says: a new value, or `false` for no value at all (`--no-comment`). */
type Given<T> = T | false | undefined

/** What the user wrote behind `rule create` or `rule edit`. */
export interface RuleOptions {
  readonly name?: Given<string>
  readonly to?: Given<readonly string[]>
  readonly exceptTo?: Given<readonly string[]>
  readonly from?: Given<readonly string[]>
  readonly exceptFrom?: Given<readonly string[]>
  readonly subject?: Given<readonly string[]>
  readonly exceptSubject?: Given<readonly string[]>
  readonly header?: Given<readonly string[]>
  readonly exceptHeader?: Given<readonly string[]>
  readonly level?: Given<string>
  readonly minVersion?: Given<string>
  readonly certName?: Given<readonly string[]>
  readonly fingerprint?: Given<readonly string[]>
  readonly onFailure?: Given<string>
  readonly mode?: Given<string>
  readonly direction?: Given<string>
  readonly startsAt?: Given<string>
  readonly expiresAt?: Given<string>
  readonly comment?: Given<string>
}

interface Field {
  readonly option: keyof RuleOptions
  readonly flags: string
  readonly summary: string
  /** Path of the field in a rule; the header criteria share one. */
  readonly path: string
  /** What is expected there, where the problem itself does not say so. */
  readonly expected: string
  /** Whether a rule can do without it, so that `--no-…` removes it. */
  readonly removable: boolean
}

const PATTERNS = 'bank.example, .bank.example (its subdomains), cfo@bank.example, group:banks or * (all)'
const WORDS = 'words, whatever their case, or a regular expression /…/ or /…/i'
const HEADER = "'Name: words', or 'Name: /regular expression/i'"

function field(
  option: keyof RuleOptions,
  value: string,
  path: string,
  expected: string,
  summary: string,
  removable = true,
): Field {
  const flag = `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
  return { option, flags: `${flag} ${value}`, path, expected, summary, removable }
}

const ACTION = 'actions.relayWithTls'

/** Every option, in the order in which the help shows them. */
const FIELDS: readonly Field[] = [
  field('to', '<pattern...>', 'criteria.to.matchesAny', PATTERNS, `recipients: ${PATTERNS}`),
  field('exceptTo', '<pattern...>', 'criteria.to.matchesNone', PATTERNS, 'recipients that it does not match'),
  field('from', '<pattern...>', 'criteria.from.matchesAny', PATTERNS, 'senders, of the envelope'),
  field(
    'exceptFrom',
    '<pattern...>',
    'criteria.from.matchesNone',
    PATTERNS,
    'senders that it does not match',
  ),
  field(
    'subject',
    '<words...>',
    'criteria.subject.matchesAny',
    WORDS,
    `the subject has one of these: ${WORDS}`,
  ),
  field(
    'exceptSubject',
    '<words...>',
    'criteria.subject.matchesNone',
    WORDS,
    'the subject has none of these',
  ),
  field('header', '<field...>', 'criteria.header', HEADER, `a header field has these: ${HEADER}`),
  field('exceptHeader', '<field...>', 'criteria.header', HEADER, 'no header field of the name has these'),
  field(
    'level',
    '<level>',
    `${ACTION}.level`,
    'a level',
    `${LEVELS.map(({ name, summary }) => `${name}: ${summary}`).join('; ')} (default: encrypt)`,
    false,
  ),
  field(
    'minVersion',
    '<version>',
    `${ACTION}.minVersion`,
    'a TLS version',
    `the lowest TLS version: ${TLS_VERSIONS.join(' or ')} (default: as in the settings)`,
  ),
  field(
    'certName',
    '<name...>',
    `${ACTION}.names`,
    'a DNS name, or .bank.example for any below it',
    "level secure: names that the certificate may have besides the recipient's domain",
  ),
  field(
    'fingerprint',
    '<sha256...>',
    `${ACTION}.fingerprints`,
    'a SHA-256 fingerprint',
    'level fingerprint: SHA-256 of the certificates or public keys, one of which must be there',
  ),
  field(
    'onFailure',
    '<action>',
    `${ACTION}.onFailure`,
    'bounce or defer',
    'when no server fulfils the rule: bounce or defer (default: as in the settings)',
  ),
  field(
    'mode',
    '<mode>',
    'mode',
    'enforce or report',
    'enforce, or report: change no delivery, tell what would have bounced (default: enforce)',
  ),
  field(
    'direction',
    '<direction>',
    'direction',
    'outgoing or incoming',
    'mail that goes out, or comes in: outgoing or incoming (default: outgoing)',
    false,
  ),
  field(
    'startsAt',
    '<time>',
    'startsAt',
    'a time such as 2026-01-31T08:00:00Z',
    'the rule acts from then on',
  ),
  field(
    'expiresAt',
    '<time>',
    'expiresAt',
    'a time such as 2026-01-31T08:00:00Z',
    'the rule acts until then',
  ),
  field('comment', '<text>', 'comment', 'a text', 'what others should know about the rule'),
]

const NAME = field(
  'name',
  '<name>',
  'name',
  'a few words that tell what the rule is for',
  'a new name',
  false,
)

/** The options of `rule create`. */
export function createOptions(): Option[] {
  return FIELDS.map(({ flags, summary }) => new Option(flags, summary))
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
  const checked = checkRule(value)
  if (!('rule' in checked)) throw new Refusal([inOptions(checked)])
  const criteria = groups && compileCriteria(checked.rule.criteria, new Groups(groups))
  if (criteria && 'problem' in criteria) throw new Refusal([inOptions(criteria)])
  return checked.rule
}

/** A problem of a field, told of the option that it came from. */
function inOptions(problem: RuleProblem): string {
  const fields = [NAME, ...FIELDS]
  const source =
    fields.find(({ path }) => problem.field.startsWith(path)) ??
    fields.find(({ path }) => path.startsWith(`${problem.field}.`))
  if (!source) return formatProblem(problem)
  const expectation = /expected|not one of/.test(problem.problem) ? '' : `; expected: ${source.expected}`
  return `${source === NAME ? 'name' : flagOf(source.flags)} ${problem.problem}${expectation}`
}

function flagOf(flags: string): string {
  return flags.split(' ')[0] ?? flags
}
