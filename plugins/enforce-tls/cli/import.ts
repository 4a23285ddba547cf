/** `enforce-tls import`: a document of rules into the store, checked as a whole first, written as a whole. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileProblem } from '../store/file/errors.js'
import { DocumentProblem, parseDocument, type RulesDocument } from '../store/rules-document.js'
import { canAsk, isConfirmed } from './ask.js'
import { examples, type Context, type Root, type WithStore } from './context.js'
import { valueOf } from '../store/difference.js'
import { groupsIn, partOf } from '../admin/document-scope.js'
import { documentProblems, planImport, sharedPositions, type ImportStep } from '../admin/import-plan.js'
import type { Output } from './output.js'
import { Refusal, WrongUse } from './refusal.js'
import { ownerOf } from './rule-entries.js'
import { readAll, readOwners } from '../admin/whole-store.js'
import { serviceDomainOf } from '../rules/owner.js'
import { showEffects } from './effects.js'

/** What the user wrote behind `import`. */
interface ImportOptions {
  readonly owner?: string | undefined
  readonly dryRun?: true | undefined
  readonly merge?: true | undefined
  readonly replace?: true | undefined
  readonly yes?: true | undefined
}

const SIGNS = { add: '+', change: '~', remove: '-' } as const
/** How many problems of a document are told at once. */
const PROBLEMS_SHOWN = 20

/** Adds the `import` command to the program. */
export function addImportCommand(program: Root, withStore: WithStore): void {
  program
    .command('import')
    .description('write the rules, services and groups of a document, all or none')
    .argument('<file>', 'a document as export prints it; - is standard input')
    .option('--owner <owner>', 'only what belongs to this owner')
    .option('--dry-run', 'show what would change, and write nothing')
    .option('--merge', 'add and change, remove nothing (the default)')
    .option('--replace', 'also remove what the document does not have')
    .option('--yes', 'do not ask')
    .addHelpText(
      'after',
      examples(
        'import rules.json --dry-run',
        'import rules.json --owner acme.example',
        'import backup.json --replace --yes',
        'import - < rules.json',
      ),
    )
    .action((file, options, command) =>
      withStore(command.optsWithGlobals(), (context) => importRules(context, file, options)),
    )
}

async function importRules(context: Context, file: string, options: ImportOptions): Promise<void> {
  const { store, write, output } = context
  if (options.merge && options.replace) throw new WrongUse(['--merge and --replace exclude each other'])
  const replace = options.replace === true
  const owner = options.owner === undefined ? undefined : ownerOf(options.owner)
  const wanted = partOf(await readDocument(output, file), owner)
  const all = await readAll(store)
  // Groups are everybody's: those that one owner no longer needs stay.
  const removes = { domains: replace, groups: replace && owner === undefined, rules: replace }
  refuse(file, documentProblems(wanted, new Map([...(removes.groups ? [] : all.groups), ...wanted.groups])))
  const held = partOf(all, owner)
  // A group of the document may be there although no rule of the owner refers to it yet.
  for (const group of wanted.groups.keys()) {
    const json = all.groups.get(group)
    if (json !== undefined) held.groups.set(group, json)
  }
  const plan = planImport(held, wanted, removes)
  refuse(file, sharedPositions(held, plan))
  show(output, plan)
  const written = plan.length > 0 && options.dryRun !== true
  if (written) {
    await confirm(output, plan, file, options)
    await write(
      plan.map(({ change }) => change),
      wanted.store === null ? {} : { marker: wanted.store },
    )
  }
  output.data({
    written,
    changes: plan.map(({ action, change: { key, owner: of, field, expected, value } }) => ({
      action,
      key,
      owner: of,
      field,
      from: valueOf(expected),
      to: valueOf(value),
    })),
  })
  if (plan.length === 0) output.line('The store holds all of that already: nothing to change.')
  else
    output.line(
      written ? `Imported: ${summary(plan)}.` : `Nothing was written; it would be: ${summary(plan)}.`,
    )
  if (written && !output.json) await showEffects(context, await concernedBy(context, plan))
}

/** The rules that were written, and those that refer to a group that was, or whose service was switched. */
async function concernedBy(
  { store }: Context,
  plan: readonly ImportStep[],
): Promise<readonly { readonly owner: string; readonly id: string }[]> {
  const concerned = new Map<string, { readonly owner: string; readonly id: string }>()
  const add = (owner: string, id: string) => concerned.set(JSON.stringify([owner, id]), { owner, id })
  const switched = new Set<string>()
  const groups = new Set<string>()
  for (const { change } of plan) {
    if (change.key === 'domains') switched.add(change.field)
    else if (change.key === 'groups') groups.add(change.field)
    else if (change.value !== null) add(change.owner, change.field)
  }
  if (switched.size === 0 && groups.size === 0) return [...concerned.values()]
  for (const { owner, rules } of await readOwners(store, await store.owners())) {
    const all = switched.has(serviceDomainOf(owner) ?? '')
    for (const [id, json] of rules)
      if (all || groupsIn(json).some((group) => groups.has(group))) add(owner, id)
  }
  return [...concerned.values()]
}

async function readDocument({ terminal }: Output, file: string): Promise<RulesDocument> {
  try {
    const text =
      file === '-'
        ? await readAllOf(terminal.stdin)
        : await readFile(path.resolve(terminal.cwd(), file), 'utf8')
    return parseDocument(text)
  } catch (error) {
    if (error instanceof DocumentProblem)
      throw new Refusal([`${file}: ${error.message}; nothing was written`])
    throw new Refusal([`${file} ${fileProblem(error)}`])
  }
}

async function readAllOf(stream: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString('utf8')
}

function refuse(file: string, problems: readonly string[]): void {
  const [first, ...rest] = problems.slice(0, PROBLEMS_SHOWN).map((problem) => `${file}: ${problem}`)
  if (first === undefined) return
  const left = problems.length - PROBLEMS_SHOWN
  throw new Refusal([first, ...rest, ...(left > 0 ? [`and ${left} more`] : []), 'nothing was written'])
}

function show(output: Output, plan: readonly ImportStep[]): void {
  let heading = ''
  for (const { action, change, label, differences } of plan) {
    const next = change.key === 'rules' ? change.owner : change.key
    if (next !== heading) output.line(`${next}:`)
    heading = next
    output.item(`${SIGNS[action]} ${label}`)
    for (const difference of differences) output.item(difference, 3)
  }
}

/** @throws {Refusal} where the answer is not yes, or nobody can be asked about a removal. */
async function confirm(
  output: Output,
  plan: readonly ImportStep[],
  file: string,
  { yes }: ImportOptions,
): Promise<void> {
  if (yes) return
  const removes = plan.some(({ action }) => action === 'remove')
  if (canAsk(output) && file !== '-') {
    if (await isConfirmed(output, `Write that (${summary(plan)})?`)) return
    throw new Refusal(['nothing was written'])
  }
  if (removes)
    throw new Refusal([
      `nothing was written: --replace removes what ${file} does not have (${summary(plan)}), and nobody can be asked here; --yes does it without a question`,
    ])
}

function summary(plan: readonly ImportStep[]): string {
  const count = (wanted: ImportStep['action']) => plan.filter(({ action }) => action === wanted).length
  return `${count('add')} added, ${count('change')} changed, ${count('remove')} removed`
}
