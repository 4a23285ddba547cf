/**
 * A Redis hash of any size, read in pages, so that neither Redis nor this process stands still while a million
 * fields go by; rejects with a `StoreError` like every question.
 *
 * A small hash comes in one page, as it is at one moment. While a larger one is read somebody may change it:
 * what is there all the time is always found, what changes meanwhile is found as it was or as it is. Whoever
 * caches the result must read again when Redis reports a change since the reading began.
 *
 * A cursor means nothing to another server: when a replica takes over between two pages, or a slot of a Cluster
 * moves, fields would be missing without a word. So they are counted, and read again if there are too few.
 */
import { BigMap } from '../../rules/big-map.js'
import type { Asks } from './options.js'
import { decode } from './decode.js'
import { StoreError } from '../rule-store.js'

/** Fields of a page: parsing them takes about a millisecond. */
const PAGE = 1000

/** How often a hash is read whose server changes meanwhile. */
const TRIES = 5

/** All fields of a hash; none where there is no such key. */
export async function readHash(connection: Asks, key: string): Promise<ReadonlyMap<string, string>> {
  for (let tries = 1; tries <= TRIES; tries++) {
    const first = await readPage(connection, key, '0')
    if (first.next === '0') return new Map(first.fields)
    const before = await countFields(connection, key)
    const fields = new BigMap<string>()
    for (let page = first; ; page = await readPage(connection, key, page.next)) {
      // A field may come twice; then the later word counts.
      for (const [field, value] of page.fields) fields.set(field, value)
      if (page.next === '0') break
    }
    if (fields.size >= Math.min(before, await countFields(connection, key))) return fields
  }
  throw new StoreError(
    'STORE_UNAVAILABLE',
    `key ${key} could not be read as a whole in ${TRIES} tries: it moves to another server, or changes all the time; try again in a moment`,
  )
}

function countFields(connection: Asks, key: string): Promise<number> {
  return connection.ask({ key, writes: false, send: (redis) => redis.hlen(key) })
}

async function readPage(
  connection: Asks,
  key: string,
  cursor: string,
): Promise<{ readonly next: string; readonly fields: readonly [string, string][] }> {
  const [next, reply] = await connection.ask({
    key,
    writes: false,
    send: (redis) => redis.hscanBuffer(key, cursor, 'COUNT', PAGE),
  })
  const words = await decode(reply)
  const fields: [string, string][] = []
  for (let at = 0; at + 1 < words.length; at += 2) fields.push([words[at] as string, words[at + 1] as string])
  return { next: next.toString(), fields }
}
