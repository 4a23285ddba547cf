/**
 * A Redis Cluster of three masters, each with a replica if wanted, on free ports of 127.0.0.1, made with
 * `redis-cli --cluster create`; ready when every node says so. A failover takes about two seconds.
 */
import { startRedis, type RedisOptions, type RedisServer } from './redis-server.js'
import { until } from './until.js'
import { runToEnd } from './watched-process.js'

const MASTERS = 3
const NODE_TIMEOUT_MS = 1000

export interface ClusterOptions {
  /** Of each master: 0 or 1. @default 0 */
  readonly replicas?: number
  /** What every node starts with. */
  readonly redis?: Pick<RedisOptions, 'args' | 'files' | 'credentials' | 'tls'>
}

export async function startCluster(options: ClusterOptions = {}): Promise<RedisCluster> {
  const cluster = new RedisCluster()
  try {
    await cluster.start(options)
  } catch (error) {
    await cluster.close()
    throw error
  }
  return cluster
}

export class RedisCluster implements AsyncDisposable {
  readonly nodes: RedisServer[] = []
  #replicas = 0

  /** Lines of `[redis]` that lead there; one node is enough, but may be the one that is killed. */
  get ini(): string {
    return this.settings.cluster.map((node) => `cluster[]=${node}\n`).join('')
  }

  get settings(): { cluster: string[] } {
    return { cluster: this.nodes.map(({ port }) => `127.0.0.1:${port}`) }
  }

  get url(): string {
    return `redis+cluster://${this.settings.cluster.join()}`
  }

  /** The node that serves a key, as the others see it. */
  async masterOf(key: string): Promise<RedisServer> {
    const witness = this.nodes.find(({ running }) => running)
    const slot = Number(await witness?.cli('CLUSTER', 'KEYSLOT', key))
    const nodes = (await witness?.cli('CLUSTER', 'NODES')) ?? ''
    for (const line of nodes.split('\n')) {
      const [, address = '', flags = '', , , , , , ...ranges] = line.split(' ')
      if (!flags.includes('master') || flags.includes('fail')) continue
      const serves = ranges.some((range) => {
        const [first, last = first] = range.split('-').map(Number)
        return first !== undefined && first <= slot && slot <= (last ?? first)
      })
      const port = Number(/:(\d+)@/.exec(address)?.[1])
      const node = this.nodes.find((other) => other.port === port)
      if (serves && node) return node
    }
    throw new Error(`nobody serves ${key}:\n${nodes}`)
  }

  /** Runs a command for a key on whichever node has it. */
  async cli(...args: readonly string[]): Promise<string> {
    const witness = this.nodes.find(({ running }) => running)
    if (!witness) throw new Error('no node runs')
    return await witness.cli('-c', ...args)
  }

  /**
   * Moves the slot of a key, with its keys, to another master; gives the new one.
   *
   * @param halfway runs when the keys have moved, and the old master still has the slot and sends who asks on
   */
  async migrate(key: string, halfway?: () => Promise<unknown>): Promise<RedisServer> {
    const from = await this.masterOf(key)
    const slot = await from.cli('CLUSTER', 'KEYSLOT', key)
    const masters = await Promise.all(
      this.nodes.map(async (node) => ({ node, id: await this.#masterId(node) })),
    )
    const to = masters.find(({ node, id }) => node !== from && id !== undefined)
    const source = masters.find(({ node }) => node === from)
    if (!to?.id || !source?.id) throw new Error('there is no other master')
    await to.node.cli('CLUSTER', 'SETSLOT', slot, 'IMPORTING', source.id)
    await from.cli('CLUSTER', 'SETSLOT', slot, 'MIGRATING', to.id)
    const keys = (await from.cli('CLUSTER', 'GETKEYSINSLOT', slot, '100')).split('\n').filter(Boolean)
    if (keys.length > 0)
      await from.cli('MIGRATE', '127.0.0.1', String(to.node.port), '', '0', '5000', 'KEYS', ...keys)
    await halfway?.()
    await to.node.cli('CLUSTER', 'SETSLOT', slot, 'NODE', to.id)
    await from.cli('CLUSTER', 'SETSLOT', slot, 'NODE', to.id)
    return to.node
  }

  /** Waits until a key is served by another node than this one. */
  async untilFailedOver(key: string, from: RedisServer, timeout = 20_000): Promise<RedisServer> {
    return await until(
      async () => {
        const master = await this.masterOf(key).catch(() => from)
        return master !== from && (await master.cli('CLUSTER', 'INFO')).includes('cluster_state:ok') && master
      },
      { what: 'a replica to take over', timeout },
    )
  }

  /** Not running yet: use `startCluster`. */
  async start({ replicas = 0, redis = {} }: ClusterOptions): Promise<void> {
    const { password } = redis.credentials ?? {}
    const args = [
      ...(redis.args ?? []),
      ...['--cluster-node-timeout', String(NODE_TIMEOUT_MS), '--repl-diskless-sync-delay', '0'],
      ...(password === undefined ? [] : ['--masterauth', password]),
    ]
    for (let n = 0; n < MASTERS * (1 + replicas); n++)
      this.nodes.push(await startRedis({ ...redis, args, cluster: true }))
    const create = ['--cluster', 'create', ...this.settings.cluster, '--cluster-replicas', String(replicas)]
    const login = password === undefined ? [] : ['-a', password, '--no-auth-warning']
    await runToEnd('redis-cli', [...(this.nodes[0]?.tlsArgs ?? []), ...login, ...create, '--cluster-yes'])
    this.#replicas = replicas
    await this.untilWhole()
  }

  /** Waits until every node serves, follows its master, and knows all others. */
  async untilWhole(timeout = 20_000): Promise<void> {
    for (const node of this.nodes) await this.#untilReady(node, timeout)
  }

  /** Brings back a node that was killed or stopped still: one that stays away would hang all that comes behind. */
  async restore(node: RedisServer): Promise<void> {
    node.resume()
    if (!node.running) await node.start()
    await this.untilWhole()
  }

  async close(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.close()))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #untilReady(node: RedisServer, timeout: number): Promise<void> {
    await until(
      async () => {
        const [info, nodes, role] = await Promise.all([
          node.cli('CLUSTER', 'INFO'),
          node.cli('CLUSTER', 'NODES'),
          node.cli('ROLE'),
        ])
        const lines = nodes.split('\n')
        const replicas = lines.filter((line) => line.includes('slave') && !line.includes('fail'))
        const known = replicas.length === MASTERS * this.#replicas
        const follows = !role.startsWith('slave') || role.split('\n')[3] === 'connected'
        return info.includes('cluster_state:ok') && known && follows
      },
      { what: () => `a node of the Cluster to be ready:\n${node.log}`, timeout },
    )
  }

  async #masterId(node: RedisServer): Promise<string | undefined> {
    if (!node.running || !(await node.cli('ROLE')).startsWith('master')) return undefined
    return await node.cli('CLUSTER', 'MYID')
  }
}
