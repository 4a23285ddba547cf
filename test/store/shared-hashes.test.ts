/** Shared hashes in every place: what one writes all see, and of several who take a field one has it. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { FileSharedHashes } from '../../plugins/enforce-tls/store/file/shared-hashes.js'
import { RedisSharedHashes } from '../../plugins/enforce-tls/store/redis/shared-hashes.js'
import type { SharedHashes } from '../../plugins/enforce-tls/store/shared-hashes.js'
import { readWaiting } from '../../plugins/enforce-tls/waiting/read-waiting.js'
import { SharedWrites } from '../../plugins/enforce-tls/waiting/shared-writes.js'
import { WaitingItems } from '../../plugins/enforce-tls/waiting/waiting-items.js'
import { OwnRounds } from '../support/own-rounds.js'
import { startCluster } from '../support/redis-cluster.js'
import { startRedis } from '../support/redis-server.js'
import { TemporaryFolder } from '../support/temporary-folder.js'
import { tellWaiting, waitingRecord } from '../support/waiting-records.js'
import { redisSettings } from './opened-redis-store.js'

interface Place extends AsyncDisposable {
  open(): SharedHashes
}

const PLACES: Readonly<Record<string, () => Promise<Place>>> = {
  'in Redis': async () => {
    const redis = await startRedis()
    return {
      open: () => new RedisSharedHashes(redisSettings({ port: redis.port })),
      [Symbol.asyncDispose]: () => redis.close(),
    }
  },
  'in a Cluster': async () => {
    const cluster = await startCluster()
    return {
      open: () => new RedisSharedHashes(redisSettings({ ...cluster.settings })),
      [Symbol.asyncDispose]: () => cluster.close(),
    }
  },
  'in files': () => {
    const folder = new TemporaryFolder('hashes')
    return Promise.resolve({
      open: () => new FileSharedHashes(join(folder.path, 'rules.json')),
      [Symbol.asyncDispose]: () => Promise.resolve(folder.close()),
    })
  },
}
const MESSAGES = 10_000
/** The most own work in one go, in milliseconds. */
const STALL_MAX = 50

for (const [where, make] of Object.entries(PLACES))
  describe(`shared hashes ${where}`, () => {
    let place: Place
    let one: SharedHashes
    let other: SharedHashes
    before(async () => {
      place = await make()
      one = place.open()
      other = place.open()
    })
    after(async () => {
      await one.close()
      await other.close()
      await place[Symbol.asyncDispose]()
    })

    it('show all what one has written and removed, whatever the names are', async () => {
      const fields = ['a', '..', '~x', 'a/b', 'bücher.example', '__proto__', '%41', 'x'.repeat(60)]
      await one.write('h:1', new Map(fields.map((field) => [field, `${field} \u{1f600}\n`])))
      const read = await other.read('h:1')
      assert.deepEqual([...read.keys()].sort(), [...fields].sort())
      for (const field of fields) assert.equal(read.get(field), `${field} \u{1f600}\n`)
      assert.deepEqual([...(await other.get('h:1', ['a', 'none']))], [['a', 'a \u{1f600}\n']])
      await other.write(
        'h:1',
        new Map([
          ['a', null],
          ['none', null],
        ]),
      )
      assert.equal((await one.read('h:1')).size, fields.length - 1)
      assert.equal((await one.read('h:2')).size, 0)
    })

    it('are added to by the first, and a field is taken by one of many', async () => {
      const added = await Promise.all([one, other].map((hashes) => hashes.add('h:3', new Map([['f', 'v']]))))
      assert.equal(added.filter((set) => set.has('f')).length, 1)
      const taken = await Promise.all(
        Array.from({ length: 10 }, (_, n) => (n % 2 === 0 ? one : other).take('h:3', 'f')),
      )
      assert.equal(taken.filter(Boolean).length, 1)
      assert.equal(await one.take('h:3', 'f'), false)
    })

    it(`hold ${MESSAGES} messages, read, filtered and compared with a queue folder without a long stall`, async (t) => {
      const records = Array.from({ length: MESSAGES }, (_, n) =>
        waitingRecord(`${(1_700_000_000_000 + n).toString(36)}-tag${n}`, {
          since: new Date(1_700_000_000_000 + n).toISOString(),
          domain: n % 100 === 0 ? 'clinic.example' : 'bank.example',
        }),
      )
      await tellWaiting(one, 'node', records)
      const queue = await mkdtemp(join(tmpdir(), 'queue-'))
      t.after(() => rm(queue, { recursive: true }))
      for (let n = 0; n < MESSAGES; n++)
        await writeFile(join(queue, `${1_700_000_000_000 + n}_1800000000000_1_77_tag${n}_1_mta`), '')
      const items = new WaitingItems(
        new SharedWrites({
          hashes: () => other,
          logger: { logwarn: () => undefined, lognotice: () => undefined },
        }),
      )
      using rounds = new OwnRounds()
      const since = performance.now()
      const all = await readWaiting(other)
      const took = performance.now() - since
      const some = await readWaiting(other, { partner: 'clinic.example' })
      const compared = await items.compare('node', other, queue)
      assert.equal(all.messages.length, MESSAGES)
      assert.equal(some.messages.length, MESSAGES / 100)
      assert.equal(items.size, MESSAGES)
      assert.deepEqual(compared.gone, [])
      t.diagnostic(`read in ${took.toFixed(0)} ms, longest stall ${rounds.longest.toFixed(0)} ms`)
      assert.ok(rounds.longest < STALL_MAX, `${rounds.longest} ms`)
    })
  })
