/** `enforce-tls export`: all rules, services and groups, or those of one owner, as the document of a rules file. */
import { Groups } from '../rules/group.js'
import { parseJson } from '../rules/json.js'
import { EVERYONE } from '../rules/owner.js'
import { jsonProblem } from '../store/json-problem.js'
import { formatDocument, type RulesDocument } from '../store/rules-document.js'
import { examples, type Context, type Root, type WithStore } from './context.js'
import { canonical } from '../admin/canonical.js'
import { partOf } from '../admin/document-scope.js'
import { groupProblem, ownerProblem, ruleProblem, serviceProblem } from '../admin/entry-problems.js'
import { ownerHint } from './hints.js'
import { printWarning } from './output.js'
import { Refusal } from './refusal.js'
import { ownerOf } from './rule-entries.js'
import { readAll } from '../admin/whole-store.js'

/** Adds the `export` command to the program. */
export function addExportCommand(program: Root, withStore: WithStore): void {
  program
    .command('export')
    .description('print all rules, services and groups as one JSON document, which import and --file take')
    .argument('[owner]', 'only what belongs to this owner')
    .addHelpText(
      'after',
      examples(
        'export > rules.json',
        'export acme.example',
        'export --redis redis://127.0.0.1 > backup.json',
      ),
    )
    .action((owner, _options, command) =>
      withStore(command.optsWithGlobals(), (context) =>
        exportRules(context, owner === undefined ? undefined : ownerOf(owner)),
      ),
    )
}

/**
 * Prints the document. What can't stand in one is left out; that, and what is in it and not valid, is told.
 *
 * @throws {Refusal} after the document, where anything is not valid.
 */
async function exportRules({ store, output }: Context, owner: string | undefined): Promise<void> {
  const hint = owner === undefined ? '' : await ownerHint(store, owner)
  if (hint !== '') printWarning(output.terminal, `nothing is known of ${owner}${hint}`)
  const held = await readAll(store)
  const groups = new Groups(new Map(held.groups))
  const all = partOf(held, owner)
  const problems: string[] = []
  const leftOut = new Set<Map<string, string>>()
  const check = (
    entries: Map<string, string>,
    key: 'domains' | 'groups' | 'rules',
    of: string | null,
    problemOf: (name: string, json: string) => string | null,
  ): void => {
    for (const [field, json] of entries) {
      const broken = jsonProblem(json)
      const problem = broken ? `is left out, it ${broken.problem}` : problemOf(field, json)
      if (problem !== null)
        problems.push(
          `${store.placeOf({ key, owner: of ?? (key === 'groups' ? EVERYONE : field), field })}: ${problem}`,
        )
      if (broken) entries.delete(field)
      else entries.set(field, canonical(key, json))
    }
  }
  check(all.domains, 'domains', null, serviceProblem)
  check(all.groups, 'groups', null, groupProblem)
  for (const [name, rules] of all.rules) {
    const problem = ownerProblem(name)
    if (problem !== null) {
      problems.push(`${problem}; its rules are left out`)
      leftOut.add(rules)
    } else check(rules, 'rules', name, (id, json) => ruleProblem(name, id, json, groups))
  }
  const rules = [...all.rules].filter(([, ofOwner]) => !leftOut.has(ofOwner))
  const inOrder = rules.map(([name, ofOwner]) => [name, ordered(ofOwner)] as const)
  output.raw(formatDocument({ ...all, rules: new Map(inOrder) } satisfies RulesDocument))
  const [first, ...rest] = problems
  if (first !== undefined) throw new Refusal([first, ...rest])
}

/** Rules in the order in which they decide; what has no position comes last. */
function ordered(rules: ReadonlyMap<string, string>): Map<string, string> {
  const position = (json: string): number => {
    const rule = parseJson(json) as { position?: unknown } | null
    return typeof rule?.position === 'number' ? rule.position : Infinity
  }
  return new Map(
    [...rules].sort(([a, x], [b, y]) => Math.sign(position(x) - position(y)) || (a < b ? -1 : 1)),
  )
}
