/**
 * What a Haraka folder says about outgoing sessions and plugins, for a process that is not that Haraka: name, time-outs,
 * what `tls.ini` gives the plugin to heed, and what is loaded. Read as Haraka 3.3.4 reads it (`outbound/config.js`,
 * `tls_socket.js`).
 */
import { hostname } from 'node:os'
import path from 'node:path'
import { readFileSync } from 'node:fs'
import harakaConfig from 'haraka-config'
import type { HarakaConfig } from '../haraka/types.js'

/** Settings of outgoing sessions. */
export interface OutboundSettings {
  /** The name given in EHLO. */
  readonly helo: string
  /** @default false */
  readonly localMxOk: boolean
  /** In milliseconds. @default 30000 */
  readonly connectTimeout: number
  /** `key`, `cert`, `ciphers`, `ecdhCurve`; those that are set. */
  readonly tls: Readonly<Record<string, unknown>>
}

const CONNECT_TIMEOUT_S = 30

/** The config of a Haraka folder. */
export function configOf(harakaFolder: string): HarakaConfig {
  return harakaConfig.module_config(path.resolve(harakaFolder), '')
}

/** Reads the settings; without a folder they are Haraka's defaults. */
export function outboundSettings(config: HarakaConfig | null): OutboundSettings {
  const main = config?.get('outbound.ini', 'ini')['main'] ?? {}
  return {
    helo: String(config?.get('me', 'value') ?? '') || hostname(),
    localMxOk: /^(?:true|yes|ok|enabled|on|1)$/i.test(String(main['local_mx_ok'])),
    connectTimeout: 1000 * (Number(main['connect_timeout']) || CONNECT_TIMEOUT_S),
    tls: config ? outboundTls(config) : {},
  }
}

/** `[outbound]`, and of the main section what it leaves unsaid; key and certificate are files in the folder. */
function outboundTls(config: HarakaConfig): Record<string, unknown> {
  const { main = {}, outbound = {} } = config.get('tls.ini', 'ini')
  const inherited = ['key', 'cert', 'ciphers'].map((name) => [name, main[name]] as const)
  const said = Object.fromEntries(inherited.filter(([, value]) => value !== undefined))
  const options: Record<string, unknown> = { ...said, ...outbound }
  for (const name of ['key', 'cert']) {
    const [file] = [options[name]].flat()
    const content = typeof file === 'string' && file !== '' ? config.get(file, 'binary') : null
    if (content) options[name] = content
    else Reflect.deleteProperty(options, name)
  }
  return options
}

/**
 * Whether a plugin is in `config/plugins` of a Haraka folder.
 *
 * @returns `null` where that is not known: there is no folder, or its list can't be read.
 */
export function loadsPlugin(harakaFolder: string | null, plugin: string): boolean | null {
  if (harakaFolder === null) return null
  try {
    const lines = readFileSync(path.join(harakaFolder, 'config', 'plugins'), 'utf8').split(/\r?\n/)
    return lines.some((line) => line.replace(/[#;].*$/, '').trim() === plugin)
  } catch {
    return null
  }
}
