/**
 * `enforce-tls rule edit`: fields of a rule by options, or the whole rule in an editor. What somebody else changed
 * meanwhile is never overwritten: the one who comes second is told, and nothing is written.
 */
import { Groups, type StoredGroups } from '../rules/group.js'
import { groupsProblem } from '../rules/match.js'
import { quote } from '../text/quote.js'
import { formatProblem, type Rule } from '../rules/rule.js'
import { checkRule, parseRule } from '../rules/check-rule.js'
import { ruleChanges } from '../store/entry-change.js'
import { jsonProblem } from '../store/json-problem.js'
import { StoreError } from '../store/rule-store.js'
import { canAsk, isConfirmed } from './ask.js'
import type { Context } from './context.js'
import { sameMeaning, textDifferences } from '../store/difference.js'
import { EditedFile } from './editor.js'
import { showEffect } from './effects.js'
import { localTime } from './local-time.js'
import { printError } from './output.js'
import { Refusal, WrongUse } from './refusal.js'
import type { RuleOptions } from './rule-fields.js'
import { inspect, ruleOf, textOf, warnOfProblems, type OwnerRead } from './rule-entries.js'
import { hasRuleOptions, validRule, withOptions } from './rule-options.js'
import { isRisky } from '../admin/risky-change.js'
import { beforeRuleChange, type BeforeChangeOptions } from './before-change.js'
import { atOnce } from '../work/pieces.js'

/** What the user wrote behind `rule edit`. */
export interface EditOptions extends RuleOptions, BeforeChangeOptions {
  readonly editor?: true | undefined
}

/** Edits a rule. @throws {Refusal} when it is not there, not valid afterwards, or was changed meanwhile. */
export async function editRule(
  context: Context,
  owner: string,
  id: string,
  options: EditOptions,
): Promise<void> {
  const byOptions = hasRuleOptions(options)
  if (byOptions && options.editor)
    throw new WrongUse(['--editor opens the whole rule; it does not go with other options'])
  if (!byOptions && !options.editor)
    throw new WrongUse(['there is nothing to change; give options as in rule create, or --editor'])
  const [entries, groups] = await Promise.all([context.store.readOwner(owner), context.store.groups()])
  const read = { entries, groups }
  const before = textOf(entries, id)
  if (byOptions) {
    const rule = ruleOf(entries, id, context.store)
    await write(context, read, id, validRule(withOptions(rule, options), groups), options)
    return
  }
  await using file = await EditedFile.create(context.output, `rule-${safeName(id)}.json`, pretty(before))
  try {
    await write(context, read, id, await validText(context, read, id, file), options)
  } catch (error) {
    if (!(error instanceof Refusal) || (await file.isAsItWas())) throw error
    file.keep()
    throw new Refusal([...error.sentences, `your text is kept in ${file.file}`])
  }
}

/** Opens the editor until the text is a rule, or the user gives up. */
async function validText(
  { output, store }: Context,
  { entries, groups }: OwnerRead,
  id: string,
  file: EditedFile,
): Promise<Rule> {
  for (;;) {
    const checked = checkText(await file.edit(), groups)
    if (typeof checked !== 'string') return checked
    const sentence = `${store.placeOf({ key: 'rules', owner: entries.owner, field: id })}: ${checked}; nothing was written`
    if (!canAsk(output)) throw new Refusal([sentence])
    printError(output.terminal, [sentence])
    if (!(await isConfirmed(output, 'Edit it again?'))) throw new Refusal(['the rule is as it was'])
  }
}

function checkText(text: string, groups: StoredGroups): Rule | string {
  const found = jsonProblem(text)
  if (found) return `line ${found.line}, column ${found.column}: the text ${found.problem}`
  const checked = atOnce(checkRule(JSON.parse(text)))
  if (!('rule' in checked)) return formatProblem(checked)
  const problem = atOnce(groupsProblem(checked.rule.criteria, new Groups(groups)))
  return problem === null ? checked.rule : formatProblem(problem)
}

async function write(
  context: Context,
  read: OwnerRead,
  id: string,
  rule: Rule,
  options: BeforeChangeOptions,
): Promise<void> {
  const { output, store } = context
  const { entries } = read
  const { owner } = entries
  const before = textOf(entries, id)
  const value = JSON.stringify(rule)
  if (sameMeaning(before, value)) {
    output.data({ owner, id, rule })
    output.line(`Rule ${id} of ${owner} (${rule.name}) is as it was: nothing was changed.`)
    return
  }
  requireOwnPosition(context, read, id, rule)
  const old = atOnce(parseRule(before))
  const step = {
    before: 'rule' in old ? old.rule : null,
    after: { owner, id, rule },
    question: `Change rule ${id} of ${owner} (${rule.name})?`,
  }
  if (isRisky(step.before, rule)) await beforeRuleChange(context, step, options)
  try {
    await context.write(ruleChanges(owner, [{ id, expected: before, value }]))
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'STORE_CONFLICT') throw error
    throw await overtaken(context, owner, id, before)
  }
  output.data({ owner, id, rule })
  output.line(`Changed rule ${id} of ${owner} (${rule.name}):`)
  for (const difference of textDifferences(before, value)) output.item(difference)
  await showEffect(context, { owner, id, rule }, 'It is')
  const others = { ...entries, rules: new Map(entries.rules).set(id, value) }
  warnOfProblems(output, owner, inspect({ ...read, entries: others }, store).problems)
}

/** @throws {Refusal} when the rule gets a position that another one has already. */
function requireOwnPosition({ store }: Context, read: OwnerRead, id: string, { position }: Rule): void {
  const { rules } = inspect(read, store)
  if (rules.find((other) => other.id === id)?.rule.position === position) return
  const holder = rules.find((other) => other.id !== id && other.rule.position === position)
  if (holder)
    throw new Refusal([
      `field position: ${position} is the position of rule ${quote(holder.id)} (${holder.rule.name}); a position of its own is expected, or rule move, which numbers the list anew`,
    ])
}

/** What the one is told who came second. */
async function overtaken({ store }: Context, owner: string, id: string, before: string): Promise<Refusal> {
  const now = (await store.readOwner(owner)).rules.get(id) ?? null
  const [last] = (await store.history({ owner, limit: 100 })).filter(({ field }) => field === id)
  const who = last && last.to === now ? ` by ${last.by} at ${localTime(last.at)}` : ''
  return new Refusal([
    `rule ${quote(id)} of ${owner} was changed${who} while you edited it, so nothing was written; the other change:`,
    ...textDifferences(before, now).map((difference) => `  ${difference}`),
    'look at the rule as it is now, and repeat what is still needed',
  ])
}

function pretty(json: string): string {
  return jsonProblem(json) === null ? `${JSON.stringify(JSON.parse(json), null, 2)}\n` : json
}

/** An id may hold anything that can be printed, a slash among them. */
function safeName(id: string): string {
  return id.replace(/[^\w-]/g, '_').slice(0, 40)
}
