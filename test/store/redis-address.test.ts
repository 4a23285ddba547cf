/** Where a Redis is, from the settings: what goes before what, what is refused, and nothing secret in words. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { addressOf, shownAddress } from '../../plugins/enforce-tls/store/redis/address.js'
import type { RedisSettings } from '../../plugins/enforce-tls/settings/redis.js'
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
      'Sentinels',
      { sentinels: ['s1.example', '[::1]:5'], name: 'rules', sentinelPassword: 'w', password: 'p', db: 2 },
      {
        db: 2,
        password: 'p',
        sentinels: [
          { host: 's1.example', port: 26_379 },
          { host: '::1', port: 5 },
        ],
        name: 'rules',
        sentinelPassword: 'w',
      },
      'redis+sentinel://s1.example:26379,[::1]:5/rules/2',
    ],
    [
      'a URL of Sentinels',
      { url: 'rediss+sentinel://us:p%2Fw@s1.example,s2.example:5/rules/3' },
      {
        db: 3,
        username: 'us',
        password: 'p/w',
        sentinels: [
          { host: 's1.example', port: 26_379 },
          { host: 's2.example', port: 5 },
        ],
        name: 'rules',
        tls: {},
      },
      'rediss+sentinel://s1.example:26379,s2.example:5/rules/3',
    ],
    [
      'a Cluster',
      { cluster: ['n1.example:7000'], tls: true, tlsServername: 'redis.example' },
      { db: 0, cluster: [{ host: 'n1.example', port: 7000 }], tls: { servername: 'redis.example' } },
      'rediss+cluster://n1.example:7000',
    ],
    [
      'a URL of a Cluster',
      { url: 'redis+cluster://:p@n1.example,n2.example:7000' },
      {
        db: 0,
        password: 'p',
        cluster: [
          { host: 'n1.example', port: 6379 },
          { host: 'n2.example', port: 7000 },
        ],
      },
      'redis+cluster://n1.example:6379,n2.example:7000',
    ],
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
    'redis+sentinel://:s3cret@s1.example',
    'redis+sentinel://:s3cret@s1.example/',
    'redis+sentinel://:s3cret@s1.example/rules/db',
    'redis+sentinel://:s3cret@s1.example,/rules',
    'redis+cluster://:s3cret@n1.example/2',
    'redis+cluster://:s3cret@n1.example:port',
    'redis://:s3cret@r1.example,r2.example',
    'redis:s3cret',
    's3cret',
  ])
    it(`refuses ${url} without repeating it`, () => {
      assert.throws(
        () => addressOf(redisSettings({ url })),
        (error) => {
          storeError(
            'STORE_UNAVAILABLE',
            /^the URL of the Redis .*; expected: redis(\+sentinel|\+cluster)?:\/\//,
          )(error)
          assert.doesNotMatch((error as Error).message, /s3cret/)
          return true
        },
      )
    })
})
