/** `enforce-tls domain remove`: a domain goes with its rules and those of its senders, in one step that can be taken back. */
import { plannedRemoval, removeDomain } from '../admin/remove-domain.js'
import { entryId } from '../admin/undo.js'
import type { EntryChange } from '../store/entry-change.js'
import { numbered } from '../text/list.js'
import { canAsk, confirmRemoval } from './ask.js'
import { impactToAsk, sayKnown } from './before-change.js'
import type { Context } from './context.js'
import { knownDomain } from './domain-meant.js'

/**
 * Removes a domain; it asks first where somebody can answer, after what this would do was said.
 *
 * @param yes do not ask, not even on a terminal
 * @throws {Refusal} where nothing is known of it, the answer is not yes, or nobody can be asked.
 */
export async function removeByUser(context: Context, text: string, yes: boolean): Promise<void> {
  const { store, output, command } = context
  const domain = await knownDomain(context, text, () => ({
    done: 'removed',
    way: 'list what there is with',
    command: command('domain', 'list'),
  }))
  const planned = await plannedRemoval(store, domain)
  const impact = await impactToAsk(context, planned, yes ? { yes } : {})
  const rules = planned.filter(({ key }) => key === 'rules').length
  if (!yes && canAsk(output)) await sayKnown(context, impact, {}, true)
  await confirmRemoval(output, yes, {
    question: `Remove ${domain}${rules === 0 ? '' : ` with ${numbered(rules, 'rule')} of the domain and of its senders`}?`,
    refused: `nothing removed: ${domain} is still there`,
    command: command('domain', 'remove', domain, '--yes'),
  })
  await removeDomain(context, domain, planned)
  const change = await latestOf(context, planned)
  output.data({ domain, rules, change })
  output.line(`Removed ${domain}${rules === 0 ? '' : ` with ${numbered(rules, 'rule')}`}.`)
  if (impact.rules.some(({ step }) => step === 'ends'))
    output.line('Its mail may leave unencrypted now, where no other rule requires TLS.')
  if (change !== null)
    output.line(`The console takes that back in one step: change ${change} in its history.`)
}

/** How the history names the change; `null` where it does not say, or others were faster. */
async function latestOf({ store }: Context, planned: readonly EntryChange[]): Promise<string | null> {
  const [latest] = await store.history({ limit: 1 })
  if (latest === undefined || latest.to !== null) return null
  const isOurs = planned.some(
    ({ key, owner, field }) => key === latest.key && owner === latest.owner && field === latest.field,
  )
  return isOurs ? entryId(latest) : null
}
