/**
 * `enforce-tls.ini` as frozen, typed settings. Strict: an unknown section or key, or a value that is not
 * allowed, throws a `SettingsError` with file, section, key, value and what is expected.
 */
import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import path from 'node:path'
import harakaConfig from 'haraka-config'
import type { HarakaConfig } from '../haraka/types.js'
import { mixedList } from './mixed-lists.js'
import { REDIS_INI } from './redis.js'
import type { Settings } from './types.js'
import { toSettings, type Ini } from './schema.js'
import { SETTINGS_FILE, SettingsError } from './error.js'
import { secretsIn } from './secret-file.js'

export { SETTINGS_FILE, SettingsError }

/** Settings after an edit of the file. */
export interface SettingsRead {
  readonly settings: Settings
  /** What has changed in the file, as `[section] key`. */
  readonly changed: readonly string[]
}

/**
 * Reads the settings through one of Haraka's config readers: the package's defaults, overridden key by key
 * by the operator's file; what `[redis]` leaves out comes from Haraka's `redis.ini`.
 *
 * @param configFolder where files with passwords are
 * @param onChange called with new settings after an edit of the file, or with what is wrong with it
 * @param last what was read before
 * @throws {SettingsError} for the first thing that is not as expected.
 */
export function readSettings(
  config: HarakaConfig,
  configFolder: string,
  onChange?: (result: SettingsRead | { readonly error: Error }) => void,
  last: { ini: Ini } = { ini: {} },
): Settings {
  const onFileChange =
    onChange &&
    ((error?: Error) => {
      if (error) return onChange({ error })
      const before = last.ini
      let settings: Settings
      try {
        settings = readSettings(config, configFolder, onChange, last)
      } catch (problem) {
        return onChange({ error: problem instanceof Error ? problem : new Error(String(problem)) })
      }
      onChange({ settings, changed: changedKeys(before, last.ini) })
    })
  const ini = sectionsOf(config, configFolder, onFileChange)
  const readSecret = secretsIn(configFolder)
  const settings = toSettings(ini, config.get(REDIS_INI, 'ini'), { redis: readSecret, gateways: readSecret })
  last.ini = structuredClone(ini)
  return settings
}

/** Names of what is not the same, as they stand in the file, such as `[main] report_only`; without values, which may be secret. */
function changedKeys(before: Ini, after: Ini): string[] {
  const keysOf = (section: string): string[] => [
    ...new Set([before, after].flatMap((ini) => Object.keys(ini[section] ?? {}))),
  ]
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((section) =>
    keysOf(section)
      .filter((key) => !isDeepStrictEqual(before[section]?.[key], after[section]?.[key]))
      .map((key) => `[${section}] ${key}`),
  )
}

function sectionsOf(config: HarakaConfig, configFolder: string, onChange?: (error?: Error) => void): Ini {
  const ini = config.get(SETTINGS_FILE, 'ini', onChange)
  const mixed = mixedList(linesOf(path.join(configFolder, SETTINGS_FILE)))
  if (mixed !== null) throw new SettingsError(`${SETTINGS_FILE}: ${mixed}`)
  return ini
}

/** Not through Haraka's reader: below Haraka 3.3.4 it gives the same file a second time as it was read first, whatever is asked for. */
function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n')
  } catch {
    // Missing, or the reader above has said what is wrong with it.
    return []
  }
}

/**
 * Reads the settings of a Haraka folder, as the plugin in it would.
 *
 * @param harakaFolder the folder given to `haraka -c`; its `config/enforce-tls.ini` is optional
 * @throws {SettingsError} for the first thing that is not as expected.
 */
export function loadSettings(harakaFolder: string): Settings {
  const packageFolder = path.resolve(__dirname, '..', '..', '..', '..')
  const folder = path.resolve(harakaFolder)
  const config = harakaConfig.module_config(packageFolder, folder)
  const configFolder = path.join(folder, 'config')
  return toSettings(sectionsOf(config, configFolder), config.get(REDIS_INI, 'ini'), {
    redis: secretsIn(configFolder),
    // Only Haraka logs in at gateways, and often only its user may read their passwords.
    gateways: () => 'unknown here',
  })
}

/** Where the rules are, with every path absolute: a relative one counts from the config folder. */
export function storeIn(
  { store, redis }: Pick<Settings, 'store' | 'redis'>,
  configFolder: string,
): Pick<Settings, 'store' | 'redis'> {
  const absolute = (file: string): string => path.resolve(configFolder, file)
  const { tlsCa, tlsCert, tlsKey } = redis
  return {
    store: { ...store, file: absolute(store.file) },
    redis: {
      ...redis,
      ...(tlsCa === undefined ? {} : { tlsCa: absolute(tlsCa) }),
      ...(tlsCert === undefined ? {} : { tlsCert: absolute(tlsCert) }),
      ...(tlsKey === undefined ? {} : { tlsKey: absolute(tlsKey) }),
    },
  }
}
