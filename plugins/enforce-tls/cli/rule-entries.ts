/**
 * Reading an owner's rules and changing one of them. A change is a function of the rule as it stands, so it
 * is repeated when somebody else was faster; what is not there or not valid is thrown as a `Refusal`.
 */
import type { ReadStore } from '../store/rule-store.js'
import { listed } from '../text/list.js'
import { parseOwner, serviceDomainOf } from '../rules/owner.js'
import { quote } from '../text/quote.js'
import { checkRules } from '../rules/checked-rules.js'
import { effectOfBroken, saidBy, type Effect } from '../rules/entry-problem.js'
import { Groups, type StoredGroups } from '../rules/group.js'
import { switchOf, type OwnedRule, type OwnerEntries } from '../rules/owner-entries.js'
import { formatProblem, type Rule } from '../rules/rule.js'
import { parseRule } from '../rules/check-rule.js'
import { ruleChanges } from '../store/entry-change.js'
import { readEntries } from '../policy/read-parts.js'
import { retryConflicts, type Context } from './context.js'
import { ownerHint, ruleHint } from './hints.js'
import { printWarning, type Output } from './output.js'
import { Refusal } from './refusal.js'
import { senderWords } from './format-rule.js'
import { atOnce } from '../work/pieces.js'

/** An owner's rules as far as they are valid, in order, and what is wrong with the others. */
export interface ReadRules {
  readonly rules: readonly OwnedRule[]
  /** One sentence for each entry that does not validate, with its place. */
  readonly problems: readonly string[]
  /** The domain whose service is off while these rules sleep; `null` while they act. */
  readonly sleepsWith: string | null
}

/** An owner's name as it is stored. @throws {Refusal} for a text that names none. */
export function ownerOf(text: string): string {
  const parsed = parseOwner(text)
  if ('problem' in parsed) throw new Refusal([parsed.problem])
  return parsed.owner
}

/**
 * An owner that has rules, as it is stored.
 *
 * @throws {Refusal} for a text that names none, or one without rules; it names the owner that may be meant.
 */
export async function ownerWithRules({ store }: Pick<Context, 'store'>, text: string): Promise<string> {
  const owner = ownerOf(text)
  const { rules } = await store.readOwner(owner)
  if (rules.size > 0) return owner
  throw new Refusal([`${owner} has no rules${await ownerHint(store, owner)}`])
}

/** What is read to know an owner's rules. */
export interface OwnerRead {
  readonly entries: OwnerEntries
  /** At least those that the rules refer to. */
  readonly groups: StoredGroups
}

/** Makes out which of an owner's entries are valid. */
export function inspect({ entries, groups }: OwnerRead, store: ReadStore): ReadRules {
  const { owner } = entries
  const checked = atOnce(checkRules(entries, new Groups(groups)))
  const domain = serviceDomainOf(owner) ?? ''
  const service = switchOf(entries, 'unknown')
  const sleeps = service.is === 'off' || service.is === 'none'
  const problems = [...checked.problems].map(([id, problem]) => {
    const effect = effectOfBroken(saidBy(entries.rules.get(id) ?? ''))
    const consequence = consequenceOf(owner, service.is === 'off' && effect === 'waits' ? 'sleeps' : effect)
    return `${store.placeOf({ key: 'rules', owner, field: id })}: ${problem}; ${consequence}`
  })
  if (service.problem !== null)
    problems.push(`${store.placeOf({ key: 'domains', owner: domain, field: domain })}: ${service.problem}`)
  return { rules: checked.rules, problems, sleepsWith: sleeps ? domain : null }
}

/** What a broken rule means for mail; a command does not know what a Haraka has read before. */
function consequenceOf(owner: string, effect: Effect): string {
  if (effect === 'off') return 'it counts as off, as it says'
  if (effect === 'reports') return 'mail goes on without it, since it says that it only reports'
  if (effect === 'sleeps') return 'no mail waits for it, since the service is off'
  return `until it is valid, its last valid version stays in force; where Haraka has read none, mail of ${senderWords(owner)} waits`
}

/** How many broken entries are told beside something that was done. */
const WARNINGS_MAX = 5

/** Says, beside a change of an owner's rules, what is broken among them. */
export function warnOfProblems({ terminal }: Output, owner: string, problems: readonly string[]): void {
  for (const problem of problems.slice(0, WARNINGS_MAX))
    printWarning(
      terminal,
      `an entry of ${owner} is not valid, while its valid rules are in force: ${problem}`,
    )
  const more = problems.length - WARNINGS_MAX
  if (more > 0) printWarning(terminal, `${more} more entries of ${owner} are not valid`)
}

/**
 * The text of one rule.
 *
 * @throws {Refusal} when the owner has no such rule; it names those that there are.
 */
export function textOf({ owner, rules }: OwnerEntries, id: string): string {
  const json = rules.get(id)
  if (json !== undefined) return json
  const ids = [...rules.keys()].sort()
  const others = ids.length === 0 ? `${owner} has no rules` : `the rules of ${owner} are: ${listed(ids, 20)}`
  throw new Refusal([`${owner} has no rule ${quote(id)}${ruleHint({ rules }, id) || `; ${others}`}`])
}

/** The one rule. @throws {Refusal} when it is not there or not valid. */
export function ruleOf(entries: OwnerEntries, id: string, store: ReadStore): Rule {
  const checked = atOnce(parseRule(textOf(entries, id)))
  if ('rule' in checked) return checked.rule
  throw new Refusal([
    `${store.placeOf({ key: 'rules', owner: entries.owner, field: id })}: ${formatProblem(checked)}`,
  ])
}

/** A rule after a change, and what the rules around it looked like. */
export interface ChangedRule {
  readonly owned: OwnedRule
  /** Whether anything was written. */
  readonly changed: boolean
  readonly sleepsWith: string | null
  /** What is wrong with entries of the owner, as sentences. */
  readonly problems: readonly string[]
}

/**
 * Changes one rule.
 *
 * @param change gives the new rule, or the very same object where there is nothing to change
 * @throws {Refusal} when the rule is not there or not valid; nothing is written then.
 */
export function changeRule(
  { store, write }: Context,
  owner: string,
  id: string,
  change: (rule: Rule) => Rule,
): Promise<ChangedRule> {
  return retryConflicts(async () => {
    const read = await readEntries(store, owner)
    const { entries } = read
    const before = ruleOf(entries, id, store)
    const after = change(before)
    if (after !== before)
      await write(ruleChanges(owner, [{ id, expected: textOf(entries, id), value: JSON.stringify(after) }]))
    const { sleepsWith, problems } = inspect(read, store)
    return { owned: { owner, id, rule: after }, changed: after !== before, sleepsWith, problems }
  })
}
