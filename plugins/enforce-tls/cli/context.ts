/**
 * What every command of the program shares: the options before or after the subcommand, the opened store,
 * and the output. The store is closed whatever happens.
 */
import { Command, Option } from '@commander-js/extra-typings'
import type { Settings } from '../settings.js'
import { openStore } from '../store/open-store.js'
import { StoreError, type EntryChange, type RuleStore } from '../store/rule-store.js'
import { authorOf } from './author.js'
import { Output, type Terminal } from './output.js'
import { chooseStore, commandLine, type StoreOptions } from './store-option.js'

/** The options of every command. */
export interface SharedOptions extends StoreOptions {
  readonly json?: true | undefined
  readonly as?: string | undefined
}

/** The reading half of a store: a command writes through its context, which records who did it. */
export type ReadStore = Omit<RuleStore, 'writeAll' | 'writeRules' | 'writeService' | 'close'>

/** What a command works with. */
export interface Context {
  readonly store: ReadStore
  /** Writes entries, all or none, into the history as well; as `RuleStore.writeAll`. */
  readonly write: (changes: readonly EntryChange[]) => Promise<void>
  /** Settings of the chosen Haraka folder, or the defaults beside `--redis` and `--file`. */
  readonly settings: Settings
  readonly output: Output
  /** A command line of this program on the same store, to be shown to the user. */
  readonly command: (...words: readonly string[]) => string
}

/** The program without its commands. */
export function createRoot() {
  return new Command('enforce-tls')
    .description('Message rules: which mail must travel over TLS.')
    .addOption(
      new Option(
        '--redis <url>',
        'work on the rules in this Redis (redis://, redis+sentinel://, redis+cluster://; rediss for TLS)',
      ).conflicts(['file', 'config']),
    )
    .addOption(
      new Option('--prefix <prefix>', 'with --redis: what every key begins with (default: enforce-tls:)'),
    )
    .addOption(
      new Option('--file <rules file>', 'work on the rules in this file').conflicts(['redis', 'config']),
    )
    .addOption(
      new Option(
        '--config <haraka folder>',
        'work on the rules that the Haraka in this folder uses (default: the current folder)',
      ).conflicts(['redis', 'file']),
    )
    .option('--json', 'print data only')
    .option('--as <who>', 'who makes a change, for the history (default: ENFORCE_TLS_USER, or user@host)')
}

/** The program that command groups add themselves to. */
export type Root = ReturnType<typeof createRoot>

/** Runs a command's work on the store that its options choose. */
export type WithStore = (options: SharedOptions, work: (context: Context) => Promise<void>) => Promise<void>

/** Makes the `WithStore` of a terminal. */
export function storeRunner(terminal: Terminal): WithStore {
  return async (options, work) => {
    const by = authorOf(options.as, terminal.env)
    const { settings, words } = chooseStore(options, terminal.cwd())
    const store = openStore(settings)
    try {
      const output = new Output(terminal, options.json === true)
      await work({
        store,
        settings,
        output,
        write: (changes) => store.writeAll(changes, { by }),
        command: (...given) => commandLine(...given, ...words),
      })
    } finally {
      await store.close()
    }
  }
}

const TRIES = 6

/**
 * Repeats work that reads, decides and writes while somebody else changes the same entry.
 *
 * @throws {StoreError} `STORE_CONFLICT` when that does not end.
 */
export async function retryConflicts<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'STORE_CONFLICT' || tries === TRIES) throw error
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 20 * tries))
    }
  }
}

/** Help text with examples, for `addHelpText('after', …)`. */
export function examples(...lines: readonly string[]): string {
  return ['', 'Examples:', ...lines.map((line) => `  $ enforce-tls ${line}`)].join('\n')
}
