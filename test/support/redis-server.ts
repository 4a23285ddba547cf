/**
 * A Redis of its own: redis-server on a free port of 127.0.0.1 in a temporary folder, gone after `close()`.
 * Fails with words if redis-server is not installed or does not become ready.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { KeyAndCertificate } from './certificates.js'
import { freePort } from './free-port.js'
import { TemporaryFolder } from './temporary-folder.js'
import { runToEnd, WatchedProcess } from './watched-process.js'

const START_ATTEMPTS = 5
/** redis-cli itself waits for a stopped server without an end. */
const CLI_TIMEOUT_MS = 60_000

export interface RedisOptions {
  /** Further arguments, such as `--requirepass secret` or `--aclfile users.acl`; paths are relative to its folder. */
  readonly args?: readonly string[]
  /** Files to write into its folder before it starts. */
  readonly files?: Readonly<Record<string, string>>
  /** What `url` and `cli()` log in with. */
  readonly credentials?: { readonly username?: string; readonly password: string }
  /** Keeps the data over `restart()` and `kill9()`. @default false */
  readonly persistent?: boolean
  /** @default a free one */
  readonly port?: number
  /** Speaks TLS only, also to replicas and other nodes. */
  readonly tls?: KeyAndCertificate & { readonly ca: string; readonly clientCertificates?: boolean }
  /** Runs as a Sentinel with this configuration. */
  readonly sentinel?: string
  /** Runs as a node of a Cluster. @default false */
  readonly cluster?: boolean
}

export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const server = new RedisServer(options)
  try {
    await server.start()
  } catch (error) {
    await server.close()
    throw error
  }
  return server
}

export class RedisServer implements AsyncDisposable {
  readonly #options: RedisOptions
  readonly #folder = new TemporaryFolder('redis')
  #process: WatchedProcess | undefined
  #paused = false
  #port: number

  /** Not running yet: use `startRedis`. */
  constructor(options: RedisOptions) {
    this.#options = options
    this.#port = options.port ?? 0
    for (const [name, content] of Object.entries(options.files ?? {})) {
      writeFileSync(join(this.folder, name), content)
    }
    const { tls, sentinel } = options
    if (tls) {
      for (const [name, content] of Object.entries({ ca: tls.ca, cert: tls.cert, key: tls.key }))
        writeFileSync(this.#pem(name), content)
    }
    if (sentinel !== undefined) writeFileSync(join(this.folder, 'sentinel.conf'), sentinel)
    mkdirSync(join(this.folder, 'data'))
  }

  get folder(): string {
    return this.#folder.path
  }

  get port(): number {
    return this.#port
  }

  get pid(): number {
    if (!this.#process) throw new Error('Redis does not run')
    return this.#process.pid
  }

  /** Whether its process is there and does not stand still. */
  get running(): boolean {
    return this.#process !== undefined && this.#process.exitCode === undefined && !this.#paused
  }

  get log(): string {
    return this.#process?.log ?? ''
  }

  /** With the credentials, if there are any. */
  get url(): string {
    const { username = '', password } = this.#options.credentials ?? {}
    const login =
      password === undefined ? '' : `${encodeURIComponent(username)}:${encodeURIComponent(password)}@`
    return `${this.#options.tls ? 'rediss' : 'redis'}://${login}127.0.0.1:${this.#port}`
  }

  /** What redis-cli needs to speak TLS with it. */
  get tlsArgs(): string[] {
    if (!this.#options.tls) return []
    return ['--tls', '--cacert', this.#pem('ca'), '--cert', this.#pem('cert'), '--key', this.#pem('key')]
  }

  async start(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const chosen = this.#port === 0
      if (chosen) this.#port = await freePort()
      try {
        await this.#launch()
        return
      } catch (error) {
        const portTaken = this.log.includes('Address already in use')
        if (!chosen || !portTaken || attempt === START_ATTEMPTS) throw this.#explain(error)
        this.#port = 0
      }
    }
  }

  /** Runs redis-cli with these arguments and gives what it prints, without the final line end. */
  async cli(...args: readonly string[]): Promise<string> {
    const { username, password } = this.#options.credentials ?? {}
    const login = [
      ...(username ? ['--user', username] : []),
      ...(password ? ['-a', password, '--no-auth-warning'] : []),
    ]
    const all = ['-p', String(this.#port), '-e', ...this.tlsArgs, ...login, ...args]
    const output = await runToEnd('redis-cli', all, { timeout: CLI_TIMEOUT_MS })
    return output.replace(/\n$/, '')
  }

  /** Stops in order; the port stays reserved for `restart()` only in name. */
  async stop(): Promise<void> {
    this.resume()
    await this.#process?.stop('SIGTERM')
    this.#process = undefined
  }

  async kill9(): Promise<void> {
    await this.#process?.kill()
    this.#process = undefined
  }

  /** On the same port; empty, unless `persistent`. */
  async restart(): Promise<void> {
    await this.stop()
    await this.start()
  }

  /** Stands still: connections stay open and get no answer. */
  pause(): void {
    this.#paused = true
    this.#process?.signal('SIGSTOP')
  }

  resume(): void {
    this.#paused = false
    this.#process?.signal('SIGCONT')
  }

  async close(): Promise<void> {
    await this.stop()
    this.#folder.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #launch(): Promise<void> {
    const { sentinel, cluster, args = [] } = this.#options
    const redis = new WatchedProcess({
      name: sentinel === undefined ? 'redis-server' : 'redis-sentinel',
      command: 'redis-server',
      args: [
        ...(sentinel === undefined ? [] : ['sentinel.conf', '--sentinel']),
        ...['--bind', '127.0.0.1', '--dir', join(this.folder, 'data')],
        ...(this.#options.tls ? this.#listenArgs(this.#options.tls) : ['--port', String(this.#port)]),
        ...(sentinel === undefined ? this.#dataArgs() : []),
        ...(cluster ? ['--cluster-enabled', 'yes', '--cluster-port', String(await freePort())] : []),
        ...args,
      ],
      cwd: this.folder,
    })
    this.#process = redis
    await redis.waitForLog(sentinel === undefined ? /Ready to accept connections/ : /\+monitor master/)
  }

  #dataArgs(): string[] {
    const appendOnly = this.#options.persistent ? ['yes', '--appendfsync', 'always'] : ['no']
    return ['--save', '', '--appendonly', ...appendOnly]
  }

  #listenArgs({ clientCertificates = false }: NonNullable<RedisOptions['tls']>): string[] {
    const files = { ca: '--tls-ca-cert-file', cert: '--tls-cert-file', key: '--tls-key-file' }
    return [
      ...['--port', '0', '--tls-port', String(this.#port)],
      ...Object.entries(files).flatMap(([name, option]) => [option, this.#pem(name)]),
      ...['--tls-auth-clients', clientCertificates ? 'yes' : 'no'],
      ...['--tls-replication', 'yes', '--tls-cluster', 'yes'],
    ]
  }

  #pem(name: string): string {
    return join(this.folder, `${name}.pem`)
  }

  #explain(error: unknown): unknown {
    if (!String(error).includes('ENOENT')) return error
    return new Error('redis-server is not on the PATH; `sh test/install-servers.sh` installs it', {
      cause: error,
    })
  }
}
