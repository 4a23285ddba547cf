/** Changes of several keys on a Cluster, whose nodes can't change in one step: what fails in between is told. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { EntryChange } from '../../plugins/enforce-tls/store/entry-change.js'
import { RedisConnection } from '../../plugins/enforce-tls/store/redis/connection.js'
import type { Call } from '../../plugins/enforce-tls/store/redis/options.js'
import { writeEntries } from '../../plugins/enforce-tls/store/redis/write.js'
import { startCluster, type RedisCluster } from '../support/redis-cluster.js'
import { openRedisStore, OWNER, redisSettings, RULE } from './opened-redis-store.js'
import { storeError } from './rule-store-contract.js'

const service = (expected: string | null, value: string | null = '{"enabled":true}'): EntryChange => ({
  key: 'domains',
  owner: OWNER,
  field: OWNER,
  expected,
  value,
})
const rule = (expected: string | null, value: string | null = RULE): EntryChange => ({
  key: 'rules',
  owner: OWNER,
  field: 'a',
  expected,
  value,
})
const group = (expected: string | null, value: string | null): EntryChange => ({
  key: 'groups',
  owner: '*',
  field: 'banks',
  expected,
  value,
})

describe('changes of several keys on a Cluster', () => {
  let cluster: RedisCluster
  before(async () => {
    cluster = await startCluster()
  })
  after(() => cluster.close())

  /** Writes, and does something just before the n-th question to Redis. */
  async function writeWith(
    prefix: string,
    changes: readonly EntryChange[],
    meanwhile: Readonly<Record<number, () => Promise<unknown>>>,
    questions: string[] = [],
  ): Promise<void> {
    const real = new RedisConnection(redisSettings({ ...cluster.settings, prefix }))
    const ask = async <T>(call: Call<T>): Promise<T> => {
      questions.push(call.key ?? '')
      await meanwhile[questions.length]?.()
      return await real.ask(call)
    }
    const keyOf = ({ key, owner }: EntryChange) =>
      key === 'rules' ? `${prefix}rules:${owner}` : prefix + key
    try {
      await writeEntries(
        {
          connection: { ask } as unknown as RedisConnection,
          description: 'redis',
          historyKey: `${prefix}history`,
          markerKeys: {
            marker: `${prefix}store`,
            services: `${prefix}domains`,
            rulesForAll: `${prefix}rules:*`,
            traces: [],
          },
          keyOf,
          placeOf: (change) => `key ${keyOf(change)}, field ${change.field}`,
        },
        changes,
        'ann',
        { empty: '{}', held: '{}' },
      )
    } finally {
      await real.close()
    }
  }

  const history = async (prefix: string): Promise<string[]> => {
    await using opened = openRedisStore({ ...cluster.settings, prefix })
    return (await opened.store.history({ limit: 10 })).map(({ field }) => field)
  }

  it('are made group first, then rules, then the service, and recorded', async () => {
    await using opened = openRedisStore({ ...cluster.settings, prefix: 'one:' })
    await opened.store.writeAll([service(null), rule(null), group(null, '["a.example"]')], { by: 'ann' })
    assert.equal((await opened.store.readOwner(OWNER)).rules.get('a'), RULE)
    assert.deepEqual(await history('one:'), [OWNER, 'a', 'banks'])
    await opened.store.writeAll([group('["a.example"]', null), rule(RULE, null)], { by: 'ann' })
    assert.deepEqual((await history('one:')).slice(0, 2), ['banks', 'a'])
  })

  for (const [what, changes] of [
    ['the first', [rule('{"other":1}'), service(null)]],
    ['the last', [rule(null), service('{"other":1}')]],
  ] as const)
    it(`write nothing when ${what} is not as expected`, async () => {
      await using opened = openRedisStore({ ...cluster.settings, prefix: 'two:' })
      await assert.rejects(
        opened.store.writeAll(changes, { by: 'ann' }),
        storeError('STORE_CONFLICT', /was changed by somebody else in the meantime; nothing was written/),
      )
      assert.deepEqual(await opened.store.owners(), [])
      assert.deepEqual([...(await opened.store.services()).keys()], [])
      assert.deepEqual(await history('two:'), [])
    })

  it('say what is written when somebody is quicker between two keys, and that is recorded', async () => {
    // All in one step, the history, each of two keys, the first one written: the sixth is the second one written.
    const quicker = () => cluster.cli('HSET', 'three:domains', OWNER, '{"enabled":false}')
    await assert.rejects(
      writeWith('three:', [service(null), rule(null)], { 6: quicker }),
      storeError(
        'STORE_HALFWAY',
        /after 1 of 2 changes; written are: "key three:rules:acme\.example, field a"; then: .*key three:domains, field acme\.example was changed by somebody else.*it was not written/,
      ),
    )
    assert.equal(await cluster.cli('HGET', `three:rules:${OWNER}`, 'a'), RULE)
    assert.deepEqual(await history('three:'), ['a'])
  })

  it('say that they are made, and not recorded, when the history fails at the end', async () => {
    const spoil = () => cluster.cli('SET', 'four:history', 'text')
    await assert.rejects(
      writeWith('four:', [rule(null)], { 4: spoil }),
      storeError(
        'STORE_HALFWAY',
        /made all changes \("key four:rules:acme\.example, field a"\); the history has no record of what is written: .*four:history/,
      ),
    )
    assert.equal(await cluster.cli('HGET', `four:rules:${OWNER}`, 'a'), RULE)
  })

  it('write nothing where the history is no stream', async () => {
    await cluster.cli('SET', 'five:history', 'text')
    await assert.rejects(
      writeWith('five:', [rule(null)], {}),
      storeError('STORE_CORRUPT', /five:history is not a stream, so nothing was written/),
    )
    assert.equal(await cluster.cli('EXISTS', `five:rules:${OWNER}`), '0')
  })
})
