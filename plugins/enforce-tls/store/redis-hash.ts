/**
 * A Redis hash of any size, read in pages, so that neither Redis nor this process stands still while a million
 * fields go by; rejects with a `StoreError` like every question.
 *
 * A small hash comes in one page, as it is at one moment. While a larger one is read somebody may change it:
 * what is there all the time is always found, what changes meanwhile is found as it was or as it is. Whoever
 * keeps the result must read again when Redis tells of a change since the reading began.
 */
import type { RedisConnection } from './redis-connection.js'

/** Fields of a page: parsing them takes about a millisecond. */
const PAGE = 1000

/** All fields of a hash; none where there is no such key. */
export async function readHash(
  connection: Pick<RedisConnection, 'ask'>,
  key: string,
): Promise<ReadonlyMap<string, string>> {
  const fields = new Map<string, string>()
  let cursor = '0'
  do {
    const [next, page] = await connection.ask({
      key,
      writes: false,
      send: (redis) => redis.hscan(key, cursor, 'COUNT', PAGE),
    })
    // A field may come twice; then the later word counts.
    for (let at = 0; at + 1 < page.length; at += 2) fields.set(page[at] as string, page[at + 1] as string)
    cursor = next
  } while (cursor !== '0')
  return fields
}
