/** Both stores of MTA-STS policies: shared by all who open them, and what becomes of a file. */
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import {
  MemoryPolicyStore,
  type StsPolicyStore,
} from '../../plugins/enforce-tls/published/mta-sts/policy-store.js'
import { StsPolicies } from '../../plugins/enforce-tls/published/mta-sts/sts-policies.js'
import { FileStsPolicies } from '../../plugins/enforce-tls/store/file/sts-policies.js'
import { RedisStsPolicies } from '../../plugins/enforce-tls/store/redis/sts-policies.js'
import { POLICY, TableDns } from '../support/policy-server.js'
import { startCluster } from '../support/redis-cluster.js'
import { startRedis } from '../support/redis-server.js'
import { TemporaryFolder } from '../support/temporary-folder.js'
import { COMMAND_TIMEOUT, redisSettings } from './opened-redis-store.js'
import { storeError } from './rule-store-contract.js'

interface Opened extends StsPolicyStore {
  close(): Promise<void>
}

interface Place extends AsyncDisposable {
  open(): Opened
}

const PLACES: Readonly<Record<string, () => Promise<Place>>> = {
  'in Redis': async () => {
    const redis = await startRedis()
    return {
      open: () => new RedisStsPolicies(redisSettings({ port: redis.port })),
      [Symbol.asyncDispose]: () => redis.close(),
    }
  },
  'in a Cluster': async () => {
    const cluster = await startCluster()
    return {
      open: () => new RedisStsPolicies(redisSettings({ ...cluster.settings })),
      [Symbol.asyncDispose]: () => cluster.close(),
    }
  },
  'in a file': () => {
    const folder = new TemporaryFolder('sts')
    return Promise.resolve({
      open: () => new FileStsPolicies(join(folder.path, 'rules.json')),
      [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
    })
  },
  'in memory': () => {
    const store = Object.assign(new MemoryPolicyStore(), { close: () => Promise.resolve() })
    return Promise.resolve({ open: () => store, [Symbol.asyncDispose]: () => Promise.resolve() })
  },
}

for (const [where, makePlace] of Object.entries(PLACES))
  describe(`policies ${where}`, () => {
    it('are what was put last, for all who ask', async () => {
      await using place = await makePlace()
      const [one, two] = [place.open(), place.open()]
      try {
        assert.equal(await one.get('bank.example'), null)
        await one.put('bank.example', null)
        await one.put('bank.example', 'first')
        await two.put('__proto__', 'other')
        assert.equal(await two.get('bank.example'), 'first')
        await two.put('bank.example', 'second "ü"\r\n')
        assert.equal(await one.get('bank.example'), 'second "ü"\r\n')
        assert.equal(await one.get('__proto__'), 'other')
        assert.equal(await one.get('constructor'), null)
        await two.put('bank.example', null)
        assert.equal(await one.get('bank.example'), null)
        await Promise.all(
          ['a', 'b', 'c', 'd', 'e', 'f'].map((name, index) => (index % 2 ? one : two).put(name, name)),
        )
        for (const name of 'abcdef') assert.equal(await one.get(name), name)
      } finally {
        await Promise.all([one.close(), two.close()])
      }
    })

    it('are fetched by one process for all', async () => {
      await using place = await makePlace()
      const stores = [place.open(), place.open()]
      let fetches = 0
      try {
        for (const store of stores) {
          const policies = new StsPolicies({
            dns: new TableDns({ 'TXT _mta-sts.bank.example': ['v=STSv1; id=1'] }),
            store,
            onStoreFailure: (why) => assert.fail(why),
            fetchPolicy: () => Promise.resolve({ kind: 'fetched', text: (fetches++, POLICY) }),
          })
          assert.equal((await policies.policyOf('bank.example')).kind, 'policy')
        }
        assert.equal(fetches, 1)
      } finally {
        await Promise.all(stores.map((store) => store.close()))
      }
    })
  })

describe('policies in Redis', () => {
  it('are unknown while it is away', async () => {
    const redis = await startRedis()
    const store = new RedisStsPolicies(redisSettings({ port: redis.port, commandTimeout: COMMAND_TIMEOUT }))
    await redis.close()
    await assert.rejects(store.get('bank.example'), storeError('STORE_UNAVAILABLE'))
    await assert.rejects(store.put('bank.example', 'x'), storeError('STORE_UNAVAILABLE'))
    await store.close()
  })
})

describe('policies in a file', () => {
  it('that is cut off are none, and are written anew', async () => {
    await using folder = new TemporaryFolder('sts')
    const file = join(folder.path, 'rules.json.sts.json')
    const store = new FileStsPolicies(join(folder.path, 'rules.json'))
    for (const text of ['{"policies":{"a"', '[]', '{"policies":{"a":1}}']) {
      await writeFile(file, text)
      assert.equal(await store.get('a'), null)
    }
    await store.put('a', '1')
    assert.deepEqual(JSON.parse(await readFile(file, 'utf8')), { policies: { a: '1' } })
  })

  it('that cannot be read are unknown', async () => {
    await using folder = new TemporaryFolder('sts')
    const store = new FileStsPolicies(join(folder.path, 'is a file'))
    await writeFile(join(folder.path, 'x'), '')
    const below = new FileStsPolicies(join(folder.path, 'x', 'rules.json'))
    assert.equal(await store.get('a'), null)
    await assert.rejects(below.get('a'), storeError('STORE_UNAVAILABLE', /rules\.json\.sts\.json/))
    await assert.rejects(below.put('a', '1'), storeError('STORE_UNAVAILABLE', /rules\.json\.sts\.json/))
  })

  it('are as many as there is room for: the last ones', async () => {
    await using folder = new TemporaryFolder('sts')
    const store = new FileStsPolicies(join(folder.path, 'rules.json'))
    const long = 'x'.repeat(3 * 1024 * 1024)
    for (const name of ['a', 'b', 'a', 'c']) await store.put(name, `${long}${Math.random()}`)
    assert.equal(await store.get('b'), null)
    assert.notEqual(await store.get('a'), null)
    assert.notEqual(await store.get('c'), null)
  })
})
