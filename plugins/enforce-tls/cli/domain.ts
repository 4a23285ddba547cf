/** `enforce-tls domain`: the switch of a sending domain, without which its rules are inactive, whom its senders can ask, and its end. */
import type { Impact } from '../admin/impact.js'
import { helpProblems, ownerProblem, serviceProblem } from '../admin/entry-problems.js'
import { isServiceOn, rulesSwitched, setService } from '../admin/set-service.js'
import { readReadable } from '../admin/whole-store.js'
import { readSenderHelp, type SenderHelp } from '../rules/sender-help.js'
import { serviceDomainOf } from '../rules/owner.js'
import { namedChange } from '../store/entry-change.js'
import { languageName, LANGUAGES } from '../text/language.js'
import { numbered } from '../text/list.js'
import { domainMeant } from './domain-meant.js'
import { removeByUser } from './domain-remove.js'
import { setHelpByUser } from './domain-set.js'
import { beforeChange, type BeforeChangeOptions } from './before-change.js'
import { examples, type Context, type Root, type WithStore } from './context.js'
import { showEffects } from './effects.js'
import { Refusal } from './refusal.js'

/** Adds the `domain` group to the program. */
export function addDomainCommands(program: Root, withStore: WithStore): void {
  const group = program
    .command('domain')
    .description(
      'switch message rules on and off for sending domains, say whom their senders can ask, and remove domains',
    )
    .addHelpText('after', examples('domain enable acme.example', 'domain list'))

  group
    .command('enable')
    .description('switch message rules on for a domain: its rules become active, and new ones can be created')
    .argument('<domain>', 'the sending domain')
    .addHelpText(
      'after',
      examples('domain enable acme.example', 'domain enable acme.example --redis redis://127.0.0.1'),
    )
    .option('--no-check', 'do not ask the mail servers of the recipients of its rules')
    .option('--yes', 'do not ask whether to go on')
    .action((domain, options, command) =>
      withStore(command.optsWithGlobals(), (context) => switchByUser(context, domain, true, options)),
    )

  group
    .command('disable')
    .description('switch message rules off for a domain: its rules stay, but are inactive')
    .argument('<domain>', 'the sending domain')
    .addHelpText('after', examples('domain disable acme.example'))
    .action((domain, _options, command) =>
      withStore(command.optsWithGlobals(), (context) => switchByUser(context, domain, false)),
    )

  group
    .command('set')
    .description(
      'say whom the senders of a domain can ask about a bounce; bounces and notices of delay name it',
    )
    .argument('<domain>', 'the sending domain')
    .option('--contact <text>', 'whom to ask: an address, a URL, or a short text')
    .option('--no-contact', 'nobody in particular')
    .option('--link <url>', 'where they can read more, such as your page about encrypted mail: https only')
    .option('--no-link', 'no link')
    .option(
      '--language <language>',
      `of what they get: ${LANGUAGES.join(', ')}; English stands below the others`,
    )
    .option('--no-language', "the server's language ([failure] language)")
    .addHelpText(
      'after',
      examples(
        'domain set acme.example --contact helpdesk@acme.example',
        'domain set acme.example --link https://acme.example/encrypted-mail',
        'domain set acme.example --language de',
        'domain set acme.example --no-contact --no-link',
      ),
    )
    .action((domain, options, command) =>
      withStore(command.optsWithGlobals(), (context) => setHelpByUser(context, domain, options)),
    )

  group
    .command('remove')
    .description(
      'remove a domain with its rules and those of its senders; asks first, and needs --yes without a terminal; ' +
        'the history in the console takes it back in one step',
    )
    .argument('<domain>', 'the sending domain')
    .option('--yes', 'do not ask')
    .addHelpText('after', examples('domain remove acme.example', 'domain remove acme.example --yes'))
    .action((domain, options, command) =>
      withStore(command.optsWithGlobals(), (context) => removeByUser(context, domain, options.yes === true)),
    )

  group
    .command('list')
    .description('list all domains that have a switch or rules')
    .addHelpText('after', examples('domain list', 'domain list --json'))
    .action((_options, command) => withStore(command.optsWithGlobals(), listDomains))
}

async function switchByUser(
  context: Context,
  text: string,
  enabled: boolean,
  options: BeforeChangeOptions = {},
): Promise<void> {
  const { store, output } = context
  const { domain, known } = await domainMeant(context, text)
  if (enabled && isServiceOn(known.get(domain) ?? null) !== true) {
    const switched = [namedChange('domains', domain, null, JSON.stringify({ enabled }))]
    const question = ({ rules }: Impact): string =>
      `Switch on message rules for ${domain}, and with it ${numbered(rules.length, 'rule')}?`
    await beforeChange(context, switched, question, options)
  }
  const changed = await setService(context, domain, enabled)
  output.data({ domain, enabled })
  const already = changed ? '' : 'already '
  if (output.json) return
  output.line(`Message rules are ${already}switched ${enabled ? 'on' : 'off'} for ${domain}.`)
  const rules = await rulesSwitched(store, domain)
  if (enabled && rules.length === 0) output.line('No rule of the domain or of its senders is on.')
  else if (enabled) await showEffects(context, rules)
  else if (rules.length > 0)
    output.line(`Inactive now: ${numbered(rules.length, 'rule')} of the domain and of its senders.`)
}

async function listDomains({ store, output }: Context): Promise<void> {
  const [services, owners] = await Promise.all([store.services(), store.owners()])
  const problems: string[] = []
  const rows = new Map<string, { enabled: boolean; rules: number } & Partial<SenderHelp>>()

  for (const [domain, json] of services) {
    const problem = serviceProblem(domain, json)
    const wrong = problem === null ? helpProblems(json) : [problem]
    for (const each of wrong)
      problems.push(`${store.placeOf({ key: 'domains', owner: domain, field: domain })}: ${each}`)
    if (problem !== null) continue
    const { contact, link, language } = readSenderHelp(json).help
    rows.set(domain, {
      enabled: isServiceOn(json) === true,
      rules: 0,
      ...(contact === null ? {} : { contact }),
      ...(link === null ? {} : { link }),
      ...(language === null ? {} : { language }),
    })
  }
  const known = owners.filter((owner) => {
    const problem = ownerProblem(owner)
    if (problem !== null) problems.push(problem)
    return problem === null
  })
  const { entries, problems: unread } = await readReadable(store, known)
  problems.push(...unread)
  for (const { owner, rules } of entries) {
    const domain = serviceDomainOf(owner)
    if (domain === null) continue
    const row = rows.get(domain) ?? { enabled: false, rules: 0 }
    rows.set(domain, { ...row, rules: row.rules + rules.size })
  }

  const domains = [...rows]
    .map(([domain, row]) => ({ domain, ...row }))
    .sort((a, b) => (a.domain < b.domain ? -1 : 1))
  output.data(domains)
  const hasHelp = domains.some(({ contact, link }) => contact ?? link)
  const hasLanguage = domains.some(({ language }) => language)
  if (domains.length === 0) output.line('No domain has rules, or message rules switched on or off.')
  else
    output.table(
      [
        'domain',
        'message rules',
        'rules',
        ...(hasHelp ? ['senders can ask'] : []),
        ...(hasLanguage ? ['bounces in'] : []),
      ],
      domains.map(({ domain, enabled, rules, contact, link, language }) => [
        domain,
        enabled ? 'on' : 'off',
        String(rules),
        ...(hasHelp ? [[contact, link].filter((each) => each !== undefined && each !== null)] : []),
        ...(hasLanguage ? [language ? languageName(language) : ''] : []),
      ]),
    )
  const [first, ...rest] = problems
  if (first !== undefined) throw new Refusal([first, ...rest])
}
