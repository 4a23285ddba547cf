/** `enforce-tls rule create`: one more rule at the end of an owner's list, off unless it says `--enable`. */
import { serviceDomainOf } from '../rules/owner.js'
import { parseService, type OwnedRule } from '../rules/owner-entries.js'
import type { Rule } from '../rules/rule.js'
import { isOver } from '../rules/period.js'
import { newRuleId } from '../rules/rule-id.js'
import { ruleChanges } from '../store/entry-change.js'
import { retryConflicts, type Context } from './context.js'
import { ownerHint } from './hints.js'
import { printWarning } from './output.js'
import { Refusal, WrongUse } from './refusal.js'
import { beforeRuleChange, type BeforeChangeOptions } from './before-change.js'
import type { RuleOptions } from './rule-fields.js'
import { inspect, ownerOf, warnOfProblems } from './rule-entries.js'
import { hasCriteria, validRule, withOptions } from './rule-options.js'
import { showEffect } from './effects.js'
import { senderWords } from './format-rule.js'

/** What the user wrote behind `rule create`. */
export interface CreateOptions extends RuleOptions, BeforeChangeOptions {
  readonly enable?: true | undefined
}

/** Creates a rule from what the user wrote. @throws {Refusal} when it is not valid or not allowed. */
export async function createRule(
  context: Context,
  text: string,
  name: string,
  options: CreateOptions,
): Promise<void> {
  const { store, write, output, command } = context
  const owner = ownerOf(text)
  const draft = validDraft(name, options)
  if (draft.enabled) {
    const [entries, groups] = await Promise.all([store.readOwner(owner), store.groups()])
    await requireService(context, owner, entries.service)
    const { rules } = inspect({ entries, groups }, store)
    const after = { owner, id: 'new', rule: validRule({ ...draft, position: behind(rules) }, groups) }
    const question = `Create rule ${name} of ${owner}, and switch it on?`
    await beforeRuleChange(context, { before: null, after, question }, options)
  }
  const { problems, ...created } = await retryConflicts(async () => {
    const [entries, groups] = await Promise.all([store.readOwner(owner), store.groups()])
    await requireService(context, owner, entries.service)
    const { rules, problems } = inspect({ entries, groups }, store)
    const rule = validRule({ ...draft, position: behind(rules) }, groups)
    const id = newRuleId()
    await write(ruleChanges(owner, [{ id, expected: null, value: JSON.stringify(rule) }]))
    return { owner, id, rule, problems }
  })
  output.data(created)
  output.line(`Created rule ${created.id} of ${owner}: ${name}`)
  if (created.rule.enabled) await showEffect(context, created, 'It is')
  else output.line(`It is off; switch it on with: ${command('rule', 'enable', owner, created.id)}`)
  if (isOver(created.rule, Date.now()))
    printWarning(
      output.terminal,
      `the rule is over: it expired at ${created.rule.expiresAt ?? ''}, so it covers no mail even when it is on; give it another time with:`,
      command('rule', 'edit', owner, created.id, '--no-expires-at'),
    )
  warnOfProblems(output, owner, problems)
}

/** The rule, with the position that only the store can tell still to be set. */
function validDraft(name: string, options: CreateOptions): Rule {
  if (!hasCriteria(options))
    throw new WrongUse([
      'say which mail the rule is for, with one or more of --to, --from, --subject, --header',
    ])
  const skeleton = {
    name,
    direction: 'outgoing',
    enabled: options.enable === true,
    position: 1,
    criteria: {},
    actions: { relayWithTls: { level: 'encrypt' } },
  }
  return validRule(withOptions(skeleton, options))
}

/** The position behind all others. */
function behind(rules: readonly OwnedRule[]): number {
  return (rules.at(-1)?.rule.position ?? 0) + 1
}

async function requireService(
  { store, command }: Context,
  owner: string,
  service: string | null,
): Promise<void> {
  const domain = serviceDomainOf(owner)
  if (domain === null) return
  const parsed = service === null ? { enabled: false } : parseService(service)
  if ('problem' in parsed)
    throw new Refusal([
      `${store.placeOf({ key: 'domains', owner: domain, field: domain })}: ${parsed.problem}`,
    ])
  if (parsed.enabled) return
  const hint = service === null ? await ownerHint(store, domain) : ''
  // The command that would enable what is hardly meant is not offered.
  if (hint !== '') throw new Refusal([`nothing is known of ${domain}, so nothing was created${hint}`])
  throw new Refusal(
    [
      `the service of ${domain} is not enabled, so there can be no rules for mail from ${senderWords(owner)}; enable it with:`,
    ],
    [command('domain', 'enable', domain)],
  )
}
