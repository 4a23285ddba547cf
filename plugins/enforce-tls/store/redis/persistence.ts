/**
 * Whether a Redis writes its data to disk. Asked of its configuration, since INFO does not tell of save points; where a
 * service does not permit that it is unknown, and nothing is said. A user of its own is not to ask: it has the rights that
 * it needs and no others, and what it is refused stands in Redis' ACL LOG as if there were an attack. Rejects as `ask` does.
 */
import type { Redis } from 'ioredis'
import { serversOf } from './cluster.js'
import type { Asks } from './options.js'

/** What a restart would lose; `null` where all servers that hold keys write to disk, or that is unknown. */
export async function restartRisk(
  connection: Asks & { readonly description: string },
): Promise<string | null> {
  const nodes = await serversOf(connection)
  const inMemory = await Promise.all(nodes.map((node) => isInMemory(connection, node)))
  return inMemory.includes(true)
    ? `${connection.description} writes nothing to disk (appendonly no, and no save points), so a restart of Redis loses all rules; set appendonly yes in redis.conf, or while it runs: CONFIG SET appendonly yes, then CONFIG REWRITE`
    : null
}

async function isInMemory(connection: Asks, node: Redis): Promise<boolean> {
  const { username } = node.options
  if (username && username !== 'default') return false
  const [save, appendOnly] = await Promise.all([
    setting(connection, node, 'save'),
    setting(connection, node, 'appendonly'),
  ])
  return save === '' && appendOnly === 'no'
}

/** A setting; `null` where it is unknown. */
async function setting(connection: Asks, node: Redis, name: string): Promise<string | null> {
  const answer = await connection.ask<unknown>({
    key: null,
    writes: false,
    send: () =>
      node.config('GET', name).catch((error: unknown) => {
        // Not permitted, renamed away, or a service that keeps that to itself.
        if (error instanceof Error && error.name === 'ReplyError') return null
        throw error
      }),
  })
  if (!Array.isArray(answer)) return null
  const [, value] = answer as readonly unknown[]
  return typeof value === 'string' ? value : null
}
