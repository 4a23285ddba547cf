/** `enforce-tls status --fix`: entries that are not valid are removed, and what may be in force only by a yes of its own. */
import { StoreError } from '../store/rule-store.js'
import { canAsk, withQuestions } from './ask.js'
import type { Context } from './context.js'
import { Refusal } from './refusal.js'
import type { StatusReport, StoreProblem } from './status-report.js'

/**
 * Shows each entry and asks; gives those that were removed.
 *
 * @param yes does not ask about what is surely not in force; about the rest it asks all the same
 */
export async function offerRemoval(
  context: Context,
  { problems }: Pick<StatusReport, 'problems'>,
  yes: boolean,
): Promise<readonly StoreProblem[]> {
  const { output, write } = context
  const removable = problems.filter(({ removal }) => removal !== null)
  if (removable.length === 0) return []
  if (!yes && !canAsk(output))
    throw new Refusal([
      'nothing was removed: there is no terminal to ask on; --yes removes what is certainly not in force, without a question',
    ])
  const removed: StoreProblem[] = []
  await withQuestions(output, async (confirmed) => {
    for (const problem of removable) {
      const { sentence, value, removal, risk } = problem
      if (removal === null) continue
      output.line(sentence)
      output.code(value ?? '')
      if (risk !== null) output.item(risk.before)
      if (risk !== null && !canAsk(output)) {
        output.item('not removed: it may be in force, and there is no terminal to ask on')
        continue
      }
      if ((!yes || risk !== null) && !(await confirmed('Remove it?'))) continue
      const why = await refusalOf(write([removal]))
      if (why === null) removed.push(problem)
      output.item(why ?? (risk === null ? 'removed' : `removed: ${risk.after}`))
    }
  })
  return removed
}

/** Why an entry was not removed, where that is about this entry; `null` for one that was. */
async function refusalOf(removing: Promise<void>): Promise<string | null> {
  try {
    await removing
    return null
  } catch (error) {
    if (error instanceof StoreError && error.code !== 'STORE_UNAVAILABLE')
      return `not removed: ${error.message}`
    throw error
  }
}
