/**
 * A Redis hash of any size, read in pages, so that neither Redis nor this process stands still while a million
 * fields go by; rejects with a `StoreError` like every question.
 *
 * A small hash comes in one page, as it is at one moment. While a larger one is read somebody may change it:
 * what is there all the time is always found, what changes meanwhile is found as it was or as it is. Whoever
 * keeps the result must read again when Redis tells of a change since the reading began.
 */
import { BigMap } from '../rules/big-map.js'
import type { RedisConnection } from './redis-connection.js'

/** Fields of a page: parsing them takes about a millisecond. */
const PAGE = 1000

/** All fields of a hash; none where there is no such key. */
export async function readHash(
  connection: Pick<RedisConnection, 'ask'>,
  key: string,
): Promise<ReadonlyMap<string, string>> {
  const first = await readPage(connection, key, '0')
  if (first.next === '0') return new Map(first.fields)
  const fields = new BigMap<string>()
  for (let page = first; ; page = await readPage(connection, key, page.next)) {
    // A field may come twice; then the later word counts.
    for (const [field, value] of page.fields) fields.set(field, value)
    if (page.next === '0') return fields
  }
}

async function readPage(
  connection: Pick<RedisConnection, 'ask'>,
  key: string,
  cursor: string,
): Promise<{ readonly next: string; readonly fields: readonly [string, string][] }> {
  const [next, words] = await connection.ask({
    key,
    writes: false,
    send: (redis) => redis.hscan(key, cursor, 'COUNT', PAGE),
  })
  const fields: [string, string][] = []
  for (let at = 0; at + 1 < words.length; at += 2) fields.push([words[at] as string, words[at + 1] as string])
  return { next, fields }
}
