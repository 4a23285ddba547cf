/** `enforce-tls suggest`: rules for partners whose servers have fulfilled a level for a while, made with one command. */
import { openPartnerFacts } from '../store/open-store.js'
import type { PartnerFacts } from '../store/partner-facts.js'
import { comparableDomain } from '../rules/address.js'
import { groupNameProblem } from '../rules/group-name.js'
import { acceptAsGroup, acceptEach, commonLevel, dismiss } from '../suggest/accept.js'
import { dayOf, formatIncoming, formatNeeded, sentencesOf } from '../suggest/format-suggestion.js'
import { suggestionData } from '../suggest/suggestion-data.js'
import { readSuggestions, type Suggestion, type Suggestions } from '../suggest/suggestions.js'
import { listed, numbered } from '../text/list.js'
import { quote } from '../text/quote.js'
import { examples, type Context, type Root, type WithStore } from './context.js'
import { Refusal, WrongUse } from './refusal.js'
import { ownerOf } from './rule-entries.js'

const OWNER = ['--owner <domain>', 'only for mail of this sending domain'] as const

interface OwnerOption {
  readonly owner?: string | undefined
}

/** Adds the `suggest` group to the program. */
export function addSuggestCommands(program: Root, withStore: WithStore): void {
  const suggest = program
    .command('suggest')
    .description(
      'rules that partners would fulfil, by what Haraka saw of mail that no rule covers ([suggest] enabled)',
    )
    .addHelpText('after', examples('suggest', 'suggest accept bank.example clinic.example'))

  suggest
    .command('list', { isDefault: true })
    .description('list what is suggested, most deliveries first')
    .option(...OWNER)
    .addHelpText('after', examples('suggest', 'suggest list --owner acme.example --json'))
    .action((options, command) =>
      withStore(command.optsWithGlobals(), (context) =>
        withFacts(context, (facts) => list(context, facts, options)),
      ),
    )

  suggest
    .command('show')
    .description('show what was seen of a partner, and the rule that is suggested for it')
    .argument('<partner>', "the partner's domain")
    .option(...OWNER)
    .addHelpText('after', examples('suggest show bank.example'))
    .action((partner, options, command) =>
      withStore(command.optsWithGlobals(), (context) =>
        withFacts(context, (facts) => show(context, facts, partner, options)),
      ),
    )

  suggest
    .command('accept')
    .description(
      'make the rule that is suggested, in mode report: it changes no delivery until you let it enforce',
    )
    .argument('<partner...>', "the partners' domains")
    .option(...OWNER)
    .option('--group <name>', 'one rule for all of them, about a new group of this name')
    .addHelpText(
      'after',
      examples(
        'suggest accept bank.example',
        'suggest accept bank.example clinic.example --owner acme.example --group partners',
      ),
    )
    .action((partners, options, command) =>
      withStore(command.optsWithGlobals(), (context) =>
        withFacts(context, (facts) => accept(context, facts, partners, options)),
      ),
    )

  suggest
    .command('dismiss')
    .description('suggest no rule for these partners any more, unless they fulfil a stricter level')
    .argument('<partner...>', "the partners' domains")
    .option(...OWNER)
    .addHelpText('after', examples('suggest dismiss newsletter.example'))
    .action((partners, options, command) =>
      withStore(command.optsWithGlobals(), (context) =>
        withFacts(context, (facts) => dismissAll(context, facts, partners, options)),
      ),
    )
}

async function withFacts(
  { settings }: Pick<Context, 'settings'>,
  work: (facts: PartnerFacts) => Promise<void>,
): Promise<void> {
  const facts = openPartnerFacts(settings)
  try {
    await work(facts)
  } finally {
    await facts.close()
  }
}

function read(
  { store, settings }: Context,
  facts: PartnerFacts,
  { owner }: OwnerOption,
): Promise<Suggestions> {
  const only = owner === undefined ? null : ownerOf(owner)
  return readSuggestions({
    store,
    facts,
    settings: settings.suggest,
    accepts: (each) => only === null || each === only,
  })
}

async function list(context: Context, facts: PartnerFacts, options: OwnerOption): Promise<void> {
  const { output } = context
  const found = await read(context, facts, options)
  const { suggestions } = found
  output.data(suggestions.map(suggestionData))
  if (suggestions.length === 0) return explainEmptiness(context, found)
  output.table(
    ['partner', 'mail of', 'level', 'fulfilled by', 'would have bounced'],
    suggestions.map(({ partner, owner, level, record }) => {
      const { held, since, missed, judged } = record.levels[level]
      return [partner, owner, level, `last ${held}, since ${dayOf(since)}`, `${missed} of ${judged}`]
    }),
  )
  const hints = suggestions.flatMap(({ record }) => formatIncoming(record) ?? [])
  if (hints.length > 0)
    output.line('Mail came in from some of them, too; that is only a hint: see suggest show.')
  const [first] = suggestions
  if (first)
    output.line(
      `Make one a rule, in mode report, with: ${context.command('suggest', 'accept', first.partner)}`,
    )
}

function explainEmptiness({ output, settings, folder, command }: Context, { observed }: Suggestions): void {
  const { enabled, deliveries, period } = settings.suggest
  output.line('No suggestions.')
  if (folder !== null && !enabled && observed === 0)
    return output.line('Deliveries are not observed: set [suggest] enabled=true in config/enforce-tls.ini.')
  output.line(
    `${observed === 0 ? 'No observations are recorded: there were none, or they were lost with the store' : `${numbered(observed, 'partner')} observed`}. A partner is suggested once ${formatNeeded(deliveries, period)} a level, while no rule covers it and message rules are on for the sender's domain; list those domains with: ${command('domain', 'list')}`,
  )
}

async function show(
  context: Context,
  facts: PartnerFacts,
  partner: string,
  options: OwnerOption,
): Promise<void> {
  const { output } = context
  const { suggestions } = await read(context, facts, options)
  const wanted = suggestions.filter((each) => each.partner === comparableDomain(partner))
  output.data(wanted.map(suggestionData))
  if (wanted.length === 0) throw notSuggested(context, partner)
  for (const suggestion of wanted) {
    output.line(`${suggestion.partner}, for mail of ${suggestion.owner}: level ${suggestion.level}`)
    for (const sentence of sentencesOf(suggestion)) output.item(sentence)
  }
}

async function accept(
  context: Context,
  facts: PartnerFacts,
  partners: readonly string[],
  options: OwnerOption & { readonly group?: string | undefined },
): Promise<void> {
  const { output, store, command } = context
  const { group } = options
  const problem = group === undefined ? null : groupNameProblem(group)
  if (problem !== null) throw new WrongUse([`${quote(group ?? '')} ${problem}`])
  const chosen = await choose(context, facts, partners, options)
  if (group === undefined) {
    const made = await acceptEach(context, chosen)
    output.data(made)
    for (const { owner, id, rule } of made)
      output.line(`Created rule ${id} of ${owner}, in mode report: ${rule.name}`)
  } else {
    if ((await store.groups()).has(group))
      throw new Refusal(
        [
          `there is a group ${quote(group)} already, which rules may use; take another name, or add to it with:`,
        ],
        [command('group', 'set', group, '...')],
      )
    const owned = await acceptAsGroup(context, chosen, group)
    output.data([owned])
    output.line(
      `Created group ${group} of ${numbered(chosen.length, 'partner')}, and rule ${owned.id} of ${owned.owner}, in mode report, at level ${commonLevel(chosen)}`,
    )
  }
  output.line(
    "Nothing changes for mail: what a rule in mode report would have done is in enforce-tls report and in Haraka's log.",
  )
}

async function dismissAll(
  context: Context,
  facts: PartnerFacts,
  partners: readonly string[],
  options: OwnerOption,
): Promise<void> {
  const { output, by } = context
  const chosen = await choose(context, facts, partners, options)
  for (const suggestion of chosen) await dismiss(facts, suggestion, by)
  output.data(chosen.map(({ owner, partner }) => ({ owner, partner })))
  output.line(
    `No longer suggested: ${listed(
      chosen.map(({ partner }) => partner),
      20,
    )}`,
  )
}

/** One suggestion for each partner. @throws {Refusal} where there is none, or several. */
async function choose(
  context: Context,
  facts: PartnerFacts,
  partners: readonly string[],
  options: OwnerOption,
): Promise<readonly Suggestion[]> {
  const { suggestions } = await read(context, facts, options)
  const wanted = [...new Set(partners.map(comparableDomain))].map((partner) => {
    const [first, ...others] = suggestions.filter((each) => each.partner === partner)
    if (!first) throw notSuggested(context, partner)
    if (others.length > 0)
      throw new Refusal([
        `${partner} is suggested for mail of ${listed([first, ...others].map(({ owner }) => owner))}; choose one with --owner`,
      ])
    return first
  })
  const owners = new Set(wanted.map(({ owner }) => owner))
  if ('group' in options && options.group !== undefined && owners.size > 1)
    throw new Refusal([
      `these partners are suggested for mail of different domains (${listed([...owners])}); a rule is one domain's: choose it with --owner`,
    ])
  return wanted
}

function notSuggested({ command }: Context, partner: string): Refusal {
  return new Refusal([`no rule is suggested for ${quote(partner)}; the list is:`], [command('suggest')])
}
