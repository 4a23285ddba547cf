/** Reading large hashes from a real redis-server. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import Redis from 'ioredis'
import { startRedis } from '../support/redis-server.js'
import { openRedisStore, OWNER } from './opened-redis-store.js'

const KEY = `enforce-tls:rules:${OWNER}`
const COUNT = 10_000

function fields(from: number, to: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: to - from }, (_, n) => [`r${from + n}`, `rule ${from + n}`]))
}

it('reads thousands of rules in several pages, each rule once', async () => {
  await using redis = await startRedis()
  await using opened = openRedisStore({ port: redis.port })
  const other = new Redis(redis.port)
  try {
    await other.hset(KEY, fields(0, COUNT))
    const { rules } = await opened.store.readOwner(OWNER)
    assert.deepEqual(Object.fromEntries(rules), fields(0, COUNT))
    const calls = Number(/cmdstat_hscan:calls=(\d+)/.exec(await redis.cli('INFO', 'commandstats'))?.[1])
    assert.ok(calls >= 5 && calls <= 20, `${calls} pages`)
  } finally {
    other.disconnect()
  }
})

it('finds every rule that is there all the time while others come and go', async () => {
  await using redis = await startRedis()
  await using opened = openRedisStore({ port: redis.port })
  const other = new Redis(redis.port)
  try {
    await other.hset(KEY, fields(0, COUNT))
    const reading = opened.store.readOwner(OWNER)
    // The table grows, shrinks and is moved bucket by bucket while it is read.
    const changing = (async () => {
      for (let from = COUNT; from < 5 * COUNT; from += 2000) await other.hset(KEY, fields(from, from + 2000))
      for (let from = COUNT; from < 5 * COUNT; from += 2000)
        await other.hdel(KEY, ...Object.keys(fields(from, from + 2000)))
    })()
    const [{ rules }] = await Promise.all([reading, changing])
    for (const [id, json] of Object.entries(fields(0, COUNT))) assert.equal(rules.get(id), json)
    assert.deepEqual(Object.fromEntries((await opened.store.readOwner(OWNER)).rules), fields(0, COUNT))
  } finally {
    other.disconnect()
  }
})
