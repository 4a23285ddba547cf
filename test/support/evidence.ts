/** What the plugin writes down about deliveries, for a test: entries of the stream in Redis, lines of the log. */
import type { RedisServer } from './redis-server.js'

/** Names and values of one entry or line. */
export type Pairs = Readonly<Record<string, string>>

/** The entries of the stream, oldest first. */
export async function deliveries(redis: RedisServer): Promise<Pairs[]> {
  const entries = JSON.parse(
    (await redis.cli('--json', 'XRANGE', 'enforce-tls:deliveries', '-', '+')) || '[]',
  ) as readonly (readonly [id: string, words: readonly string[]])[]
  return entries.map(([, [, json = '{}']]) => JSON.parse(json) as Pairs)
}

/** The structured lines of Haraka's log, with their first word as `kind`. */
export function logPairs(log: string): Pairs[] {
  return [...log.matchAll(/\[enforce-tls\] (attempt|outcome) (uuid=.*)$/gm)].map(
    ([, kind = '', rest = '']) => ({
      kind,
      ...Object.fromEntries(
        [...rest.matchAll(/(\w+)=("(?:[^"\\]|\\.)*"|\S*)(?: |$)/g)].map(([, name = '', value = '']) => [
          name,
          value.startsWith('"') ? (JSON.parse(value) as string) : value,
        ]),
      ),
    }),
  )
}
