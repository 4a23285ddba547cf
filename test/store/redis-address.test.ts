/** Where a Redis is, from the settings: what goes before what, what is refused, and nothing secret in words. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { addressOf, shownAddress } from '../../plugins/enforce-tls/store/redis-address.js'
import type { RedisSettings } from '../../plugins/enforce-tls/settings.js'
import { redisSettings } from './opened-redis-store.js'
import { storeError } from './rule-store-contract.js'

describe('the address of a Redis', () => {
  for (const [name, settings, address, shown] of [
    ['defaults', {}, { db: 0, host: '127.0.0.1', port: 6379 }, 'redis://127.0.0.1:6379'],
    [
      'keys',
      { host: '::1', port: 1, db: 2, username: 'u', password: 'p' },
      { db: 2, host: '::1', port: 1, username: 'u', password: 'p' },
      'redis://[::1]:1/2',
    ],
    [
      'a URL with everything',
      { url: 'rediss://us%40er:p%2Fw@redis.example:7000/4' },
      {
        db: 4,
        username: 'us@er',
        password: 'p/w',
        host: 'redis.example',
        port: 7000,
        tls: { servername: 'redis.example' },
      },
      'rediss://redis.example:7000/4',
    ],
    [
      'a URL beside keys',
      { url: 'redis://redis.example', host: 'other.example', port: 1, password: 'p', db: 3 },
      { db: 3, password: 'p', host: 'redis.example', port: 6379 },
      'redis://redis.example:6379/3',
    ],
    [
      'a URL with an IPv6 address',
      { url: 'redis://[::1]:1' },
      { db: 0, host: '::1', port: 1 },
      'redis://[::1]:1',
    ],
    [
      'TLS to an address literal',
      { tls: true },
      { db: 0, host: '127.0.0.1', port: 6379, tls: {} },
      'rediss://127.0.0.1:6379',
    ],
    ['TLS off', { tls: false }, { db: 0, host: '127.0.0.1', port: 6379 }, 'redis://127.0.0.1:6379'],
    [
      'a unix socket',
      { path: '/run/redis.sock', db: 1 },
      { db: 1, path: '/run/redis.sock' },
      'unix:///run/redis.sock db 1',
    ],
  ] as const satisfies readonly (readonly [string, Partial<RedisSettings>, object, string])[])
    it(`is that of ${name}`, () => {
      const found = addressOf(redisSettings(settings))
      assert.deepEqual(found, address)
      assert.equal(shownAddress(found), shown)
    })

  for (const url of [
    'redis://user:s3cret/x@redis.example',
    'redis://user:s3cret?x@redis.example',
    'redis://user:s3cret#x@redis.example',
    'redis://s3cret#x@redis.example',
    'redis://s3cret/x@redis.example',
    'http://user:s3cret@redis.example',
    'redis://user:s3cret@redis.example/rules',
    'redis://user:s3cret@redis.example?db=2',
    'redis:s3cret',
    's3cret',
  ])
    it(`refuses ${url} without repeating it`, () => {
      assert.throws(
        () => addressOf(redisSettings({ url })),
        (error) => {
          storeError('STORE_UNAVAILABLE', /^the URL of the Redis .*; expected: redis:\/\//)(error)
          assert.doesNotMatch((error as Error).message, /s3cret/)
          return true
        },
      )
    })
})
