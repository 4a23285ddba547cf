import assert from 'node:assert/strict'
import { appendFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { toSettings } from '../../plugins/enforce-tls/settings/schema.js'
import type { DeliveryLog, DeliveryRecord } from '../../plugins/enforce-tls/store/delivery-log.js'
import { openDeliveryLog } from '../../plugins/enforce-tls/store/open-store.js'
import { StoreError } from '../../plugins/enforce-tls/store/rule-store.js'
import { freePort } from '../support/free-port.js'
import { startRedis } from '../support/redis-server.js'
import { TemporaryFolder } from '../support/temporary-folder.js'

const LONG_AGO = new Date(0)

interface Opened extends AsyncDisposable {
  readonly log: DeliveryLog
  /** As another process would open it. */
  readonly again: () => DeliveryLog
}

async function inRedis(): Promise<Opened> {
  const redis = await startRedis()
  return opened({ redis: { url: redis.url } }, () => redis.close())
}

function inFile(): Promise<Opened> {
  const folder = new TemporaryFolder('deliveries')
  const settings = { store: { type: 'file', file: join(folder.path, 'rules.json') } }
  return Promise.resolve(opened(settings, () => Promise.resolve(folder.close())))
}

function opened(ini: Parameters<typeof toSettings>[0], end: () => Promise<void>): Opened {
  const logs: DeliveryLog[] = []
  const again = (): DeliveryLog => {
    const log = openDeliveryLog(toSettings(ini))
    logs.push(log)
    return log
  }
  return {
    log: again(),
    again,
    [Symbol.asyncDispose]: async () => {
      for (const log of logs) await log.close()
      await end()
    },
  }
}

function numbered(from: number, count: number): DeliveryRecord[] {
  return Array.from({ length: count }, (_, index) => ({
    id: String(from + index),
    at: '2026-11-20T10:00:00.000Z',
    detail: 'with "quotes", ünïcode and\nlines',
  }))
}

async function idsIn(log: DeliveryLog, since = LONG_AGO): Promise<number[]> {
  const ids: number[] = []
  for await (const record of log.read(since)) ids.push(Number(record['id']))
  return ids
}

for (const [where, open] of [
  ['Redis', inRedis],
  ['a file', inFile],
] as const) {
  describe(`the delivery log in ${where}`, () => {
    it('is empty at first', async () => {
      await using it = await open()
      assert.deepEqual(await idsIn(it.log), [])
    })

    it('gives back what was written, in order, also to another process', async () => {
      await using it = await open()
      await it.log.append(numbered(0, 2), 1000)
      await it.again().append(numbered(2, 1), 1000)
      const read: DeliveryRecord[] = []
      for await (const record of it.again().read(LONG_AGO)) read.push(record)
      assert.deepEqual(read, numbered(0, 3))
    })

    it('forgets its oldest entries, and keeps about as many as it shall', async () => {
      await using it = await open()
      for (let batch = 0; batch < 50; batch++) await it.log.append(numbered(batch * 100, 100), 1000)
      const ids = await idsIn(it.log)
      assert.equal(ids.at(-1), 4999)
      assert.ok(ids.length >= 500 && ids.length <= 1200, String(ids.length))
      assert.deepEqual(
        ids,
        [...ids].sort((a, b) => a - b),
      )
    })

    it('drops entries that are too old, and keeps the others', async () => {
      await using it = await open()
      const at = (ago: number) => new Date(Date.now() - ago).toISOString()
      const dated = (from: number, ago: number) =>
        numbered(from, 10).map((record) => ({ ...record, at: at(ago) }))
      await it.log.append(dated(0, 5000), 1000)
      if (where === 'Redis') await pause(300)
      // As a file dates its entries: by what they say; a stream by when they came.
      const maxAge = where === 'Redis' ? 250 : 3000
      await it.again().append(dated(10, 0), 1000, maxAge)
      assert.deepEqual(
        await idsIn(it.log),
        Array.from({ length: 10 }, (_, n) => 10 + n),
      )
    })

    it('says since when it has entries', async () => {
      await using it = await open()
      assert.equal(await it.log.begins(), null)
      const before = Date.now()
      await it.log.append(
        numbered(0, 2).map((record) => ({ ...record, at: new Date().toISOString() })),
        1000,
      )
      const begins = Date.parse((await it.again().begins()) ?? '')
      assert.ok(begins >= before - 1000 && begins <= Date.now() + 1000)
    })

    it('has one key for its hashes, whoever makes it first', async () => {
      await using it = await open()
      assert.equal(await it.log.readKey(), null)
      const made = await Promise.all(
        Array.from({ length: 8 }, (_, n) => (n === 0 ? it.log : it.again()).makeKey(`candidate ${n}`)),
      )
      assert.deepEqual(new Set(made).size, 1)
      assert.equal(await it.again().readKey(), made[0])
      assert.equal(await it.again().makeKey('later'), made[0])
    })

    it('leaves out entries that are surely not wanted before they are read', async () => {
      await using it = await open()
      await it.log.append(numbered(0, 3), 1000)
      const read: DeliveryRecord[] = []
      for await (const record of it.log.read(LONG_AGO, (json) => json.includes('"id":"1"'))) read.push(record)
      assert.deepEqual(read, numbered(1, 1))
    })

    it('has more entries than are read at a time', async () => {
      await using it = await open()
      await it.log.append(numbered(0, 2500), 100_000)
      assert.equal((await idsIn(it.log)).length, 2500)
    })
  })
}

it('a stream that is none, or a Redis that is away, is told by name', async () => {
  await using redis = await startRedis()
  await redis.cli('SET', 'enforce-tls:deliveries', 'x')
  const log = openDeliveryLog(toSettings({ redis: { url: redis.url } }))
  await assert.rejects(log.append(numbered(0, 1), 1000), (error: unknown) => {
    assert.ok(error instanceof StoreError)
    assert.match(error.message, /key enforce-tls:deliveries is not a stream; look at it with TYPE/)
    return true
  })
  await log.close()
  const nowhere = openDeliveryLog(toSettings({ redis: { port: await freePort() } }))
  await assert.rejects(idsIn(nowhere), /refuses connections/)
  await nowhere.close()
})

it('in a file: what is no entry is passed over, older entries are left out, others may not read it', async () => {
  const folder = new TemporaryFolder('deliveries')
  const log = openDeliveryLog(toSettings({ store: { type: 'file', file: join(folder.path, 'rules.json') } }))
  await log.append(numbered(0, 1), 1000)
  const [file = ''] = readdirSync(folder.path)
  assert.equal(file, 'rules.json.deliveries.jsonl')
  assert.equal(statSync(join(folder.path, file)).mode & 0o007, 0)
  appendFileSync(join(folder.path, file), '{"id":1}\nnull\n{"cut off\n')
  await log.append(numbered(2, 1), 1000)
  assert.deepEqual(await idsIn(log), [0, 2])
  assert.deepEqual(await idsIn(log, new Date('2026-11-21T00:00:00Z')), [])
  folder.close()
})

it('in Redis: entries of version 0.1.0, a field for each text, are read as well', async () => {
  await using redis = await startRedis()
  await redis.cli('XADD', 'enforce-tls:deliveries', '*', 'id', '7', 'at', '2026-11-20T10:00:00.000Z')
  const log = openDeliveryLog(toSettings({ redis: { url: redis.url } }))
  await log.append(numbered(8, 1), 1000)
  assert.deepEqual(await idsIn(log), [7, 8])
  await log.close()
})

it('in a file: the key is for the same eyes as the log', async () => {
  const folder = new TemporaryFolder('deliveries')
  const log = openDeliveryLog(toSettings({ store: { type: 'file', file: join(folder.path, 'rules.json') } }))
  await log.makeKey('a key')
  assert.deepEqual(readdirSync(folder.path), ['rules.json.address-key'])
  assert.equal(statSync(join(folder.path, 'rules.json.address-key')).mode & 0o007, 0)
  folder.close()
})
