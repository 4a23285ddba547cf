/** `enforce-tls rule`: the message rules of an owner. */
import { examples, type Root, type WithStore } from './context.js'
import { deleteByUser, moveByUser, switchByUser } from './rule-change.js'
import { WrongUse } from './refusal.js'
import { copyByUser, type CopyOptions } from './rule-copy.js'
import { createByOptions, type CreateOptions } from './rule-create.js'
import { editByUser, type EditOptions } from './rule-edit.js'
import { ownerOf, ownerWithRules } from './rule-entries.js'
import { findByUser } from './rule-find.js'
import { createOptions, editOptions } from './rule-options.js'
import { listRules, showRule } from './rule-show.js'

const OWNER = 'whose rules: * (the whole service), a sending domain, or one sender address'
const ID = 'the id of the rule, as rule list shows it'

/** Adds the `rule` group to the program. */
export function addRuleCommands(program: Root, withStore: WithStore): void {
  const group = program
    .command('rule')
    .description('create, show, change, order, switch and delete message rules')
    .addHelpText('after', examples('rule list acme.example', 'rule enable acme.example k3m8r2pq7x'))

  const create = group
    .command('create')
    .description('create a rule at the end of the list; it is off unless --enable is given')
    .usage('<owner> <name> --to <pattern>... [options]')
    .argument('<owner>', OWNER)
    .argument('<name>', 'what the rule is called in lists, logs and bounces')
    .option('--enable', 'switch the rule on at once')
    .option('--no-check', 'with --enable: do not ask the mail servers of its recipients')
    .option('--yes', 'with --enable: do not ask whether to go on')
    .addHelpText(
      'after',
      examples(
        'rule create acme.example "Enforced TLS to First Bank" --to bank.example',
        'rule create bob@acme.example "Partners" --to a.example .b.example --min-version TLSv1.3',
        'rule create acme.example "Court" --to .court.example --level secure --cert-name mx.court.example',
        `rule create acme.example "Secrets" --subject '[secret]' --header 'X-Class: secret' --mode report`,
        `rule create '*' "Everything" --to '*' --enable`,
      ),
    )
    .action((owner, name, options: CreateOptions, command) =>
      withStore(command.optsWithGlobals(), (context) => createByOptions(context, owner, name, options)),
    )
  for (const option of createOptions()) create.addOption(option)

  const edit = group
    .command('edit')
    .description('change a rule: each option replaces its field, --no-… removes it')
    .argument('<owner>', OWNER)
    .argument('<id>', ID)
    .option('--no-check', 'do not ask the mail servers of its recipients')
    .option('--yes', 'do not ask whether to go on')
    .option('--editor', 'open the rule as JSON in $VISUAL, $EDITOR or vi; it is checked before it is written')
    .addHelpText(
      'after',
      examples(
        'rule edit acme.example k3m8r2pq7x --to bank.example .bank.example --min-version TLSv1.3',
        'rule edit acme.example k3m8r2pq7x --name "Banks" --no-min-version',
        'rule edit acme.example k3m8r2pq7x --editor',
      ),
    )
    .action((owner, id, options: EditOptions, command) =>
      withStore(command.optsWithGlobals(), async (context) =>
        editByUser(context, await ownerWithRules(context, owner), id, options),
      ),
    )
  for (const option of editOptions()) edit.addOption(option)

  group
    .command('move')
    .description('move a rule in the list: the first rule that is on and matches decides')
    .argument('<owner>', OWNER)
    .argument('<id>', ID)
    .option('--top', 'before all others')
    .option('--bottom', 'after all others')
    .option('--before <id>', 'just before this one')
    .option('--after <id>', 'just after this one')
    .option('--yes', 'do not ask whether to go on')
    .addHelpText(
      'after',
      examples(
        'rule move acme.example k3m8r2pq7x --top',
        'rule move acme.example k3m8r2pq7x --after b7c2n4wz9d',
      ),
    )
    .action((owner, id, options, command) =>
      withStore(command.optsWithGlobals(), async (context) =>
        moveByUser(context, await ownerWithRules(context, owner), id, options),
      ),
    )

  group
    .command('list')
    .description('list the rules of an owner, in the order in which they decide, or of all owners')
    .argument('[owner]', OWNER)
    .option('--all', 'the rules of all owners')
    .option('--matching <text>', 'only rules with this text in their name, comment, id, owner or criteria')
    .addHelpText(
      'after',
      examples('rule list acme.example', `rule list '*' --json`, 'rule list --all --matching bank.example'),
    )
    .action((owner, { all, matching }, command) => {
      if ((owner === undefined) !== (all === true))
        throw new WrongUse(['say whose rules with an owner, or --all for those of all owners'])
      return withStore(command.optsWithGlobals(), (context) =>
        owner !== undefined && matching === undefined
          ? listRules(context, ownerOf(owner))
          : findByUser(context, owner === undefined ? null : ownerOf(owner), matching),
      )
    })

  group
    .command('copy')
    .description('copy a rule to another owner: off, and at the end of the list there')
    .argument('<owner>', OWNER)
    .argument('<id>', ID)
    .argument('<to>', 'the owner of the copy')
    .option('--name <name>', 'the name of the copy, if it is to have another one')
    .addHelpText(
      'after',
      examples(
        'rule copy acme.example k3m8r2pq7x acme.org',
        'rule copy acme.example k3m8r2pq7x acme.example --name "TLS to First Bank, stricter"',
      ),
    )
    .action((owner, id, to, options: CopyOptions, command) =>
      withStore(command.optsWithGlobals(), async (context) =>
        copyByUser(context, await ownerWithRules(context, owner), id, to, options),
      ),
    )

  group
    .command('show')
    .description('show one rule')
    .argument('<owner>', OWNER)
    .argument('<id>', ID)
    .addHelpText('after', examples('rule show acme.example k3m8r2pq7x'))
    .action((owner, id, _options, command) =>
      withStore(command.optsWithGlobals(), async (context) =>
        showRule(context, await ownerWithRules(context, owner), id),
      ),
    )

  group
    .command('enable')
    .description(
      'switch a rule on, for queued mail too. Where it then changes what happens to mail, it first asks the mail ' +
        'servers of its recipients, for a few seconds, and warns of those that would not get the mail; on a terminal ' +
        'it then asks whether to go on',
    )
    .argument('<owner>', OWNER)
    .argument('<id>', ID)
    .option('--no-check', 'do not ask the mail servers of its recipients')
    .option('--yes', 'do not ask whether to go on')
    .addHelpText(
      'after',
      examples('rule enable acme.example k3m8r2pq7x', 'rule enable acme.example k3m8r2pq7x --no-check'),
    )
    .action((owner, id, options, command) =>
      withStore(command.optsWithGlobals(), async (context) => {
        await switchByUser(context, await ownerWithRules(context, owner), id, true, options)
      }),
    )

  group
    .command('disable')
    .description('switch a rule off; it stays in the list')
    .argument('<owner>', OWNER)
    .argument('<id>', ID)
    .option('--yes', 'do not ask whether to go on')
    .addHelpText('after', examples('rule disable acme.example k3m8r2pq7x'))
    .action((owner, id, options, command) =>
      withStore(command.optsWithGlobals(), async (context) => {
        await switchByUser(context, await ownerWithRules(context, owner), id, false, options)
      }),
    )

  group
    .command('delete')
    .description('delete a rule; asks first, and needs --yes without a terminal')
    .argument('<owner>', OWNER)
    .argument('<id>', ID)
    .option('--yes', 'do not ask')
    .addHelpText(
      'after',
      examples('rule delete acme.example k3m8r2pq7x', 'rule delete acme.example k3m8r2pq7x --yes'),
    )
    .action((owner, id, options, command) =>
      withStore(command.optsWithGlobals(), async (context) =>
        deleteByUser(context, await ownerWithRules(context, owner), id, options.yes === true),
      ),
    )
}
