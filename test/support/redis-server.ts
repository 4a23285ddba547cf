/**
 * A Redis of its own: redis-server on a free port of 127.0.0.1 in a temporary folder, gone after `close()`.
 * Fails with words if redis-server is not installed or does not become ready.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from './free-port.js'
import { TemporaryFolder } from './temporary-folder.js'
import { runToEnd, WatchedProcess } from './watched-process.js'

const START_ATTEMPTS = 5

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
  #port: number

  /** Not running yet: use `startRedis`. */
  constructor(options: RedisOptions) {
    this.#options = options
    this.#port = options.port ?? 0
    for (const [name, content] of Object.entries(options.files ?? {})) {
      writeFileSync(join(this.folder, name), content)
    }
    mkdirSync(join(this.folder, 'data'))
  }

  get folder(): string {
    return this.#folder.path
  }

  get port(): number {
    return this.#port
  }

  get log(): string {
    return this.#process?.log ?? ''
  }

  /** With the credentials, if there are any. */
  get url(): string {
    const { username = '', password } = this.#options.credentials ?? {}
    const login =
      password === undefined ? '' : `${encodeURIComponent(username)}:${encodeURIComponent(password)}@`
    return `redis://${login}127.0.0.1:${this.#port}`
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
    const output = await runToEnd('redis-cli', ['-p', String(this.#port), '-e', ...login, ...args])
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
    this.#process?.signal('SIGSTOP')
  }

  resume(): void {
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
    const appendOnly = this.#options.persistent ? ['yes', '--appendfsync', 'always'] : ['no']
    const args = ['--bind', '127.0.0.1', '--port', String(this.#port), '--dir', join(this.folder, 'data')]
    const redis = new WatchedProcess({
      name: 'redis-server',
      command: 'redis-server',
      args: [...args, '--save', '', '--appendonly', ...appendOnly, ...(this.#options.args ?? [])],
      cwd: this.folder,
    })
    this.#process = redis
    await redis.waitForLog(/Ready to accept connections/)
  }

  #explain(error: unknown): unknown {
    if (!String(error).includes('ENOENT')) return error
    return new Error('redis-server is not on the PATH; `sh test/install-servers.sh` installs it', {
      cause: error,
    })
  }
}
