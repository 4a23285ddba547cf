/**
 * The command line of `enforce-tls`: groups of commands, each in its own file, and one way to end. Returns
 * the exit code: 0 done, 1 refused or not found, 2 wrong use, 3 not known now. Never throws, never shows a stack trace.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { CommanderError, type CommandUnknownOpts } from '@commander-js/extra-typings'
import { PackageMissing } from '../settings/optional-package.js'
import { SettingsError } from '../settings/settings.js'
import { StoreError } from '../store/rule-store.js'
import { addConsoleCommand } from './console.js'
import { addCheckCommand } from './check.js'
import { refuseContradictions } from './contradictions.js'
import { createRoot, examples, settingsRunner, storeRunner } from './context.js'
import { addCompletionCommand, answerScript } from './completion.js'
import { addDomainCommands } from './domain.js'
import { addExplainCommand } from './explain.js'
import { addExportCommand } from './export.js'
import { addGroupCommands } from './group.js'
import { addHistoryCommand } from './history.js'
import { addInitCommand } from './init.js'
import { addImportCommand } from './import.js'
import { printError, type Terminal } from './output.js'
import { openOwnPartners, type OpenPartners } from './partners.js'
import { Ended, Refusal } from './refusal.js'
import { addQueueCommands } from './queue.js'
import { addReportCommand } from './report.js'
import { addRuleCommands } from './rule.js'
import { addStatusCommand } from './status.js'
import { addSuggestCommands } from './suggest.js'
import { addTraceCommand } from './trace.js'
import { addTokenCommands } from './token.js'
import { addUserCommands } from './user.js'
import { accountsRunner } from './account-context.js'
import { errorMessage } from '../text/error-message.js'

/** Set to see where an unexpected error comes from. */
const DEBUG = 'ENFORCE_TLS_DEBUG'

/**
 * Runs one command line.
 *
 * @param args the words behind the program's name
 * @param openPartners the way to the mail servers of partners
 * @returns the exit code.
 */
export async function run(
  args: readonly string[],
  terminal: Terminal,
  openPartners: OpenPartners = openOwnPartners,
): Promise<number> {
  try {
    const program = createProgram(terminal, openPartners)
    if (!(await answerScript(program, args, terminal))) await program.parseAsync(args, { from: 'user' })
    return 0
  } catch (error) {
    return explain(error, terminal)
  }
}

/** Says what went wrong, and gives the exit code for it. */
export function explain(error: unknown, terminal: Terminal): number {
  if (error instanceof Ended) return error.exitCode
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  if (terminal.env[DEBUG])
    terminal.stderr.write(`${error instanceof Error ? String(error.stack) : String(error)}\n`)
  if (error instanceof Refusal) {
    printError(terminal, error.sentences, error.commands)
    return error.exitCode
  }
  const message = errorMessage(error)
  const known = [StoreError, SettingsError, PackageMissing].some((kind) => error instanceof kind)
  printError(terminal, [known ? message : `unexpected: ${message} (with ${DEBUG}=1 it says where)`])
  return 1
}

function createProgram(terminal: Terminal, openPartners: OpenPartners) {
  const program = createRoot()
    .version(version(), '--version')
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
      outputError: (text, write) => {
        if (text.startsWith('error: ')) printError(terminal, [text.slice('error: '.length)])
        else write(text)
      },
    })
    .addHelpText(
      'after',
      examples(
        'domain enable acme.example',
        'rule create acme.example "Enforced TLS to First Bank" --to bank.example',
        'rule list acme.example',
      ),
    )
  const withStore = storeRunner(terminal, openPartners)
  addDomainCommands(program, withStore)
  addRuleCommands(program, withStore)
  addGroupCommands(program, withStore)
  addExplainCommand(program, withStore)
  addCheckCommand(program, { terminal, withStore, withSettings: settingsRunner(terminal, openPartners) })
  addExportCommand(program, withStore)
  addImportCommand(program, withStore)
  addHistoryCommand(program, withStore)
  addReportCommand(program, withStore)
  addTraceCommand(program, withStore)
  addQueueCommands(program, withStore)
  addSuggestCommands(program, withStore)
  addStatusCommand(program, withStore)
  addInitCommand(program, withStore)
  const withAccounts = accountsRunner(terminal)
  addUserCommands(program, withAccounts)
  addTokenCommands(program, withAccounts)
  addConsoleCommand(program, terminal)
  addCompletionCommand(program, terminal)
  pointToHelp(program, 'enforce-tls')
  refuseContradictions(program)
  return program
}

/** Makes every error of the command line end with where to read on. */
function pointToHelp(command: CommandUnknownOpts, name: string): void {
  command.showHelpAfterError(`  ${name} --help`)
  for (const child of command.commands) pointToHelp(child, `${name} ${child.name()}`)
}

function version(): string {
  const file = path.resolve(__dirname, '..', '..', '..', '..', 'package.json')
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}
