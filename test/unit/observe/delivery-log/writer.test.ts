import assert from 'node:assert/strict'
import { describe, it, mock } from 'node:test'
import {
  DeliveryLogWriter,
  PendingEntry,
} from '../../../../plugins/enforce-tls/observe/delivery-log/writer.js'
import type { DeliveryLog, DeliveryRecord } from '../../../../plugins/enforce-tls/store/delivery-log.js'

/** A log that takes what it is given, unless told otherwise. */
class FakeLog implements DeliveryLog {
  readonly description = 'a log'
  readonly taken: DeliveryRecord[] = []
  readonly batches: number[] = []
  behave: () => Promise<void> = () => Promise.resolve()
  closed = 0
  key: string | null = null
  keysRead = 0

  async append(records: readonly DeliveryRecord[]): Promise<void> {
    this.batches.push(records.length)
    await this.behave()
    this.taken.push(...records)
  }

  check(): Promise<void> {
    throw new Error('a writer does not look')
  }

  read(): AsyncIterable<DeliveryRecord> {
    throw new Error('a writer does not read')
  }

  begins(): Promise<string | null> {
    throw new Error('a writer does not read')
  }

  readKey(): Promise<string | null> {
    this.keysRead++
    return Promise.resolve(this.key)
  }

  makeKey(candidate: string): Promise<string> {
    this.key ??= candidate
    return Promise.resolve(this.key)
  }

  close(): Promise<void> {
    this.closed++
    return Promise.resolve()
  }
}

function setUp() {
  const log = new FakeLog()
  const told: string[] = []
  const tell = (sentence: string) => void told.push(sentence)
  const clock = { now: 0 }
  const writer = new DeliveryLogWriter({
    open: () => log,
    maxEntries: () => 1000,
    newKey: () => 'a new key',
    log: { logerror: tell, logwarn: tell, lognotice: tell },
    now: () => clock.now,
  })
  const fill = (count: number) => {
    for (let index = 0; index < count; index++) writer.write({ id: String(index) })
  }
  return { log, told, clock, writer, fill }
}

/** Lets promises that are ready go on. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
}

describe('the writer of the delivery log', () => {
  it('finishes entries when it writes them, with one key for a batch, and in order', async (t) => {
    mock.timers.enable({ apis: ['setTimeout'] })
    t.after(() => mock.timers.reset())
    const { log, writer } = setUp()
    for (const id of ['a', 'b'])
      writer.write(new PendingEntry(async (key) => ({ id, key: (await key()) ?? 'none' })))
    writer.write({ id: 'c' })
    assert.equal(log.keysRead, 0)
    mock.timers.tick(200)
    await settle()
    assert.deepEqual(log.taken, [{ id: 'a', key: 'a new key' }, { id: 'b', key: 'a new key' }, { id: 'c' }])
    assert.equal(log.keysRead, 1)
  })

  it('writes without names where the key may not be read, and says so once', async (t) => {
    mock.timers.enable({ apis: ['setTimeout'] })
    t.after(() => mock.timers.reset())
    const { log, told, writer } = setUp()
    log.readKey = () => Promise.reject(new Error('NOPERM this user has no permissions'))
    for (const id of ['a', 'b']) {
      writer.write(new PendingEntry(async (key) => ({ id, key: (await key()) ?? 'none' })))
      mock.timers.tick(200)
      await settle()
    }
    assert.deepEqual(log.taken, [
      { id: 'a', key: 'none' },
      { id: 'b', key: 'none' },
    ])
    assert.equal(told.length, 1)
    assert.match(told[0] ?? '', /without names/)
  })

  it('keeps entries that cannot be finished now', async (t) => {
    mock.timers.enable({ apis: ['setTimeout'] })
    t.after(() => mock.timers.reset())
    const { log, writer } = setUp()
    const away = mock.method(log, 'readKey', () => Promise.reject(new Error('away')))
    writer.write(new PendingEntry(async (key) => ({ id: 'a', key: (await key()) ?? 'none' })))
    mock.timers.tick(200)
    await settle()
    assert.deepEqual(log.taken, [])
    away.mock.restore()
    mock.timers.tick(200)
    await settle()
    assert.deepEqual(log.taken, [{ id: 'a', key: 'a new key' }])
  })

  it('writes in batches, in order, and not at once', async (t) => {
    mock.timers.enable({ apis: ['setTimeout'] })
    t.after(() => mock.timers.reset())
    const { log, fill } = setUp()
    fill(1200)
    assert.deepEqual(log.batches, [])
    for (let turn = 0; turn < 4; turn++) {
      mock.timers.tick(200)
      await settle()
    }
    assert.deepEqual(log.batches, [500, 500, 200])
    assert.deepEqual(
      log.taken.map(({ id }) => Number(id)),
      Array.from({ length: 1200 }, (_, index) => index),
    )
  })

  it('keeps what a log refuses, and writes it later', async (t) => {
    mock.timers.enable({ apis: ['setTimeout'] })
    t.after(() => mock.timers.reset())
    const { log, told, writer, fill } = setUp()
    log.behave = () => Promise.reject(new Error('away'))
    fill(3)
    mock.timers.tick(200)
    await settle()
    assert.equal(log.taken.length, 0)
    log.behave = () => Promise.resolve()
    mock.timers.tick(200)
    await settle()
    assert.equal(log.taken.length, 3)
    assert.deepEqual(told, [
      'the delivery log cannot be written, its entries wait in memory: away',
      'the delivery log is written again',
    ])
    assert.equal(writer.available, true)
  })

  it('tells of a failure that goes on only once, and of the next one again', async (t) => {
    mock.timers.enable({ apis: ['setTimeout'] })
    t.after(() => mock.timers.reset())
    const { log, told, writer, fill } = setUp()
    assert.equal(writer.available, null)
    fill(1)
    for (const works of [false, false, true, true, false]) {
      log.behave = () => (works ? Promise.resolve() : Promise.reject(new Error('read-only')))
      fill(1)
      mock.timers.tick(200)
      await settle()
      assert.equal(writer.available, works)
    }
    const failed = 'the delivery log cannot be written, its entries wait in memory: read-only'
    assert.deepEqual(told, [failed, 'the delivery log is written again', failed])
  })

  it('drops what is too much while a log hangs, and tells once a minute how much and why', async (t) => {
    mock.timers.enable({ apis: ['setTimeout'] })
    t.after(() => mock.timers.reset())
    const { log, told, clock, writer, fill } = setUp()
    log.behave = () => new Promise(() => undefined)
    fill(10_000)
    mock.timers.tick(200)
    await settle()
    assert.deepEqual(told, [])
    fill(1)
    assert.deepEqual(told, [
      'entries of the delivery log that were dropped: 1, because the log is slower than the deliveries',
    ])
    fill(41)
    clock.now += 59_999
    fill(1)
    assert.equal(told.length, 1)
    clock.now += 1
    writer.write({ id: 'x' })
    assert.match(String(told[1]), /dropped: 43, because/)
    assert.deepEqual(log.batches, [500], 'one write at a time')
  })

  it('writes what waits when it is closed, gives the log back, and takes nothing more', async () => {
    const { log, told, writer, fill } = setUp()
    fill(700)
    await writer.close()
    assert.equal(log.taken.length, 700)
    assert.equal(log.closed, 1)
    writer.write({ id: 'late' })
    assert.equal(told.length, 1)
  })

  it('gives up at the first failure when it is closed, and tells what is lost', async () => {
    const { log, told, writer, fill } = setUp()
    log.behave = () => Promise.reject(new Error('redis is away'))
    fill(700)
    await writer.close()
    assert.deepEqual(log.batches, [500])
    assert.deepEqual(told, [
      'the delivery log cannot be written, its entries wait in memory: redis is away',
      'entries of the delivery log that were dropped: 700, because redis is away',
    ])
  })
})
