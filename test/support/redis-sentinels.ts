/**
 * A master, its replicas and the Sentinels that watch them, on free ports of 127.0.0.1; ready when every
 * Sentinel knows of all others. A failover takes about a second.
 */
import { startRedis, type RedisOptions, type RedisServer } from './redis-server.js'
import { until } from './until.js'

export const MASTER_NAME = 'rules'
const DOWN_AFTER_MS = 700

export interface SentinelsOptions {
  /** @default 1 */
  readonly replicas?: number
  /** @default 3 */
  readonly sentinels?: number
  readonly tls?: RedisOptions['tls']
  /** What every Redis starts with: arguments, files. */
  readonly redis?: Pick<RedisOptions, 'args' | 'files' | 'credentials'>
  /** The password of the Sentinels themselves. @default none */
  readonly sentinelPassword?: string
}

export async function startSentinels(options: SentinelsOptions = {}): Promise<RedisSentinels> {
  const group = new RedisSentinels()
  try {
    await group.start(options)
  } catch (error) {
    await group.close()
    throw error
  }
  return group
}

export class RedisSentinels implements AsyncDisposable {
  /** The first one is the master at the start. */
  readonly servers: RedisServer[] = []
  readonly sentinels: RedisServer[] = []
  #replicas = 0

  /** Lines of `[redis]` that lead there. */
  get ini(): string {
    const lines = this.sentinels.map(({ port }) => `sentinels[]=127.0.0.1:${port}`)
    return [...lines, `name=${MASTER_NAME}`, ''].join('\n')
  }

  /** As `[redis]` settings. */
  get settings(): { sentinels: string[]; name: string } {
    return { sentinels: this.sentinels.map(({ port }) => `127.0.0.1:${port}`), name: MASTER_NAME }
  }

  get url(): string {
    return `redis+sentinel://${this.settings.sentinels.join()}/${MASTER_NAME}`
  }

  /** The server that most Sentinels name. */
  async master(): Promise<RedisServer> {
    const alive = this.sentinels.filter(({ running }) => running)
    const ports = await Promise.all(alive.map((sentinel) => masterPort(sentinel)))
    const named = this.servers.find(
      ({ port }) => ports.filter((other) => other === port).length > ports.length / 2,
    )
    if (!named) throw new Error(`the Sentinels disagree about the master: ${ports.join(', ')}`)
    return named
  }

  /** Asks the Sentinels to make a replica the master, as an operator does; goes on as soon as they begin. */
  async failOver(): Promise<void> {
    const asked = (): Promise<boolean> =>
      this.sentinels[0]?.cli('SENTINEL', 'FAILOVER', MASTER_NAME).then(
        () => true,
        () => false,
      ) ?? Promise.resolve(false)
    await until(asked, { what: 'the Sentinels to take the order for a failover' })
  }

  /** Waits until the Sentinels have made another server than this one the master, and it is one. */
  async untilFailedOver(from: RedisServer, timeout = 20_000): Promise<RedisServer> {
    return await until(
      async () => {
        const master = await this.master().catch(() => from)
        return master !== from && (await roleOf(master)) === 'master' && master
      },
      { what: 'another master', timeout },
    )
  }

  /** Not running yet: use `startSentinels`. */
  async start(options: SentinelsOptions): Promise<void> {
    const { replicas = 1, sentinels = 3, tls, sentinelPassword, redis = {} } = options
    const { password } = redis.credentials ?? {}
    const common = { ...redis, ...(tls ? { tls } : {}) }
    const quick = ['--repl-diskless-sync-delay', '0']
    const auth = password === undefined ? [] : ['--masterauth', password]
    const args = [...(redis.args ?? []), ...quick, ...auth]
    const master = await startRedis({ ...common, args })
    this.servers.push(master)
    const replicaOf = ['--replicaof', `127.0.0.1 ${master.port}`]
    for (let n = 0; n < replicas; n++)
      this.servers.push(await startRedis({ ...common, args: [...args, ...replicaOf] }))
    for (let n = 0; n < sentinels; n++)
      this.sentinels.push(
        await startRedis({
          ...(tls ? { tls } : {}),
          ...(sentinelPassword === undefined ? {} : { credentials: { password: sentinelPassword } }),
          sentinel: configuration(master.port, sentinels, password, sentinelPassword),
        }),
      )
    this.#replicas = replicas
    await this.untilWhole()
  }

  /** Waits until every server follows the master, and every Sentinel knows all others. */
  async untilWhole(timeout = 20_000): Promise<void> {
    const master = await this.master()
    // The Sentinels would do it too, some ten seconds later.
    for (const server of this.servers)
      if (server !== master && (await roleOf(server)) === 'master')
        await server.cli('REPLICAOF', '127.0.0.1', String(master.port))
    for (const replica of this.servers.filter((server) => server !== master))
      await until(async () => (await replica.cli('INFO', 'replication')).includes('master_link_status:up'), {
        what: () => `a replica to follow:\n${replica.log}`,
        timeout,
      })
    for (const sentinel of this.sentinels) await this.#untilKnowing(sentinel, timeout)
  }

  /** Brings back a server that was killed or stopped still: one that stays away would hang all that comes behind. */
  async restore(server: RedisServer): Promise<void> {
    server.resume()
    if (!server.running) await server.start()
    await this.untilWhole()
  }

  async close(): Promise<void> {
    await Promise.all([...this.sentinels, ...this.servers].map((server) => server.close()))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #untilKnowing(sentinel: RedisServer, timeout: number): Promise<void> {
    const others = String(this.sentinels.length - 1)
    await until(
      async () => {
        const state = fieldsOf(await sentinel.cli('SENTINEL', 'MASTER', MASTER_NAME))
        const replicas = await sentinel.cli('SENTINEL', 'REPLICAS', MASTER_NAME)
        return (
          state['flags'] === 'master' &&
          state['num-slaves'] === String(this.#replicas) &&
          state['num-other-sentinels'] === others &&
          !replicas.includes('s_down')
        )
      },
      { what: () => `the Sentinels to know each other and the replicas:\n${sentinel.log}`, timeout },
    )
  }
}

function configuration(
  port: number,
  sentinels: number,
  password: string | undefined,
  own: string | undefined,
): string {
  return [
    `sentinel monitor ${MASTER_NAME} 127.0.0.1 ${port} ${Math.floor(sentinels / 2) + 1}`,
    `sentinel down-after-milliseconds ${MASTER_NAME} ${DOWN_AFTER_MS}`,
    `sentinel failover-timeout ${MASTER_NAME} 1000`,
    ...(password === undefined ? [] : [`sentinel auth-pass ${MASTER_NAME} ${password}`]),
    ...(own === undefined ? [] : [`requirepass ${own}`, `sentinel sentinel-pass ${own}`]),
    '',
  ].join('\n')
}

async function masterPort(sentinel: RedisServer): Promise<number> {
  const [, port] = (await sentinel.cli('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', MASTER_NAME)).split('\n')
  return Number(port)
}

async function roleOf(server: RedisServer): Promise<string | undefined> {
  return (await server.cli('ROLE').catch(() => '')).split('\n')[0]
}

/** What redis-cli prints for an array of names and values. */
function fieldsOf(printed: string): Record<string, string> {
  const words = printed.split('\n')
  return Object.fromEntries(words.flatMap((word, n) => (n % 2 === 0 ? [[word, words[n + 1] ?? '']] : [])))
}
