/** `enforce-tls rule create`: one more rule at the end of an owner's list, off unless it says `--enable`. */
import { createRule, newRule } from '../admin/create-rule.js'
import { readOwner } from '../admin/owner-state.js'
import { wellFormedRule } from '../admin/write-rule.js'
import { isOver } from '../rules/period.js'
import type { Context } from './context.js'
import { warnOfGateway } from './gateway-problem.js'
import { printWarning } from './output.js'
import { WrongUse } from './refusal.js'
import { beforeRuleChange, NEW_RULE, type BeforeChangeOptions } from './before-change.js'
import type { RuleOptions } from './rule-fields.js'
import { ownerOf, warnOfBroken } from './rule-entries.js'
import { hasCriteria, toldOfOptions, withOptions } from './rule-options.js'
import { showEffect } from './effects.js'
import { warnOfTrust } from './trust-problem.js'

/** What the user wrote behind `rule create`. */
export interface CreateOptions extends RuleOptions, BeforeChangeOptions {
  readonly enable?: true | undefined
}

/** Creates a rule from what the user wrote. @throws {Refusal} when it is not valid or not allowed. */
export async function createByOptions(
  context: Context,
  text: string,
  name: string,
  options: CreateOptions,
): Promise<void> {
  const { output, command } = context
  const owner = ownerOf(text)
  if (!hasCriteria(options))
    throw new WrongUse([
      'say which mail the rule is for, with one or more of --to, --from, --subject, --header',
    ])
  const skeleton = {
    name,
    enabled: options.enable === true,
    criteria: {},
    actions: { relayWithTls: { level: 'encrypt' } },
  }
  const value = withOptions(skeleton, options)
  // What is wrong with the options is told first, whatever is wrong with the store.
  await toldOfOptions(() => wellFormedRule({ direction: 'outgoing', position: 1, ...value }))
  if (options.enable) {
    const rule = await toldOfOptions(async () => newRule(await readOwner(context.store, owner), value))
    const question = `Create rule ${name} of ${owner}, and switch it on?`
    await beforeRuleChange(context, { before: null, after: { owner, id: NEW_RULE, rule }, question }, options)
  }
  const { owned, read } = await toldOfOptions(() => createRule(context, owner, value))
  output.data(owned)
  output.line(`Created rule ${owned.id} of ${owner}: ${name}`)
  if (owned.rule.enabled) await showEffect(context, owned, 'It is')
  else output.line(`It is off; switch it on with: ${command('rule', 'enable', owner, owned.id)}`)
  if (isOver(owned.rule, Date.now()))
    printWarning(
      output.terminal,
      `the rule expired at ${owned.rule.expiresAt ?? ''}, so it covers no mail even when it is on; remove that with:`,
      command('rule', 'edit', owner, owned.id, '--no-expires-at'),
    )
  warnOfTrust(context, owned)
  warnOfGateway(context, owned)
  await warnOfBroken(context, read)
}
