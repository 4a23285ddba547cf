/** Both partner books: compare-and-set, and a turn that one process has at a time. */
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { FileAlertState } from '../../plugins/enforce-tls/store/file/alert-state.js'
import type { AlertState } from '../../plugins/enforce-tls/store/alert-state.js'
import { RedisAlertState } from '../../plugins/enforce-tls/store/redis/alert-state.js'
import { startCluster } from '../support/redis-cluster.js'
import { startRedis } from '../support/redis-server.js'
import { TemporaryFolder } from '../support/temporary-folder.js'
import { until } from '../support/until.js'
import { redisSettings } from './opened-redis-store.js'

interface Place extends AsyncDisposable {
  open(): AlertState
}

const PLACES: Readonly<Record<string, () => Promise<Place>>> = {
  'in Redis': async () => {
    const redis = await startRedis()
    return {
      open: () => new RedisAlertState(redisSettings({ port: redis.port })),
      [Symbol.asyncDispose]: () => redis.close(),
    }
  },
  'in a Cluster': async () => {
    const cluster = await startCluster()
    return {
      open: () => new RedisAlertState(redisSettings({ ...cluster.settings })),
      [Symbol.asyncDispose]: () => cluster.close(),
    }
  },
  'in a file': () => {
    const folder = new TemporaryFolder('partners')
    return Promise.resolve({
      open: () => new FileAlertState(join(folder.path, 'rules.json')),
      [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
    })
  },
}

for (const [where, makePlace] of Object.entries(PLACES))
  describe(`a partner book ${where}`, () => {
    it('writes where nobody else was quicker', async () => {
      await using place = await makePlace()
      const [one, two] = [place.open(), place.open()]
      try {
        assert.equal(await one.read('a'), null)
        assert.equal(await one.replace('a', null, '1'), true)
        assert.equal(await two.replace('a', null, '2'), false)
        assert.equal(await two.replace('a', '1', '2'), true)
        assert.equal(await one.replace('b', null, 'x'), true)
        assert.deepEqual([...(await one.readAll())].sort(), [
          ['a', '2'],
          ['b', 'x'],
        ])
        assert.equal(await one.replace('a', '1', null), false)
        assert.equal(await one.replace('a', '2', null), true)
        assert.equal(await two.read('a'), null)
      } finally {
        await Promise.all([one.close(), two.close()])
      }
    })

    it('gives a turn to one at a time, until it ends', async () => {
      await using place = await makePlace()
      const [one, two] = [place.open(), place.open()]
      try {
        const taken = await Promise.all([one.takeLease('one', 60_000), two.takeLease('two', 60_000)])
        assert.deepEqual(taken.toSorted(), [false, true])
        const [holder, other] = taken[0] ? ['one', 'two'] : ['two', 'one']
        await two.endLeaseAfter(other, 0)
        assert.equal(await two.takeLease('third', 60_000), false)
        await one.endLeaseAfter(holder, 0)
        assert.equal(await two.takeLease('third', 200), true)
        assert.equal(await one.takeLease('fourth', 60_000), false)
        await until(() => one.takeLease('fourth', 60_000), { what: 'the turn to end by itself' })
      } finally {
        await Promise.all([one.close(), two.close()])
      }
    })
  })

describe('a partner book in a file', () => {
  it('that is cut off counts as nothing known, and is written anew', async () => {
    const folder = new TemporaryFolder('partners')
    const file = join(folder.path, 'rules.json.partners.json')
    await writeFile(file, '{"partners":{"a"')
    const book = new FileAlertState(join(folder.path, 'rules.json'))
    assert.equal(await book.read('a'), null)
    assert.equal(await book.replace('a', null, '1'), true)
    assert.deepEqual(JSON.parse(await readFile(file, 'utf8')), { partners: { a: '1' } })
    folder.close()
  })
})
