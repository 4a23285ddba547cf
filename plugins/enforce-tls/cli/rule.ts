/** `enforce-tls rule`: the message rules of an owner. */
import { LEVELS, TLS_VERSIONS } from '../rules/levels.js'
import type { OwnedRule } from '../rules/rule-list.js'
import { examples, type Context, type Root, type WithStore } from './context.js'
import type { Cell } from './output.js'
import { Refusal } from './refusal.js'
import { createRule } from './rule-create.js'
import { deleteRule } from './rule-delete.js'
import { changeRule, inspect, ownerOf, ruleOf } from './rule-entries.js'
import { effectOf, recipientsOf, requirementWords, sleepWords } from './rule-words.js'

const OWNER = 'whose rules: * (the whole service), a sending domain, or one sender address'
const ID = 'the id of the rule, as rule list shows it'

/** Patterns of a rule that a list of rules shows. */
const PATTERNS_SHOWN = 6

/** Adds the `rule` group to the program. */
export function addRuleCommands(program: Root, withStore: WithStore): void {
  const group = program
    .command('rule')
    .description('create, show, switch and delete message rules')
    .addHelpText('after', examples('rule list acme.example', 'rule enable acme.example k3m8r2pq7x'))

  group
    .command('create')
    .description('create a rule at the end of the list; it is off unless --enable is given')
    .usage('<owner> <name> --to <pattern>... [options]')
    .argument('<owner>', OWNER)
    .argument('<name>', 'what the rule is called in lists, logs and bounces')
    .requiredOption(
      '--to <pattern...>',
      'recipients: bank.example, .bank.example (its subdomains), cfo@bank.example or * (all)',
    )
    .option('--level <level>', LEVELS.map(({ name, summary }) => `${name}: ${summary}`).join('; '), 'encrypt')
    .option(
      '--min-version <version>',
      `the lowest TLS version: ${TLS_VERSIONS.join(' or ')} (default: as in the settings)`,
    )
    .option(
      '--cert-name <name...>',
      "level secure: names that the certificate may have besides the recipient's domain",
    )
    .option(
      '--fingerprint <sha256...>',
      'level fingerprint: SHA-256 of the certificates or public keys, one of which must be there',
    )
    .option(
      '--on-failure <action>',
      'when no server fulfils the rule: bounce or defer (default: as in the settings)',
    )
    .option('--direction <direction>', 'the direction of the mail', 'outgoing')
    .option('--enable', 'switch the rule on at once')
    .addHelpText(
      'after',
      examples(
        'rule create acme.example "Enforced TLS to First Bank" --to bank.example',
        'rule create bob@acme.example "Partners" --to a.example .b.example --min-version TLSv1.3',
        'rule create acme.example "Court" --to .court.example --level secure --cert-name mx.court.example',
        `rule create '*' "Everything" --to '*' --enable`,
      ),
    )
    .action((owner, name, options, command) =>
      withStore(command.optsWithGlobals(), (context) => createRule(context, owner, name, options)),
    )

  group
    .command('list')
    .description('list the rules of an owner, in the order in which they decide')
    .argument('<owner>', OWNER)
    .addHelpText('after', examples('rule list acme.example', `rule list '*' --json`))
    .action((owner, _options, command) =>
      withStore(command.optsWithGlobals(), (context) => listRules(context, ownerOf(owner))),
    )

  group
    .command('show')
    .description('show one rule')
    .argument('<owner>', OWNER)
    .argument('<id>', ID)
    .addHelpText('after', examples('rule show acme.example k3m8r2pq7x'))
    .action((owner, id, _options, command) =>
      withStore(command.optsWithGlobals(), (context) => showRule(context, ownerOf(owner), id)),
    )

  group
    .command('enable')
    .description('switch a rule on; it holds for mail that is already queued, too')
    .argument('<owner>', OWNER)
    .argument('<id>', ID)
    .addHelpText('after', examples('rule enable acme.example k3m8r2pq7x'))
    .action((owner, id, _options, command) =>
      withStore(command.optsWithGlobals(), (context) => switchRule(context, ownerOf(owner), id, true)),
    )

  group
    .command('disable')
    .description('switch a rule off; it stays in the list')
    .argument('<owner>', OWNER)
    .argument('<id>', ID)
    .addHelpText('after', examples('rule disable acme.example k3m8r2pq7x'))
    .action((owner, id, _options, command) =>
      withStore(command.optsWithGlobals(), (context) => switchRule(context, ownerOf(owner), id, false)),
    )

  group
    .command('delete')
    .description('delete a rule; on a terminal it asks first')
    .argument('<owner>', OWNER)
    .argument('<id>', ID)
    .option('--yes', 'do not ask')
    .addHelpText(
      'after',
      examples('rule delete acme.example k3m8r2pq7x', 'rule delete acme.example k3m8r2pq7x --yes'),
    )
    .action((owner, id, options, command) =>
      withStore(command.optsWithGlobals(), (context) =>
        deleteRule(context, ownerOf(owner), id, options.yes === true),
      ),
    )
}

async function listRules(context: Context, owner: string): Promise<void> {
  const { store, output } = context
  const entries = await store.readOwner(owner)
  const { rules, problems, sleepsWith } = inspect(entries, store)
  output.data(rules)
  if (rules.length > 0) output.table(['#', 'on', 'name', 'to', 'level', 'id'], rules.map(rowOf))
  else if (problems.length === 0) output.line(`${owner} has no rules.`)
  if (sleepsWith !== null && entries.rules.size > 0)
    output.line(sleepWords(context, sleepsWith, 'its rules sleep'))
  const [first, ...rest] = problems
  if (first !== undefined) throw new Refusal([first, ...rest])
}

function rowOf({ id, rule }: OwnedRule): Cell[] {
  const { name, position, enabled, actions } = rule
  const matchesAny = recipientsOf(rule)
  const rest = matchesAny.length - PATTERNS_SHOWN
  const to = [...matchesAny.slice(0, PATTERNS_SHOWN), ...(rest > 0 ? [`and ${rest} more`] : [])]
  const { level, minVersion } = actions.relayWithTls
  return [
    String(position),
    enabled ? 'on' : 'off',
    name,
    to,
    [level, ...(minVersion ? [minVersion] : [])],
    id,
  ]
}

async function showRule(context: Context, owner: string, id: string): Promise<void> {
  const { store, output } = context
  const entries = await store.readOwner(owner)
  const rule = ruleOf(entries, id, store)
  const { sleepsWith } = inspect(entries, store)
  output.data({ owner, id, rule })
  output.line(rule.name)
  output.facts({
    owner,
    id,
    position: String(rule.position),
    state: rule.enabled ? 'on' : 'off',
    direction: rule.direction,
    to: recipientsOf(rule),
    requires: requirementWords(rule.actions.relayWithTls),
  })
  if (sleepsWith !== null) output.line(sleepWords(context, sleepsWith, 'the rule sleeps'))
}

async function switchRule(context: Context, owner: string, id: string, enabled: boolean): Promise<void> {
  const { output } = context
  const { owned, changed, sleepsWith } = await changeRule(context, owner, id, (rule) =>
    rule.enabled === enabled ? rule : { ...rule, enabled },
  )
  output.data(owned)
  const state = `Rule ${id} of ${owner} (${owned.rule.name}) is ${changed ? '' : 'already '}${enabled ? 'on' : 'off'}`
  if (!enabled) output.line(`${state}.`)
  else if (sleepsWith !== null) output.line(`${state}. ${sleepWords(context, sleepsWith, 'it sleeps')}`)
  else output.line(`${state}: ${effectOf(owned)}.`)
}
