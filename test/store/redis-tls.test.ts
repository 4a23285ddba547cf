/** RedisStore over TLS: trusted authorities, client certificates, names; what is not trusted is refused with words. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { RedisSettings } from '../../plugins/enforce-tls/settings/redis.js'
import { RedisFeed } from '../../plugins/enforce-tls/store/redis/feed.js'
import { makeAuthority, validity, type Authority, type KeyAndCertificate } from '../support/certificates.js'
import { startCluster } from '../support/redis-cluster.js'
import { startSentinels } from '../support/redis-sentinels.js'
import { startRedis, type RedisServer } from '../support/redis-server.js'
import { until } from '../support/until.js'
import { TemporaryFolder } from '../support/temporary-folder.js'
import {
  COMMAND_TIMEOUT,
  assertFailsInTime,
  openRedisStore,
  OWNER,
  redisSettings,
  RULE,
} from './opened-redis-store.js'
import { create, storeError } from './rule-store-contract.js'

describe('RedisStore over TLS', () => {
  const folder = new TemporaryFolder('tls')
  const file = (name: string, content: string): string => {
    const path = join(folder.path, name)
    writeFileSync(path, content)
    return path
  }
  let authority: Authority
  let own: KeyAndCertificate
  let redis: RedisServer
  let trusting: Pick<RedisSettings, 'tls' | 'tlsCa'>

  before(async () => {
    authority = await makeAuthority('Company')
    own = await authority.issue({ dnsNames: ['redis.example'], ipAddresses: ['127.0.0.1'] })
    redis = await startRedis({ tls: { ca: authority.cert, ...own } })
    trusting = { tls: true, tlsCa: file('ca.pem', authority.cert) }
  })
  after(async () => {
    await redis.close()
    folder.close()
  })

  it('trusts the authority that is set, and no other', async () => {
    await using opened = openRedisStore({ port: redis.port, ...trusting })
    await opened.store.writeRules(OWNER, [create('a', RULE)])
    assert.equal(await redis.cli('HGET', `enforce-tls:rules:${OWNER}`, 'a'), RULE)
    assert.match(opened.store.description, /^redis rediss:\/\/127\.0\.0\.1:\d+ /)
    await using url = openRedisStore({ url: redis.url, tlsCa: trusting.tlsCa ?? '' })
    assert.deepEqual(await url.store.owners(), [OWNER])
    const other = file('other.pem', (await makeAuthority('Other')).cert)
    for (const settings of [{ tls: true }, { tls: true, tlsCa: other }]) {
      await using wrong = openRedisStore({ port: redis.port, ...settings })
      await assert.rejects(
        wrong.store.readOwner(OWNER),
        storeError('STORE_UNAVAILABLE', /has a certificate that is not trusted \(.*\); set tls_ca, or/),
      )
    }
  })

  it('holds the certificate to the host, or to tls_servername, and to its time', async () => {
    await using named = await startRedis({
      tls: { ca: authority.cert, ...(await authority.issue({ dnsNames: ['redis.example'] })) },
    })
    await using wrong = openRedisStore({ port: named.port, ...trusting })
    await assertFailsInTime(
      () => wrong.store.readOwner(OWNER),
      /has a certificate for another name .*tls_servername/,
    )
    await using right = openRedisStore({ port: named.port, ...trusting, tlsServername: 'redis.example' })
    assert.equal((await right.store.readOwner(OWNER)).rules.size, 0)
    const old = await authority.issue({ ipAddresses: ['127.0.0.1'], ...validity.expired() })
    await using expired = await startRedis({ tls: { ca: authority.cert, ...old } })
    await using late = openRedisStore({ port: expired.port, ...trusting })
    await assertFailsInTime(() => late.store.readOwner(OWNER), /has a certificate that has expired/)
  })

  it('shows its client certificate where Redis asks for one', async () => {
    const tls = { ca: authority.cert, ...own, clientCertificates: true }
    await using strict = await startRedis({ tls })
    const mine = await authority.issue({ commonName: 'haraka' })
    await using known = openRedisStore({
      port: strict.port,
      ...trusting,
      tlsCert: file('client.pem', mine.cert),
      tlsKey: file('client.key', mine.key),
    })
    assert.equal((await known.store.readOwner(OWNER)).rules.size, 0)
    await using unknown = openRedisStore({ port: strict.port, ...trusting, commandTimeout: COMMAND_TIMEOUT })
    await assertFailsInTime(() => unknown.store.readOwner(OWNER), /set tls_cert and tls_key/)
  })

  it('says that Redis does not speak TLS, and that it speaks nothing else', async () => {
    await using plain = await startRedis()
    await using tls = openRedisStore({ port: plain.port, tls: true, commandTimeout: COMMAND_TIMEOUT })
    await assertFailsInTime(
      () => tls.store.readOwner(OWNER),
      /did not accept a connection.*speaks TLS on this port/,
    )
    await using clear = openRedisStore({ port: redis.port, commandTimeout: COMMAND_TIMEOUT })
    await assertFailsInTime(
      () => clear.store.readOwner(OWNER),
      new RegExp(`redis://127\\.0\\.0\\.1:${redis.port} `),
    )
  })

  it('may be closed at any moment of a handshake with a certificate that is not trusted', async () => {
    for (let moment = 0; moment < 40; moment++) {
      const opened = openRedisStore({ port: redis.port, tls: true })
      for (let step = 0; step < moment; step++) await new Promise(setImmediate)
      await opened.store.close()
    }
    await using late = openRedisStore({ port: redis.port, ...trusting })
    await late.store.readOwner(OWNER)
    assert.match(late.told.join(), /^available: /)
  })

  it('speaks TLS to Sentinels and to the master that they name', async () => {
    await using group = await startSentinels({
      replicas: 0,
      sentinels: 1,
      tls: { ca: authority.cert, ...own },
    })
    await using opened = openRedisStore({ ...group.settings, ...trusting })
    await opened.store.writeRules(OWNER, [create('a', RULE)])
    assert.equal(await (await group.master()).cli('HGET', `enforce-tls:rules:${OWNER}`, 'a'), RULE)
    await using wrong = openRedisStore({ ...group.settings, tls: true, commandTimeout: COMMAND_TIMEOUT })
    await assertFailsInTime(
      () => wrong.store.readOwner(OWNER),
      /certificate that is not trusted|no Sentinel that answers/,
    )
  })

  it('speaks TLS to every node of a Cluster, also to hear what changes', async () => {
    await using cluster = await startCluster({ redis: { tls: { ca: authority.cert, ...own } } })
    const settings = { ...cluster.settings, ...trusting }
    await using opened = openRedisStore(settings)
    const owners = Array.from({ length: 20 }, (_, n) => `d${n}.example`)
    const heard: string[] = []
    const feed = new RedisFeed(redisSettings(settings), {
      onChange: (keys) => heard.push(...(keys ?? [])),
      onSubscription: (hears) => heard.push(String(hears)),
    })
    await until(() => heard.includes('true'), { what: 'the feed to hear' })
    for (const owner of owners) await opened.store.writeRules(owner, [create('a', RULE)])
    assert.deepEqual(await opened.store.owners(), owners.toSorted())
    for (const owner of owners)
      await until(() => heard.includes(`enforce-tls:rules:${owner}`), { what: `${owner} to be heard of` })
    feed.close()
    await using wrong = openRedisStore({ ...cluster.settings, tls: true })
    await assertFailsInTime(() => wrong.store.readOwner(OWNER), /has a certificate that is not trusted/)
  })

  for (const [what, settings, says] of [
    [
      'is not there',
      () => ({ tlsCa: '/nonexistent/ca.pem' }),
      /\[redis\] tls_ca=\/nonexistent\/ca\.pem: expected a PEM file: ENOENT/,
    ],
    [
      'holds something else',
      () => ({ tlsCa: file('text.pem', 'hello') }),
      /tls_ca=.*text\.pem: expected a PEM file: it contains no CERTIFICATE/,
    ],
    [
      'is not the key of the certificate',
      async () => ({
        tlsCert: file('a.pem', own.cert),
        tlsKey: file('b.key', (await authority.issue({})).key),
      }),
      /expected certificates and the key of tls_cert: .*key values mismatch/,
    ],
  ] as const)
    it(`is refused at once with a file that ${what}`, async () => {
      const given = await settings()
      assert.throws(() => openRedisStore({ tls: true, ...given }), says)
    })
})
