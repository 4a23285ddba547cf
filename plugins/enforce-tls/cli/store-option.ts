/**
 * The store that a command works on, from `--redis`, `--file` or `--config`; without any of them, from the
 * environment, and else that of the Haraka folder one stands in. What can't be meant is thrown as `WrongUse`, bad settings as `Refusal`.
 */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { SETTINGS_FILE, SettingsError, loadSettings, storeIn } from '../settings/settings.js'
import type { Settings } from '../settings/types.js'
import { toSettings } from '../settings/schema.js'
import { addressOf } from '../store/redis/address.js'
import { StoreError } from '../store/rule-store.js'
import type { Terminal } from './output.js'
import { Refusal, WrongUse } from './refusal.js'

/** The URL of a Redis, with a password that so is in no list of processes. */
const REDIS_VARIABLE = 'ENFORCE_TLS_REDIS'

/** Where one calls from: relative paths count from its current folder. */
export type Caller = Pick<Terminal, 'cwd' | 'env'>

/** The Redis that the environment names; the empty text is none. */
export function redisOfEnvironment({ env }: Caller): string | undefined {
  return env[REDIS_VARIABLE] || undefined
}

/** The options that name a store; at most one of `redis`, `file`, `config`. */
export interface StoreOptions {
  readonly redis?: string | undefined
  readonly prefix?: string | undefined
  readonly file?: string | undefined
  readonly config?: string | undefined
}

/** A store that was chosen. */
export interface ChosenStore {
  readonly settings: Settings
  /** The Haraka folder that the settings are of; `null` beside `--redis` and `--file`. */
  readonly folder: string | null
  /** The words that choose the same store on another command line; none for the current folder. */
  readonly words: readonly string[]
}

/**
 * The settings behind the store options.
 *
 * @throws {Refusal} when the settings of the folder are not valid.
 * @throws {WrongUse} when the options name no store.
 */
export function chooseStore(options: StoreOptions, caller: Caller): ChosenStore {
  const { redis, prefix, file, config } = options
  const currentFolder = caller.cwd()
  const elsewhere = file !== undefined || config !== undefined
  const ofEnvironment = elsewhere ? undefined : redisOfEnvironment(caller)
  if (prefix !== undefined && redis === undefined && ofEnvironment === undefined)
    throw new WrongUse([
      `--prefix says where the keys in a Redis begin and needs --redis <url> or ${REDIS_VARIABLE}`,
    ])
  if (redis !== undefined) return redisStore('--redis', redis, prefix, ['--redis', withoutPassword(redis)])
  // Whoever has the variable has it for the next command as well.
  if (ofEnvironment !== undefined) return redisStore(REDIS_VARIABLE, ofEnvironment, prefix, [])
  if (file !== undefined) {
    if (file === '') throw new WrongUse(['--file is empty; expected: the path of a rules file'])
    const store = { type: 'file', file: path.resolve(currentFolder, file) } as const
    return { settings: { ...toSettings({}), store }, folder: null, words: ['--file', file] }
  }
  if (config !== undefined) return harakaFolder(config, path.resolve(currentFolder, config))
  if (!isHarakaFolder(currentFolder))
    throw new WrongUse([
      `the current folder is not a Haraka folder: it has no config/plugins and no config/${SETTINGS_FILE}; ` +
        `say where the rules are with --redis <url> (or ${REDIS_VARIABLE}), --file <rules file> or --config <haraka folder>`,
    ])
  return { settings: folderSettings(currentFolder), folder: currentFolder, words: [] }
}

/**
 * The settings for work that needs no store: as `chooseStore`, and the defaults where nothing is said.
 *
 * @throws as `chooseStore` does.
 */
export function chooseSettings(options: StoreOptions, caller: Caller): ChosenStore {
  const { redis, prefix, file, config } = options
  const said = [redis, prefix, file, config, redisOfEnvironment(caller)].some((each) => each !== undefined)
  if (said || isHarakaFolder(caller.cwd())) return chooseStore(options, caller)
  return { settings: toSettings({}), folder: null, words: [] }
}

/** Without an `enforce-tls.ini` the defaults hold, for the command as for the plugin. */
export function isHarakaFolder(folder: string): boolean {
  return ['plugins', SETTINGS_FILE].some((name) => existsSync(path.join(folder, 'config', name)))
}

function redisStore(
  source: string,
  url: string,
  prefix: string | undefined,
  shown: readonly string[],
): ChosenStore {
  if (prefix === '')
    throw new WrongUse(['--prefix is empty; expected: the beginning of the keys, such as enforce-tls:'])
  const defaults = toSettings({})
  const redis = { ...defaults.redis, url, ...(prefix === undefined ? {} : { prefix }) }
  try {
    addressOf(redis)
  } catch (error) {
    if (error instanceof StoreError) throw new WrongUse([`${source}: ${error.message}`])
    throw error
  }
  const words = [...shown, ...(prefix === undefined ? [] : ['--prefix', prefix])]
  return { settings: { ...defaults, redis }, folder: null, words }
}

function harakaFolder(given: string, folder: string): ChosenStore {
  if (!existsSync(path.join(folder, 'config')))
    throw new WrongUse([
      `--config ${JSON.stringify(given)} is not a Haraka folder, because it has no folder config; expected: the folder that haraka -c is given`,
    ])
  return { settings: folderSettings(folder), folder, words: ['--config', given] }
}

function folderSettings(folder: string): Settings {
  try {
    const settings = loadSettings(folder)
    return { ...settings, ...storeIn(settings, path.resolve(folder, 'config')) }
  } catch (error) {
    if (error instanceof SettingsError)
      throw new Refusal([`${path.join(folder, 'config')}: ${error.message}`])
    throw error
  }
}

/** A URL that may be shown: a command that is printed ends up in logs. */
function withoutPassword(url: string): string {
  return url.replace(/^([^:]*:\/\/[^:@]*:)[^@]+@/, '$1***@')
}

/** A command line of this program that can be pasted into a shell. */
export function commandLine(...words: readonly string[]): string {
  return ['enforce-tls', ...words].map(shellWord).join(' ')
}

function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
