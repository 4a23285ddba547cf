/**
 * The folder that a test Haraka runs in: config files with defaults for tests, small plugins that relay
 * everything and route by a JSON file, and this package where Haraka looks for plugins. Throws when a
 * file cannot be written.
 */
import { createDiffieHellmanGroup } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { READY_PLUGIN, TEST_PLUGINS } from './haraka-plugins.js'
import { harakaRoot } from './repository.js'
import type { Route } from './smtp-peer.js'
import { TemporaryFolder } from './temporary-folder.js'

/** MX hosts by recipient domain, `*` for all others; a domain without an entry has no MX. */
export type Routes = Readonly<Record<string, readonly Route[]>>

/** Config files by name; what is not a string is written as JSON. */
export type ConfigFiles = Readonly<Record<string, unknown>>

export interface HarakaFolderOptions {
  /** Config files; each replaces the default of its name as a whole. */
  readonly config?: ConfigFiles
  /** Keys of outbound.ini beside or instead of the defaults. */
  readonly outbound?: Readonly<Record<string, string | number | boolean>>
  readonly routes?: Routes
  /** Further plugins by name, as JavaScript source; they come before enforce-tls unless `plugins` says otherwise. */
  readonly extraPlugins?: Readonly<Record<string, string>>
  /** config/plugins. @default test-relay, test-routes, the extra plugins, enforce-tls */
  readonly plugins?: readonly string[]
  /** Whether enforce-tls is among the default plugins. @default true */
  readonly enforceTls?: boolean
  /** Cluster workers; 0 is a single process. @default 0 */
  readonly nodes?: number
  /** @default 'info' */
  readonly logLevel?: 'protocol' | 'debug' | 'info'
}

export class HarakaFolder {
  readonly #folder = new TemporaryFolder('haraka')

  constructor(options: HarakaFolderOptions) {
    for (const name of ['config', 'plugins', 'queue', 'node_modules']) mkdirSync(join(this.path, name))
    const plugins = { ...TEST_PLUGINS, ...options.extraPlugins }
    for (const [name, source] of Object.entries(plugins)) this.#write(join('plugins', `${name}.js`), source)
    this.setRoutes(options.routes ?? {})
    this.writeConfig({ ...defaultConfig(options), ...options.config })
  }

  get path(): string {
    return this.#folder.path
  }

  get queue(): string {
    return join(this.path, 'queue')
  }

  /** Makes the package of this node_modules folder a plugin that Haraka finds. */
  usePackage(nodeModules: string): void {
    const name = 'haraka-plugin-enforce-tls'
    symlinkSync(join(nodeModules, name), join(this.path, 'node_modules', name))
  }

  /** Counts from the next look-up on, no restart needed. */
  setRoutes(routes: Routes): void {
    this.writeConfig({ 'test-routes.json': routes })
  }

  writeConfig(files: ConfigFiles): void {
    for (const [name, content] of Object.entries(files)) {
      this.#write(
        join('config', name),
        typeof content === 'string' ? content : JSON.stringify(content, null, 2),
      )
    }
  }

  close(): void {
    this.#folder.close()
  }

  /** Written beside and renamed, so that nobody reads half a file. */
  #write(path: string, content: string): void {
    const target = join(this.path, path)
    mkdirSync(dirname(target), { recursive: true })
    const beside = join(this.path, 'unfinished')
    writeFileSync(beside, content)
    renameSync(beside, target)
  }
}

/** As `haraka -i` would write them where Haraka needs a file to be whole, as connection.ini. */
function defaultConfig(options: HarakaFolderOptions): Record<string, string> {
  const { nodes = 0, logLevel = 'info', enforceTls = true, extraPlugins = {} } = options
  const chosen = options.plugins ?? [
    'test-relay',
    'test-routes',
    ...Object.keys(extraPlugins),
    ...(enforceTls ? ['enforce-tls'] : []),
  ]
  const outbound = { local_mx_ok: true, temp_fail_intervals: '5s*2', ...options.outbound }
  return {
    me: 'mta.test.example\n',
    plugins: [...chosen, READY_PLUGIN, ''].join('\n'),
    'smtp.ini': ini({ listen: '127.0.0.1:0', nodes, force_shutdown_timeout: 5 }),
    'log.ini': ini({ level: logLevel, timestamps: false, format: 'default' }),
    'connection.ini': readFileSync(join(harakaRoot(), 'config', 'connection.ini'), 'utf8'),
    'outbound.ini': ini(outbound),
    'dhparams.pem': dhParameters(),
  }
}

/** The group of RFC 3526 as OpenSSL writes it. A Haraka without one keeps a processor busy for 20 s to find its own. */
function dhParameters(): string {
  const prime = createDiffieHellmanGroup('modp14').getPrime()
  // SEQUENCE { INTEGER prime, INTEGER 2 }
  const der = Buffer.concat([Buffer.from('308201080282010100', 'hex'), prime, Buffer.from('020102', 'hex')])
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return ['-----BEGIN DH PARAMETERS-----', ...lines, '-----END DH PARAMETERS-----', ''].join('\n')
}

function ini(main: Readonly<Record<string, string | number | boolean>>): string {
  return ['[main]', ...Object.entries(main).map(([key, value]) => `${key}=${value}`), ''].join('\n')
}
