/**
 * What every command of the program shares: the options before or after the subcommand, the opened store,
 * and the output. The store is closed whatever happens.
 */
import { Command, Option } from '@commander-js/extra-typings'
import type { Settings } from '../settings/types.js'
import type { DeliveryLog } from '../store/delivery-log.js'
import { openDeliveryLog, openSharedHashes, openStore } from '../store/open-store.js'
import type { SharedHashes } from '../store/shared-hashes.js'
import type { RuleStore } from '../store/rule-store.js'
import type { Confirmation } from '../admin/asked.js'
import { editorOf, type Editor } from '../admin/editor.js'
import { AdminProblem } from '../admin/problem.js'
import { refusalOf } from './admin-refusal.js'
import { authorOf } from './author.js'
import type { FileOwner } from '../haraka/user.js'
import { memoryIn } from './haraka-memory.js'
import { newFileOwner, newFiles, ownerOf } from './new-files.js'
import { Output, type Terminal } from './output.js'
import type { OpenPartners, Partners } from './partners.js'
import {
  chooseSettings,
  chooseStore,
  commandLine,
  type ChosenStore,
  type StoreOptions,
} from './store-option.js'

/** The options of every command. */
export interface SharedOptions extends StoreOptions {
  readonly json?: true | undefined
  readonly as?: string | undefined
}

/** What a command works with that needs no store. */
export interface Surroundings {
  /** Settings of the chosen Haraka folder, or the defaults beside `--redis` and `--file`. */
  readonly settings: Settings
  /** The Haraka folder that the settings are of; `null` beside `--redis` and `--file`. */
  readonly folder: string | null
  /** The delivery log beside the rules. */
  readonly deliveries: () => Pick<DeliveryLog, 'read' | 'begins' | 'readKey' | 'check' | 'description'>
  /** What waits, as all Haraka tell it through the store. */
  readonly waiting: () => SharedHashes
  /** Whom Haraka becomes once it listens; `null` where that is whoever starts it, or not known. */
  readonly harakaUser: () => FileOwner | null
  /** Whether the store is reached as Haraka reaches it, with the settings of its folder. */
  readonly asHaraka: boolean
  readonly output: Output
  /** A command line of this program on the same store, to be shown to the user. */
  readonly command: (...words: readonly string[]) => string
  /**
   * Opens the way to the mail servers of partners; it is closed with the command.
   *
   * @param dns address and port of the DNS server to ask
   */
  readonly partners: (dns?: string) => Promise<Partners>
}

/** What a command works with. */
export interface Context extends Surroundings, Editor {
  /** Sets the marker of the store; as `RuleStore.writeMarker`. */
  readonly writeMarker: RuleStore['writeMarker']
  /** Who makes changes. */
  readonly by: string
  /** Notes what the user said yes to: a change that would do something else is not written. */
  readonly confirm: (confirmation: Confirmation) => void
}

/** The program without its commands. */
export function createRoot() {
  return new Command('enforce-tls')
    .description(
      'Message rules: which mail must travel over TLS. Times are shown in UTC, and days in options are those of UTC.',
    )
    .addOption(
      new Option(
        '--redis <url>',
        'work on the rules in this Redis (redis://, redis+sentinel://, redis+cluster://; rediss for TLS); ' +
          'put a URL with a password into ENFORCE_TLS_REDIS, which the list of processes does not show',
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

/** Runs a command's work that needs no store. */
export type WithSettings = (
  options: SharedOptions,
  work: (surroundings: Surroundings) => Promise<void>,
) => Promise<void>

/** Makes the `WithStore` of a terminal. */
export function storeRunner(terminal: Terminal, openPartners: OpenPartners): WithStore {
  return async (options, work) => {
    const by = authorOf(options.as, terminal.env)
    const chosen = chooseStore(options, terminal)
    const files = newFiles(chosen)
    const store = openStore(chosen.settings, { newFileOwner: files.owner })
    try {
      let confirmed: Confirmation | null = null
      const editor = editorOf(store, by, memoryIn(chosen), () => confirmed)
      const confirm = (confirmation: Confirmation) => {
        confirmed = confirmation
      }
      const writeMarker: Context['writeMarker'] = (...marker) => store.writeMarker(...marker)
      await surround({ terminal, options, chosen, openPartners }, async (surroundings) => {
        const context = { ...surroundings, ...editor, writeMarker, by, confirm }
        try {
          await work(context)
        } catch (error) {
          throw error instanceof AdminProblem ? await refusalOf(context, error) : error
        } finally {
          files.print(surroundings.output)
        }
      })
    } finally {
      await store.close()
    }
  }
}

/** Makes the `WithSettings` of a terminal. */
export function settingsRunner(terminal: Terminal, openPartners: OpenPartners): WithSettings {
  return (options, work) => {
    const chosen = chooseSettings(options, terminal)
    return surround({ terminal, options, chosen, openPartners }, work)
  }
}

/** What surroundings are made of. */
interface Around {
  readonly terminal: Terminal
  readonly options: SharedOptions
  readonly chosen: ChosenStore
  readonly openPartners: OpenPartners
}

async function surround(
  { terminal, options, chosen, openPartners }: Around,
  work: (surroundings: Surroundings) => Promise<void>,
): Promise<void> {
  const { settings, folder, words } = chosen
  const opened: Partners[] = []
  let deliveries: DeliveryLog | undefined
  let waiting: SharedHashes | undefined
  try {
    await work({
      settings,
      folder,
      deliveries: () => (deliveries ??= openDeliveryLog(settings)),
      waiting: () =>
        (waiting ??= openSharedHashes(settings, { newFileOwner: newFileOwner({ settings, folder }) })),
      harakaUser: () => ownerOf({ settings, folder }),
      asHaraka: folder !== null,
      output: new Output(terminal, options.json === true),
      command: (...given) => commandLine(...given, ...words),
      partners: async (dns) => {
        const partners = await openPartners({ settings, folder, dns })
        opened.push(partners)
        return partners
      },
    })
  } finally {
    for (const partners of opened) partners.close()
    await deliveries?.close()
    await waiting?.close()
  }
}

/** Help text with examples, for `addHelpText('after', …)`. */
export function examples(...lines: readonly string[]): string {
  return ['', 'Examples:', ...lines.map((line) => `  $ enforce-tls ${line}`)].join('\n')
}
