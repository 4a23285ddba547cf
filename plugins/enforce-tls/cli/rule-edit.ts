/**
 * `enforce-tls rule edit`: fields of a rule by options, or the whole rule in an editor. What somebody else changed
 * meanwhile is never overwritten: the one who comes second is told, and nothing is written.
 */
import { editRule, editedRule, type RuleEdit } from '../admin/edit-rule.js'
import { readOwner, ruleIn, ruleText, type OwnerRead } from '../admin/owner-state.js'
import { AdminProblem } from '../admin/problem.js'
import { jsonProblem } from '../store/json-problem.js'
import { textDifferences } from '../store/difference.js'
import { refusalOf } from './admin-refusal.js'
import { canAsk, isConfirmed } from './ask.js'
import { beforeRuleChange, type BeforeChangeOptions } from './before-change.js'
import type { Context } from './context.js'
import { EditedFile } from './editor.js'
import { showEffect } from './effects.js'
import { warnOfGateway } from './gateway-problem.js'
import { printError } from './output.js'
import { Refusal, WrongUse } from './refusal.js'
import { warnOfBroken } from './rule-entries.js'
import type { RuleOptions } from './rule-fields.js'
import { warnOfTrust } from './trust-problem.js'
import { hasRuleOptions, toldOfOptions, withOptions } from './rule-options.js'

/** What the user wrote behind `rule edit`. */
export interface EditOptions extends RuleOptions, BeforeChangeOptions {
  readonly editor?: true | undefined
}

/** Edits a rule. @throws {Refusal} when it is not there, not valid afterwards, or was changed meanwhile. */
export async function editByUser(
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
  const read = await readOwner(context.store, owner)
  if (byOptions) {
    const rule = await ruleIn(read.entries, id)
    const edit = await toldOfOptions(() => editedRule(read, id, withOptions(rule, options)), true)
    await write(context, read, id, edit, options)
    return
  }
  const text = ruleText(read.entries, id)
  await using file = await EditedFile.create(context.output, `rule-${safeName(id)}.json`, pretty(text))
  try {
    await write(context, read, id, await validEdit(context, read, id, file), options)
  } catch (error) {
    const refusal = error instanceof AdminProblem ? await refusalOf(context, error) : error
    if (!(refusal instanceof Refusal) || (await file.isAsItWas())) throw refusal
    file.keep()
    throw new Refusal([...refusal.sentences, `your text is kept in ${file.file}`])
  }
}

/** Opens the editor until the text is a rule, or the user gives up. */
async function validEdit(context: Context, read: OwnerRead, id: string, file: EditedFile): Promise<RuleEdit> {
  const { output, store } = context
  const place = store.placeOf({ key: 'rules', owner: read.entries.owner, field: id })
  for (;;) {
    const checked = await checkedText(context, read, id, await file.edit())
    if (typeof checked !== 'string') return checked
    const sentence = `${place}: ${checked}; nothing was written`
    if (!canAsk(output)) throw new Refusal([sentence])
    printError(output.terminal, [sentence])
    if (!(await isConfirmed(output, 'Edit it again?'))) throw new Refusal(['the rule is as it was'])
  }
}

/** The edit, or what is wrong with the text. */
async function checkedText(
  context: Context,
  read: OwnerRead,
  id: string,
  text: string,
): Promise<RuleEdit | string> {
  const found = jsonProblem(text)
  if (found) return `line ${found.line}, column ${found.column}: the text ${found.problem}`
  try {
    return await editedRule(read, id, JSON.parse(text))
  } catch (error) {
    if (!(error instanceof AdminProblem)) throw error
    return (await refusalOf(context, error)).message
  }
}

async function write(
  context: Context,
  read: OwnerRead,
  id: string,
  edit: RuleEdit,
  options: BeforeChangeOptions,
): Promise<void> {
  const { output } = context
  const { owner } = read.entries
  const { before, after } = edit
  if (edit.changes) {
    const question = `Change rule ${id} of ${owner} (${after.name})?`
    await beforeRuleChange(context, { before, after: { owner, id, rule: after }, question }, options)
  }
  const { owned, changed, read: now } = await editRule(context, read, id, edit)
  output.data(owned)
  if (!changed) {
    output.line(`Rule ${id} of ${owner} (${after.name}) is as it was: nothing was changed.`)
    return
  }
  output.line(`Changed rule ${id} of ${owner} (${after.name}):`)
  const texts = [read, now].map(({ entries }) => entries.rules.get(id) ?? null) as [string, string]
  for (const difference of textDifferences(...texts)) output.item(difference)
  await showEffect(context, owned, 'It is')
  warnOfTrust(context, owned)
  warnOfGateway(context, owned)
  await warnOfBroken(context, now)
}

function pretty(json: string): string {
  return jsonProblem(json) === null ? `${JSON.stringify(JSON.parse(json), null, 2)}\n` : json
}

/** An id may hold anything that can be printed, a slash among them. */
function safeName(id: string): string {
  return id.replace(/[^\w-]/g, '_').slice(0, 40)
}
