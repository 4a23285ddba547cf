/** The `[redis]` section: what it becomes, and every way to be refused with the words for it. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { toSettings } from '../../../plugins/enforce-tls/settings/schema.js'

const read = (redis: Record<string, unknown>) => toSettings({ redis }).redis

describe('the section [redis]', () => {
  it('says where Sentinels are, and who may ask them', () => {
    const settings = read({
      host: '127.0.0.1',
      port: 6379,
      sentinels: ['s1.example:26379', '[::1]:5', 's3.example'],
      name: 'rules',
      sentinel_username: 'u',
      sentinel_password: 7,
      db: 3,
    })
    assert.deepEqual(settings.sentinels, ['s1.example:26379', '[::1]:5', 's3.example'])
    assert.equal(settings.name, 'rules')
    assert.equal(settings.sentinelUsername, 'u')
    assert.equal(settings.sentinelPassword, '7')
    assert.equal(settings.db, 3)
  })

  it('says where a Cluster is, one node without brackets too', () => {
    assert.deepEqual(read({ cluster: 'node.example:7000', db: 0 }).cluster, ['node.example:7000'])
  })

  it('names the files of TLS', () => {
    const { tlsCa, tlsCert, tlsKey, tlsServername } = read({
      tls: 'true',
      tls_ca: 'ca.pem',
      tls_cert: 'c.pem',
      tls_key: 'k.pem',
      tls_servername: 'redis.example',
    })
    assert.deepEqual([tlsCa, tlsCert, tlsKey, tlsServername], ['ca.pem', 'c.pem', 'k.pem', 'redis.example'])
    assert.equal(read({ url: 'rediss://redis.example', tls_ca: 'ca.pem' }).tlsCa, 'ca.pem')
  })

  for (const [redis, says] of [
    [
      { sentinels: ['s1:1'] },
      'sentinels[] needs name=, what the Sentinels call the master (as in "sentinel monitor <name> …")',
    ],
    [{ name: 'rules' }, 'name= is for Sentinels and needs sentinels[]=host:port'],
    [{ sentinel_password: 'x' }, 'sentinel_password= is for Sentinels and needs sentinels[]=host:port'],
    [
      { sentinels: ['s1:1'], name: 'rules', cluster: ['n1:1'] },
      'sentinels[] and cluster[] both say where Redis is; expected one of them',
    ],
    [
      { url: 'redis://r.example', path: '/run/redis.sock' },
      'url= and path= both say where Redis is; expected one of them',
    ],
    [
      { url: 'redis://r.example', cluster: ['n1:1'] },
      'url= and cluster[] both say where Redis is; expected one of them',
    ],
    [{ cluster: ['n1:1'], db: 2 }, 'db=2 cannot be used with cluster[]: a Redis Cluster has only database 0'],
    [
      { cluster: ['n1:1', 'n2:port'] },
      'cluster=n1:1,n2:port: expected host:port, a line for each (cluster[]=node1.example:6379)',
    ],
    [
      { cluster: ['n1:65536'] },
      'cluster=n1:65536: expected host:port, a line for each (cluster[]=node1.example:6379)',
    ],
    [
      { sentinels: ['redis://s1:1'], name: 'rules' },
      'sentinels=redis://s1:1: expected host:port, a line for each (sentinels[]=sentinel1.example:26379)',
    ],
    [
      { tls: 'true', tls_cert: 'c.pem' },
      'tls_cert= is one half of a client certificate; both tls_cert= and tls_key= are needed',
    ],
    [
      { tls_key: 'k.pem' },
      'tls_key= is one half of a client certificate; both tls_cert= and tls_key= are needed',
    ],
    [{ tls_ca: 'ca.pem' }, 'tls_ca= has no effect without TLS; set tls=true, or use a rediss:// URL'],
    [{ tls: 'ca.pem' }, 'tls=ca.pem: expected true or false'],
    [
      { url: 'http://s3cret@r.example' },
      'url=…: expected a redis:// or rediss:// URL, or a redis+sentinel:// or redis+cluster:// one',
    ],
  ] as const)
    it(`is refused: ${says}`, () => {
      assert.throws(() => read(redis), { name: 'SettingsError', message: `enforce-tls.ini: [redis] ${says}` })
    })
})

describe("what [redis] leaves out comes from Haraka's redis.ini", () => {
  const of = (own: Record<string, unknown>, redisIni: Parameters<typeof toSettings>[1]) =>
    toSettings({ redis: own }, redisIni).redis

  for (const [what, own, redisIni, expected] of [
    ['nothing where there is none', {}, {}, { host: '127.0.0.1', port: 6379 }],
    [
      'all of [server]',
      {},
      { server: { host: 'r.example', port: 7000, db: 2, username: 'u', password: 'p', tls: 'true' } },
      {
        host: 'r.example',
        port: 7000,
        db: 2,
        username: 'u',
        password: 'p',
        tls: true,
        inherited: ['host', 'port', 'db', 'username', 'password', 'tls'],
      },
    ],
    [
      '[opts] where [server] is silent, and the names of old',
      {},
      { main: { db: 5 }, server: { ip: 'r.example', password: '' }, opts: { password: 'p' } },
      { host: 'r.example', port: 6379, db: 5, password: 'p', inherited: ['host', 'db', 'password'] },
    ],
    [
      'the login, but no place beside a place of its own',
      { host: 'mine.example' },
      { server: { host: 'r.example', port: 7000, password: 'p' } },
      { host: 'mine.example', port: 6379, password: 'p', inherited: ['password'] },
    ],
    [
      'a socket instead of host and port',
      {},
      { server: { host: 'r.example', path: '/run/redis.sock' } },
      { host: '127.0.0.1', port: 6379, path: '/run/redis.sock', inherited: ['path'] },
    ],
    [
      'nothing beside a URL',
      { url: 'redis://u.example' },
      { server: { host: 'r.example', password: 'p', db: 3 } },
      { host: '127.0.0.1', port: 6379, url: 'redis://u.example' },
    ],
    [
      'no database for a Cluster',
      { cluster: ['n1:1'] },
      { server: { host: 'r.example', database: 3, password: 'p' } },
      { host: '127.0.0.1', port: 6379, cluster: ['n1:1'], password: 'p', inherited: ['password'] },
    ],
    [
      'no key that is said here',
      { db: 1, password: 'mine' },
      { server: { db: 3, password: 'p' } },
      { host: '127.0.0.1', port: 6379, db: 1, password: 'mine' },
    ],
  ] as const)
    it(what, () => {
      const { prefix, commandTimeout, ...rest } = of(own, redisIni)
      assert.deepEqual([prefix, commandTimeout, rest], ['enforce-tls:', 2000, expected])
    })

  it('a value that can not be meant is told with its file', () => {
    assert.throws(() => of({}, { server: { port: 'x' } }), {
      name: 'SettingsError',
      message: 'redis.ini: port=x: expected a whole number from 1 to 65535',
    })
  })
})
