/** `enforce-tls group`: named lists of patterns, which rules refer to as `group:<name>`. */
import { groupProblem } from '../admin/entry-problems.js'
import { groupsOf } from '../admin/document-scope.js'
import { referringRules, usesByGroup, type ReferringRule } from '../admin/referring-rules.js'
import type { Impact } from '../admin/impact.js'
import { assertUnused, checkedGroup, deleteGroup, groupIn, setGroup } from '../admin/set-group.js'
import { groupWayOut } from '../rules/group.js'
import { EVERYONE } from '../rules/owner.js'
import { namedChange } from '../store/entry-change.js'
import { textDifferences, valueOf } from '../store/difference.js'
import { listed } from '../text/list.js'
import { quote } from '../text/quote.js'
import { confirmRemoval } from './ask.js'
import { beforeChange, type BeforeChangeOptions } from './before-change.js'
import { examples, type Context, type Root, type WithStore } from './context.js'
import { showEffects } from './effects.js'
import { Refusal } from './refusal.js'

const NAME = 'the name of the group; rules refer to it as group:<name>'
const PATTERNS = 'bank.example, .bank.example (its subdomains) or cfo@bank.example'

/** Adds the `group` group to the program. */
export function addGroupCommands(program: Root, withStore: WithStore): void {
  const group = program
    .command('group')
    .description('named lists of domains and addresses that rules refer to')
    .addHelpText('after', examples('group set banks bank.example .bank.example', 'group list'))

  group
    .command('set')
    .description('create a group of these patterns, or replace those that it has; takes effect at once')
    .argument('<group>', NAME)
    .argument('<pattern...>', PATTERNS)
    .option('--no-check', 'do not ask the mail servers of new members')
    .option('--yes', 'do not ask whether to go on')
    .addHelpText('after', examples('group set banks bank.example .bank.example cfo@partner.example'))
    .action((name, patterns, options, command) =>
      withStore(command.optsWithGlobals(), (context) => setByUser(context, name, patterns, options)),
    )

  group
    .command('show')
    .description('show the patterns of a group, and the rules that refer to it')
    .argument('<group>', NAME)
    .addHelpText('after', examples('group show banks', 'group show banks --json'))
    .action((name, _options, command) =>
      withStore(command.optsWithGlobals(), (context) => showGroup(context, name)),
    )

  group
    .command('list')
    .description('list all groups')
    .addHelpText('after', examples('group list', 'group list --json'))
    .action((_options, command) => withStore(command.optsWithGlobals(), listGroups))

  group
    .command('delete')
    .description('delete a group that no rule refers to; asks first, and needs --yes without a terminal')
    .argument('<group>', NAME)
    .option('--yes', 'do not ask')
    .addHelpText('after', examples('group delete banks', 'group delete banks --yes'))
    .action((name, options, command) =>
      withStore(command.optsWithGlobals(), (context) => deleteByUser(context, name, options.yes === true)),
    )
}

async function setByUser(
  context: Context,
  name: string,
  texts: readonly string[],
  options: BeforeChangeOptions,
): Promise<void> {
  const { store, output } = context
  const patterns = await checkedGroup(name, texts)
  const known = (await store.groups()).get(name) ?? null
  const changes = [namedChange('groups', name, known, JSON.stringify(patterns))]
  const question = ({ rules }: Impact): string => {
    const { length } = rules.filter(({ owned: { rule } }) => groupsOf(rule).includes(name))
    return `Change group ${name}, which ${length === 1 ? '1 rule that is on refers' : `${length} rules that are on refer`} to?`
  }
  const impact = await beforeChange(context, changes, question, options)
  const { before, after } = await setGroup(context, name, patterns)
  output.data({ group: name, patterns })
  if (before === after) {
    output.line(`Group ${name} is as it was: nothing was changed.`)
    return
  }
  output.line(before === null ? `Created group ${name}.` : `Changed group ${name}:`)
  if (before !== null) for (const difference of textDifferences(before, after)) output.item(difference)
  output.line(`Rules refer to it as group:${name}.`)
  if (before === null || output.json) return
  await showEffects(
    context,
    impact.rules.map(({ owned }) => owned),
  )
}

async function showGroup({ store, output }: Context, name: string): Promise<void> {
  const [groups, { rules, problems }] = await Promise.all([store.groups(), referringRules(store, name)])
  const json = groupIn(groups, name)
  const problem = groupProblem(name, json)
  if (problem !== null)
    throw new Refusal([
      `${store.placeOf({ key: 'groups', owner: EVERYONE, field: name })}: ${problem}${groupWayOut(name)}`,
    ])
  const patterns = valueOf(json) as string[]
  output.data({ group: name, patterns, rules })
  output.facts({ group: name, patterns, rules: rules.length > 0 ? rules.map(words) : 'none' })
  refuse(problems)
}

async function listGroups({ store, output }: Context): Promise<void> {
  const [groups, { rules, problems: unread }] = await Promise.all([
    store.groups(),
    referringRules(store, null),
  ])
  const used = usesByGroup(rules)
  const problems = [...unread]
  const rows = [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([group, json]) => {
      const problem = groupProblem(group, json)
      if (problem === null) {
        const patterns = valueOf(json) as string[]
        const { rules: number = 0, owners = [] } = used.get(group) ?? {}
        return [{ group, patterns, rules: number, owners: [...owners] }]
      }
      problems.push(
        `${store.placeOf({ key: 'groups', owner: EVERYONE, field: group })}: ${problem}${groupWayOut(group)}`,
      )
      return []
    })
  output.data(rows)
  if (rows.length > 0)
    output.table(
      ['group', 'patterns', 'rules', 'used by'],
      rows.map((row) => [row.group, listed(row.patterns), String(row.rules), listed(row.owners)]),
    )
  else if (problems.length === 0) output.line('There are no groups.')
  refuse(problems)
}

/** @throws {Refusal} where there are any. */
function refuse([first, ...rest]: readonly string[]): void {
  if (first !== undefined) throw new Refusal([first, ...rest])
}

async function deleteByUser(context: Context, name: string, yes: boolean): Promise<void> {
  const { store, output, command } = context
  groupIn(await store.groups(), name)
  await assertUnused(store, [name])
  await confirmRemoval(output, yes, {
    question: `Delete group ${name}?`,
    refused: `nothing deleted: group ${quote(name)} is still there`,
    command: command('group', 'delete', name, '--yes'),
  })
  const deleted = await deleteGroup(context, name)
  output.data({ group: name, patterns: valueOf(deleted) })
  output.line(`Deleted group ${name}.`)
}

function words({ owner, id }: ReferringRule): string {
  return `rule ${id} of ${owner}`
}
