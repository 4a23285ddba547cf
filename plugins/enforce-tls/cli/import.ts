/** `enforce-tls import`: a document of rules into the store, checked as a whole first, written as a whole. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileProblem } from '../store/file/errors.js'
import { DocumentProblem, parseDocument, type RulesDocument } from '../store/rules-document.js'
import { valueOf } from '../store/difference.js'
import { concernedRules, plannedImport } from '../admin/import.js'
import type { ImportStep } from '../admin/import-plan.js'
import { canAsk, isConfirmed } from './ask.js'
import { impactToAsk, sayKnown, type BeforeChangeOptions } from './before-change.js'
import { examples, type Context, type Root, type WithStore } from './context.js'
import { showEffects } from './effects.js'
import type { Output } from './output.js'
import { Refusal, WrongUse } from './refusal.js'
import { ownerOf } from './rule-entries.js'

/** What the user wrote behind `import`. */
interface ImportOptions extends BeforeChangeOptions {
  readonly owner?: string | undefined
  readonly dryRun?: true | undefined
  readonly merge?: true | undefined
  readonly replace?: true | undefined
}

const SIGNS = { add: '+', change: '~', remove: '-' } as const
/** How many problems of a document are told at once. */
const PROBLEMS_SHOWN = 20

/** Adds the `import` command to the program. */
export function addImportCommand(program: Root, withStore: WithStore): void {
  program
    .command('import')
    .description('write the rules, groups and switches of domains of a document, all or none')
    .argument('<file>', 'a document as export prints it; - is standard input')
    .option('--owner <owner>', 'only what belongs to this owner')
    .option('--dry-run', 'show what would change, and write nothing')
    .option('--merge', 'add and change, remove nothing (the default)')
    .option('--replace', 'also remove what the document does not have')
    .option('--no-check', 'do not ask the mail servers of the recipients of rules that come into force')
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
  const document = await readDocument(output, file)
  const { steps: plan, problems } = await plannedImport(store, { document, owner, replace })
  refuse(file, problems)
  show(output, plan)
  const changes = plan.map(({ change }) => change)
  const written = plan.length > 0 && options.dryRun !== true
  if (written) {
    await confirm(context, plan, file, options)
    await write(changes, document.store === null || owner !== undefined ? {} : { marker: document.store })
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
  if (plan.length === 0) output.line('Nothing to change: the store has all of that already.')
  else
    output.line(
      written ? `Imported: ${summary(plan)}.` : `Nothing was written; it would be: ${summary(plan)}.`,
    )
  if (written && !output.json) await showEffects(context, await concernedRules(store, changes))
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

/**
 * Says what is known of rules that come into force, and asks.
 *
 * @throws {Refusal} where the answer is not yes, or nobody can be asked about a removal.
 */
async function confirm(
  context: Context,
  plan: readonly ImportStep[],
  file: string,
  options: ImportOptions,
): Promise<void> {
  const { output } = context
  const asks = canAsk(output) && file !== '-'
  if (!options.yes && !asks && plan.some(({ action }) => action === 'remove'))
    throw new Refusal([
      `nothing was written: --replace removes what ${file} does not have (${summary(plan)}), and there is no terminal to ask on; --yes does it without a question`,
    ])
  const changes = plan.map(({ change }) => change)
  const impact = await impactToAsk(context, changes, asks ? options : { ...options, yes: true })
  if (impact.asks) await sayKnown(context, impact, options)
  if (options.yes || !asks || (await isConfirmed(output, `Write that (${summary(plan)})?`))) return
  throw new Refusal(['nothing was written'])
}

function summary(plan: readonly ImportStep[]): string {
  const count = (wanted: ImportStep['action']) => plan.filter(({ action }) => action === wanted).length
  return `${count('add')} added, ${count('change')} changed, ${count('remove')} removed`
}
