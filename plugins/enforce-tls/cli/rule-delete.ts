/** `enforce-tls rule delete`: asks first where somebody can answer. */
import { quote } from '../text/quote.js'
import { parseRule } from '../rules/check-rule.js'
import { ruleChanges } from '../store/entry-change.js'
import { confirmRemoval } from './ask.js'
import { readEntries } from '../policy/read-parts.js'
import { retryConflicts, type Context } from './context.js'
import { effectsNow } from './effects.js'
import { inspect, textOf, warnOfProblems } from './rule-entries.js'
import { atOnce } from '../work/pieces.js'

/**
 * Deletes a rule, also one that is not valid: that is one way out of it.
 *
 * @param yes do not ask, not even on a terminal
 * @throws {Refusal} when there is no such rule, the answer is not yes, or nobody can be asked.
 */
export async function deleteRule(context: Context, owner: string, id: string, yes: boolean): Promise<void> {
  const { store, write, output, command } = context
  const found = atOnce(parseRule(textOf(await store.readOwner(owner), id)))
  const name = 'rule' in found ? found.rule.name : 'it is not valid'
  await confirmRemoval(output, yes, {
    question: `Delete rule ${id} of ${owner} (${name})?`,
    refused: `nothing deleted: rule ${quote(id)} of ${owner} is still there`,
    command: command('rule', 'delete', owner, id, '--yes'),
  })
  const deleted = await retryConflicts(async () => {
    const json = textOf(await store.readOwner(owner), id)
    await write(ruleChanges(owner, [{ id, expected: json, value: null }]))
    return atOnce(parseRule(json))
  })
  output.data({ owner, id, rule: 'rule' in deleted ? deleted.rule : null })
  output.line(`Deleted rule ${id} of ${owner} (${name}).`)
  if ('rule' in deleted && deleted.rule.enabled && !output.json)
    for (const sentence of (await effectsNow(context).of({ owner, id, rule: deleted.rule })).more)
      output.line(sentence)
  warnOfProblems(output, owner, inspect(await readEntries(store, owner), store).problems)
}
