/** `enforce-tls group`: named lists of patterns, which rules refer to as `group:<name>`. */
import { listed } from '../text/list.js'
import { checkGroup, formatGroupProblem, groupWayOut } from '../rules/group.js'
import { groupNameProblem } from '../rules/group-name.js'
import { EVERYONE } from '../rules/owner.js'
import { quote } from '../text/quote.js'
import { namedChange } from '../store/entry-change.js'
import { confirmRemoval } from './ask.js'
import { examples, retryConflicts, type Context, type Root, type WithStore } from './context.js'
import { textDifferences, valueOf } from '../store/difference.js'
import { groupProblem } from '../admin/entry-problems.js'
import { referringRules, type ReferringRule } from '../admin/referring-rules.js'
import { beforeGroupChange, membersOf, type BeforeChangeOptions } from './before-change.js'
import { newPatterns } from '../admin/risky-change.js'
import { readOwners } from '../admin/whole-store.js'
import type { OwnedRule } from '../rules/owner-entries.js'
import { parseRule } from '../rules/check-rule.js'
import { showEffects } from './effects.js'
import { Refusal } from './refusal.js'
import { noGroup } from './no-group.js'
import { atOnce } from '../work/pieces.js'

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
    .description('make a group of these patterns, in place of those that it has; a change holds at once')
    .argument('<group>', NAME)
    .argument('<pattern...>', PATTERNS)
    .option('--no-check', 'do not ask the mail servers of those that come in')
    .option('--yes', 'do not ask whether to go on')
    .addHelpText('after', examples('group set banks bank.example .bank.example cfo@partner.example'))
    .action((name, patterns, options, command) =>
      withStore(command.optsWithGlobals(), (context) => setGroup(context, name, patterns, options)),
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
    .description('delete a group that no rule refers to; it asks first, off a terminal it wants --yes')
    .argument('<group>', NAME)
    .option('--yes', 'do not ask')
    .addHelpText('after', examples('group delete banks', 'group delete banks --yes'))
    .action((name, options, command) =>
      withStore(command.optsWithGlobals(), (context) => deleteGroup(context, name, options.yes === true)),
    )
}

async function setGroup(
  context: Context,
  name: string,
  texts: readonly string[],
  options: BeforeChangeOptions,
): Promise<void> {
  const { store, write, output } = context
  const problem = groupNameProblem(name)
  if (problem !== null) throw new Refusal([`group ${quote(name)} ${problem}`])
  const checked = atOnce(checkGroup(texts))
  if ('problem' in checked) {
    const told = checked.suggestion ?? /expected|write /.exec(checked.problem)
    const expectation = told ? '' : `; expected: ${PATTERNS}`
    throw new Refusal([`pattern ${formatGroupProblem({ ...checked, value: '' })}${expectation}`])
  }
  const value = JSON.stringify(checked.patterns)
  const groups = await store.groups()
  const added = newPatterns(membersOf(groups, name), checked.patterns)
  if (groups.has(name) && added.length > 0)
    await beforeGroupChange(context, name, added, await ownedRulesFor(context, name), options)
  const before = await retryConflicts(async () => {
    const expected = (await store.groups()).get(name) ?? null
    if (expected !== value) await write([namedChange('groups', name, expected, value)])
    return expected
  })
  output.data({ group: name, patterns: checked.patterns })
  if (before === value) output.line(`Group ${name} is as it was: nothing was changed.`)
  else {
    output.line(before === null ? `Created group ${name}.` : `Changed group ${name}:`)
    if (before !== null) for (const difference of textDifferences(before, value)) output.item(difference)
    output.line(`Rules refer to it as group:${name}.`)
    if (before !== null && !output.json) await showEffects(context, (await referringRules(store, name)).rules)
  }
}

/** The valid rules that refer to a group. */
async function ownedRulesFor({ store }: Context, name: string): Promise<readonly OwnedRule[]> {
  const { rules } = await referringRules(store, name)
  const owners = await readOwners(store, [...new Set(rules.map(({ owner }) => owner))])
  return owners.flatMap((entries) =>
    rules.flatMap(({ owner, id }) => {
      const checked = atOnce(parseRule(owner === entries.owner ? (entries.rules.get(id) ?? '') : ''))
      return 'rule' in checked ? [{ owner, id, rule: checked.rule }] : []
    }),
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
  output.facts({ group: name, patterns, rules: rules.length > 0 ? rules.map(words) : 'none refers to it' })
  refuse(problems)
}

async function listGroups({ store, output }: Context): Promise<void> {
  const [groups, { rules, problems: unread }] = await Promise.all([
    store.groups(),
    referringRules(store, null),
  ])
  const used = new Map<string, number>()
  for (const rule of rules)
    for (const group of new Set(rule.groups)) used.set(group, (used.get(group) ?? 0) + 1)
  const problems = [...unread]
  const rows = [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([group, json]) => {
      const problem = groupProblem(group, json)
      if (problem === null) {
        const patterns = valueOf(json) as string[]
        return [{ group, patterns, rules: used.get(group) ?? 0 }]
      }
      problems.push(
        `${store.placeOf({ key: 'groups', owner: EVERYONE, field: group })}: ${problem}${groupWayOut(group)}`,
      )
      return []
    })
  output.data(rows)
  if (rows.length > 0)
    output.table(
      ['group', 'patterns', 'rules'],
      rows.map((row) => [row.group, listed(row.patterns), String(row.rules)]),
    )
  else if (problems.length === 0) output.line('There are no groups.')
  refuse(problems)
}

/** @throws {Refusal} where there are any. */
function refuse([first, ...rest]: readonly string[]): void {
  if (first !== undefined) throw new Refusal([first, ...rest])
}

async function deleteGroup(
  { store, write, output, command }: Context,
  name: string,
  yes: boolean,
): Promise<void> {
  groupIn(await store.groups(), name)
  const { rules, problems } = await referringRules(store, name)
  const [unread] = problems
  if (unread !== undefined)
    throw new Refusal([
      `group ${quote(name)} is not deleted, because it is unknown whether rules refer to it: ${unread}`,
    ])
  const [first, ...rest] = rules.map((rule) => `  ${words(rule)}`)
  if (first !== undefined)
    throw new Refusal([
      `group ${quote(name)} is not deleted: rules refer to it, and their owners' mail would wait; change or delete first:`,
      first,
      ...rest,
    ])
  await confirmRemoval(output, yes, {
    question: `Delete group ${name}?`,
    refused: `nothing deleted: group ${quote(name)} is still there`,
    command: command('group', 'delete', name, '--yes'),
  })
  const deleted = await retryConflicts(async () => {
    const json = groupIn(await store.groups(), name)
    await write([namedChange('groups', name, json, null)])
    return json
  })
  output.data({ group: name, patterns: valueOf(deleted) })
  output.line(`Deleted group ${name}.`)
}

/** @throws {Refusal} when there is no such group; it names those that there are. */
function groupIn(groups: ReadonlyMap<string, string>, name: string): string {
  const json = groups.get(name)
  if (json !== undefined) return json
  throw noGroup(groups, name)
}

function words({ owner, id }: ReferringRule): string {
  return `rule ${id} of ${owner}`
}
