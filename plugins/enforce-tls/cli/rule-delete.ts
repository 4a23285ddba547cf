/** `enforce-tls rule delete`: asks first where somebody can answer. */
import { createInterface } from 'node:readline'
import { oneLine } from '../delivery/printable.js'
import { quote } from '../rules/owner.js'
import { parseRule } from '../rules/rule.js'
import { retryConflicts, type Context } from './context.js'
import { Refusal } from './refusal.js'
import { textOf } from './rule-entries.js'

/**
 * Deletes a rule, also one that is not valid: that is one way out of it.
 *
 * @param yes do not ask, not even on a terminal
 * @throws {Refusal} when there is no such rule, or the answer is not yes.
 */
export async function deleteRule(context: Context, owner: string, id: string, yes: boolean): Promise<void> {
  const { store, output } = context
  const found = parseRule(textOf(await store.readOwner(owner), id))
  const name = 'rule' in found ? found.rule.name : 'it is not valid'
  if (
    !yes &&
    output.terminal.stdin.isTTY &&
    !(await isConfirmed(context, `Delete rule ${id} of ${owner} (${name})?`))
  )
    throw new Refusal([`nothing deleted: rule ${quote(id)} of ${owner} is still there`])
  const deleted = await retryConflicts(async () => {
    const json = textOf(await store.readOwner(owner), id)
    await store.writeRules(owner, [{ id, expected: json, value: null }])
    return parseRule(json)
  })
  output.data({ owner, id, rule: 'rule' in deleted ? deleted.rule : null })
  output.line(`Deleted rule ${id} of ${owner} (${name}).`)
}

/** Asks on the terminal; anything but yes, and the end of input, is a no. */
function isConfirmed({ output: { terminal } }: Context, question: string): Promise<boolean> {
  const dialogue = createInterface({ input: terminal.stdin, output: terminal.stderr })
  return new Promise((resolve) => {
    dialogue.once('close', () => {
      terminal.stderr.write('\n')
      resolve(false)
    })
    dialogue.question(`${oneLine(question)} [y/N] `, (answer) => {
      dialogue.removeAllListeners('close')
      resolve(/^y(?:es)?$/i.test(answer.trim()))
      dialogue.close()
    })
  })
}
