/**
 * The other plugins in Haraka's hooks `queue` and `queue_outbound`: who could send a message in its own way, and how
 * they are held back while it is not known whether they may have it.
 *
 * Held back is the list that Haraka is about to run, not a list of names: a name can be an alias, can change, and
 * `skip_plugins` would also leave a plugin out of all later hooks (DKIM signs in one of them).
 */
import path from 'node:path'
import type { HarakaConnection, HarakaPlugin, HarakaPlugins, HookCall, LoadedPlugin } from './types.js'

/** What is known of a plugin by its source. */
type Known =
  /** Sends nothing: observes, or keeps or drops a message that another plugin marked for it. */
  | 'sends-nothing'
  /** Takes what comes to it, into Haraka's outbound queue or a file of this machine. */
  | 'takes-all'

/** Haraka's own, from its folder `plugins`, and packages `haraka-plugin-<name>`. All others may send. */
const KNOWN: Readonly<Record<string, Known>> = {
  'queue/discard': 'sends-nothing',
  'queue/quarantine': 'sends-nothing',
  'queue/deliver': 'takes-all',
  'queue/lmtp': 'takes-all',
  'queue/test': 'takes-all',
  block_me: 'sends-nothing',
  tarpit: 'sends-nothing',
  dkim: 'sends-nothing',
  karma: 'sends-nothing',
  'qmail-deliverable': 'sends-nothing',
}

/** Whether a name of `config/plugins` is one that sends nothing by itself, if it is the plugin known by it. */
export function isKnownByName(name: string): boolean {
  return Object.hasOwn(KNOWN, name)
}

/** The plugins in a hook that may send a message in their own way, each once. */
export function sendersIn(plugin: HarakaPlugin, hook: string): string[] {
  const { registered_hooks, registered_plugins } = registryOf(plugin)
  const names = (registered_hooks[hook] ?? []).flatMap((entry) => {
    const other = registered_plugins[entry.plugin]
    return entry.plugin === plugin.name || !other || knownOf(plugin, other) !== null ? [] : [entry.plugin]
  })
  return [...new Set(names)]
}

/** Hooks of one message, held back. Made before anything is looked up, so that nobody can answer first. */
export class HeldHooks {
  /** The plugins that may send, as they are called. */
  readonly senders: readonly string[]
  /** Whether a plugin that is left takes the message, into Haraka's outbound queue or a file. */
  readonly isTaken: boolean
  readonly #connection: HarakaConnection
  readonly #call: unknown
  readonly #all: HookCall[]
  readonly #left: HookCall[]

  /** Holds those back that may send; `null`, and nothing changed, where there are none. */
  static hold(plugin: HarakaPlugin, connection: HarakaConnection): HeldHooks | null {
    const isSender = ([other]: HookCall) => other.name !== plugin.name && knownOf(plugin, other) === null
    return connection.hooks_to_run.some(isSender) ? new HeldHooks(plugin, connection, isSender) : null
  }

  private constructor(
    plugin: HarakaPlugin,
    connection: HarakaConnection,
    isSender: (call: HookCall) => boolean,
  ) {
    const all = connection.hooks_to_run
    const first = all.findIndex(isSender)
    const wanted = connection.transaction?.notes.get('queue.wants')
    const takes = ([other]: HookCall) => knownOf(plugin, other) === 'takes-all'
    const isWanted = ([other]: HookCall) => other.name === `queue/${String(wanted)}`
    this.#connection = connection
    this.#call = connection.current_hook
    this.#all = all
    // One that takes all comes to its turn only where it stood before those that may send, or was asked for.
    this.#left = all.filter(
      (call, index) => !isSender(call) && (!takes(call) || index < first || isWanted(call)),
    )
    this.senders = [...new Set(all.filter(isSender).map(([{ name }]) => name))]
    this.isTaken = this.#left.some((call) => takes(call) && (!wanted || isWanted(call)))
    connection.hooks_to_run = this.#left
  }

  /** Whether Haraka still waits for this hook: the client is there, and no time has run out. */
  get isAwaited(): boolean {
    const { transaction, current_hook, hooks_to_run } = this.#connection
    return Boolean(transaction) && current_hook === this.#call && hooks_to_run === this.#left
  }

  /** All may have the message, as if nobody had been held back. */
  release(): void {
    if (this.isAwaited) this.#connection.hooks_to_run = this.#all
  }

  /** Nobody else is asked. */
  dismiss(): void {
    if (this.isAwaited) this.#connection.hooks_to_run = []
  }
}

/** `null` for a plugin that may send; a plugin of the operator's own with a known name is not the known one. */
function knownOf(plugin: HarakaPlugin, { name, plugin_path: file }: LoadedPlugin): Known | null {
  const known = Object.hasOwn(KNOWN, name) ? KNOWN[name] : undefined
  if (known === undefined || file === undefined) return null
  const isPackage = file.endsWith(path.join(path.sep, `haraka-plugin-${name}`, 'package.json'))
  const isBundled = file === path.join(harakaFolder(plugin) ?? '', 'plugins', `${name}.js`)
  return isPackage || isBundled ? known : null
}

const folders = new WeakMap<object, string | null>()

/** Where Haraka's own code is: the folder of its module `plugins`. */
function harakaFolder(plugin: HarakaPlugin): string | null {
  const registry = registryOf(plugin)
  let folder = folders.get(registry)
  if (folder === undefined) {
    const module = Object.values(require.cache).find((loaded) => loaded?.exports === registry)
    folder = module ? path.dirname(module.filename) : null
    folders.set(registry, folder)
  }
  return folder
}

function registryOf(plugin: HarakaPlugin): HarakaPlugins {
  return plugin.haraka_require('plugins') as HarakaPlugins
}

/**
 * The plugin whose hook runs before ours, or `null`.
 *
 * @throws {Error} when the order can't be had: Haraka does not list ours in that hook.
 */
export function runsBefore(plugin: HarakaPlugin, hook: string): string | null {
  const { registered_hooks } = plugin.haraka_require('plugins') as HarakaPlugins
  const names = (registered_hooks[hook] ?? []).map((entry) => entry.plugin)
  if (!names.includes(plugin.name)) throw new Error(`Haraka does not list ${plugin.name} in the hook ${hook}`)
  const [first] = names
  return first === undefined || first === plugin.name ? null : first
}

/** Whether a plugin is loaded. */
export function isLoaded(plugin: HarakaPlugin, name: string): boolean {
  return (plugin.haraka_require('plugins') as HarakaPlugins).plugin_list.includes(name)
}

/** The plugin that is of this name or inherits from it, or `null`. */
export function pluginOfKind(plugin: HarakaPlugin, name: string): string | null {
  const { registered_plugins } = plugin.haraka_require('plugins') as HarakaPlugins
  for (const [called, loaded] of Object.entries(registered_plugins))
    if (called === name || (loaded?.base && Object.hasOwn(loaded.base, name))) return called
  return null
}
