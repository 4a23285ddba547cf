/** What a Haraka knows after a restart of what its delivery log does not have. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { DeliveryLogObserver } from '../../../../plugins/enforce-tls/observe/delivery-log/evidence.js'
import { gapIn } from '../../../../plugins/enforce-tls/observe/delivery-log/gap.js'
import { GapMarks } from '../../../../plugins/enforce-tls/observe/delivery-log/gap-marks.js'
import { DeliveryLogWriter } from '../../../../plugins/enforce-tls/observe/delivery-log/writer.js'
import { toSettings } from '../../../../plugins/enforce-tls/settings/schema.js'
import type { DeliveryLog, DeliveryRecord } from '../../../../plugins/enforce-tls/store/delivery-log.js'

const T0 = Date.parse('2026-11-20T10:00:00Z')
const at = (ms: number) => new Date(T0 + ms).toISOString()
const quiet = { logerror: () => undefined, logwarn: () => undefined, lognotice: () => undefined }

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'marks-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return folder
}

/** A log in memory, which can be away. */
class MemoryLog {
  readonly taken: DeliveryRecord[] = []
  away = false

  open(): DeliveryLog {
    const append = (records: readonly DeliveryRecord[]) => {
      if (this.away) return Promise.reject(new Error('away'))
      this.taken.push(...records)
      return Promise.resolve()
    }
    return { append, close: () => Promise.resolve() } as unknown as DeliveryLog
  }

  get gaps() {
    return this.taken.flatMap((record) => gapIn(record) ?? [])
  }
}

describe('entries that a process has not written', () => {
  it('are known after its end, once, and only then', async (t) => {
    const folder = folderFor(t)
    const clock = { now: T0 }
    const dead = spawnSync(process.execPath, ['-e', '0']).pid
    const [one, other] = [new GapMarks(folder, () => clock.now), new GapMarks(folder, () => clock.now)]
    one.waits()
    one.written()
    assert.deepEqual(readdirSync(folder), [])
    writeFileSync(path.join(folder, `.enforce-tls.unwritten.${dead}.x`), at(0))
    writeFileSync(path.join(folder, `.enforce-tls.unwritten.${process.ppid}.y`), at(0))
    utimesSync(path.join(folder, `.enforce-tls.unwritten.${process.ppid}.y`), T0 / 1000, T0 / 1000)
    clock.now = T0 + 5000
    const gap = { from: at(0), until: at(5000), why: 'killed', entries: 0 }
    assert.deepEqual((await Promise.all([one.leftOver(), other.leftOver()])).flat(), [gap])
    assert.deepEqual(await one.leftOver(), [])
    // A number that another process has by now: nobody has touched the mark for long.
    clock.now = T0 + 61_000
    assert.deepEqual(await one.leftOver(), [{ ...gap, until: at(61_000) }])
  })

  it('are marked until the log has them, also over a close', async (t) => {
    const folder = folderFor(t)
    const log = new MemoryLog()
    const writer = () =>
      new DeliveryLogWriter({
        open: () => log.open(),
        maxEntries: () => 1000,
        newKey: () => 'key',
        marks: new GapMarks(folder),
        log: quiet,
      })
    const good = writer()
    good.write({ id: 'a' })
    assert.equal(readdirSync(folder).length, 1)
    await good.close()
    assert.deepEqual(readdirSync(folder), [])
    log.away = true
    const bad = writer()
    bad.write({ id: 'b' })
    await bad.close()
    assert.equal(readdirSync(folder).length, 1)
  })

  it('are counted in the log where it did not take them in time', async () => {
    const log = new MemoryLog()
    log.away = true
    const writer = new DeliveryLogWriter({
      open: () => log.open(),
      maxEntries: () => 1000,
      newKey: () => 'key',
      gapOf: ({ from, until, why, entries }) => ({
        kind: 'gap',
        at: until ?? '',
        since: from,
        result: why,
        entries: String(entries),
      }),
      log: quiet,
    })
    for (let n = 0; n < 10_003; n++) writer.write({ id: String(n) })
    log.away = false
    await writer.close()
    assert.deepEqual(
      log.gaps.map(({ why, entries }) => [why, entries]),
      [['dropped', 3]],
    )
  })
})

it('a delivery log that was switched off says so when it is on again, also after a restart', async (t) => {
  const folder = folderFor(t)
  const log = new MemoryLog()
  let stream = true
  const start = () => {
    const observer = new DeliveryLogObserver({
      logger: quiet,
      settings: () => ({ ...toSettings({}).evidence, stream }),
      open: () => log.open(),
      me: () => 'mta1',
      queueFolder: folder,
      isStoreNew: () => false,
    })
    observer.begin()
    return observer
  }
  const first = start()
  assert.equal(first.offSince, null)
  stream = false
  first.settingsChanged()
  const since = first.offSince
  await first.close()
  await pause(2)
  const second = start()
  assert.equal(second.offSince, since)
  stream = true
  second.settingsChanged()
  assert.equal(second.offSince, null)
  await second.close()
  assert.deepEqual(
    log.gaps.map(({ from, why, node }) => [from, why, node]),
    [[since, 'off', 'mta1']],
  )
  assert.deepEqual(readdirSync(folder), [])
})
