/**
 * `enforce-tls.ini` as frozen, typed settings. Strict: an unknown section or key, or a value that is not
 * allowed, throws a `SettingsError` with file, section, key, value and what is expected.
 */
import path from 'node:path'
import harakaConfig from 'haraka-config'
import type { HarakaConfig } from '../haraka/types.js'
import { REDIS_INI, type RedisSettings } from './redis.js'
import type { OnEmptyStore } from '../store/standing.js'
import type { TlsVersion } from '../rules/levels.js'
import { toSettings } from './schema.js'
import { SETTINGS_FILE, SettingsError } from './error.js'

export { SETTINGS_FILE, SettingsError }
export type { RedisSettings }

/** Where rules are kept. */
export interface StoreSettings {
  /** @default redis */
  readonly type: 'redis' | 'file'
  /** The rules file; a relative path counts from the config folder. @default enforce-tls.rules.json */
  readonly file: string
}

/** All settings. */
export interface Settings {
  readonly main: {
    /** What happens to mail whose rules can't be read. @default defer */
    readonly onStoreFailure: 'defer' | 'deliver'
    /** What happens to mail while the store is empty: wait where rules were seen before, wait in any case, or never. @default auto */
    readonly onEmptyStore: OnEmptyStore
    /** How long such mail waits for the next look, in seconds. @default 60 */
    readonly deferSeconds: number
    /** Log what would bounce, enforce nothing. @default false */
    readonly reportOnly: boolean
    /** Whether outgoing rules cover mail for local recipients that another plugin hands on. @default incoming */
    readonly forwardedMail: 'incoming' | 'outgoing'
    /** Next hops (host, host:port or socket path) that count as secure without TLS. @default none */
    readonly trustedNextHops: readonly string[]
  }
  readonly store: StoreSettings
  readonly redis: RedisSettings
  readonly cache: {
    /** Most owners kept compiled in memory. @default 100000 */
    readonly maxOwners: number
  }
  readonly tls: {
    /** Lowest TLS version of any enforced delivery. @default TLSv1.2 */
    readonly minVersion: TlsVersion
    /** For a whole greeting, and the whole reply to a command (RFC 5321 section 4.5.3.2), in milliseconds. @default 300000 */
    readonly replyTimeout: number
    /** From STARTTLS to established TLS, in milliseconds. @default 30000 */
    readonly handshakeTimeout: number
    /** Resume TLS sessions. @default true */
    readonly sessionResumption: boolean
    /** Extra trusted CA certificates, a PEM file; a relative path counts from the config folder. @default none */
    readonly ca: string
  }
  readonly failure: {
    /** What happens when every host failed for a permanent TLS reason. @default bounce */
    readonly action: 'bounce' | 'defer'
    /** How much of the message a bounce carries. @default minimal */
    readonly bounceContent: 'minimal' | 'full'
  }
  readonly evidence: {
    /** Write the delivery log, which `enforce-tls report` reads. @default true */
    readonly stream: boolean
    /** About the most entries that the delivery log keeps. @default 100000 */
    readonly maxEntries: number
  }
  readonly console: {
    /** Serve the console at /enforce-tls/ of Haraka's own HTTP server. @default false */
    readonly enabled: boolean
    /** A session ends when nothing was asked in it for so long, in milliseconds. @default 1800000 */
    readonly sessionIdle: number
    /** A session ends this long after the sign-in, in milliseconds. @default 43200000 */
    readonly sessionMax: number
    /** Whose X-Forwarded-For and X-Forwarded-Proto are believed: nobody's, those of so many proxies, or of these addresses. @default false */
    readonly trustProxy: false | number | readonly string[]
  }
  readonly metrics: {
    /** Serve them where Haraka has an HTTP server. @default true */
    readonly enabled: boolean
    /** Addresses and networks that may read them. @default loopback */
    readonly allow: readonly string[]
  }
  readonly alert: {
    /** Who gets a mail when TLS to a partner begins to fail, or works again. @default nobody */
    readonly to: readonly string[]
    /** The From of such mails. @default MAILER-DAEMON at Haraka's own name */
    readonly from: string
    /** How long changes are gathered before a mail, in milliseconds. @default 30000 */
    readonly delay: number
    /** The least time between two mails, in milliseconds. @default 3600000 */
    readonly interval: number
  }
}

/**
 * Reads the settings through one of Haraka's config readers: the package's defaults, overridden key by key
 * by the operator's file; what `[redis]` leaves out comes from Haraka's `redis.ini`.
 *
 * @param onChange called with new settings after an edit of the file, or with what is wrong with it
 * @throws {SettingsError} for the first thing that is not as expected.
 */
export function readSettings(
  config: HarakaConfig,
  onChange?: (result: { readonly settings: Settings } | { readonly error: Error }) => void,
): Settings {
  const onFileChange =
    onChange &&
    ((error?: Error) => {
      if (error) return onChange({ error })
      let settings: Settings
      try {
        settings = readSettings(config, onChange)
      } catch (problem) {
        return onChange({ error: problem instanceof Error ? problem : new Error(String(problem)) })
      }
      onChange({ settings })
    })
  return toSettings(config.get(SETTINGS_FILE, 'ini', onFileChange), config.get(REDIS_INI, 'ini'))
}

/**
 * Reads the settings of a Haraka folder, as the plugin in it would.
 *
 * @param harakaFolder the folder given to `haraka -c`; its `config/enforce-tls.ini` is optional
 * @throws {SettingsError} for the first thing that is not as expected.
 */
export function loadSettings(harakaFolder: string): Settings {
  const packageFolder = path.resolve(__dirname, '..', '..', '..', '..')
  return readSettings(harakaConfig.module_config(packageFolder, path.resolve(harakaFolder)))
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
