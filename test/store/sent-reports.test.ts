/** What was sent of reports, in Redis and in a file: one has the lease, and what is written is there. */
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, it } from 'node:test'
import { toSettings } from '../../plugins/enforce-tls/settings/schema.js'
import { openSentReports } from '../../plugins/enforce-tls/store/open-store.js'
import { startRedis } from '../support/redis-server.js'
import { TemporaryFolder } from '../support/temporary-folder.js'
import { until } from '../support/until.js'

const DAY = '2026-11-20'

for (const kind of ['redis', 'file'] as const)
  for (const reports of ['tls-rpt', 'report'] as const)
    describe(`what was sent of reports (${reports}), ${kind}`, () => {
      /** Two processes that share it. */
      async function open(t: { after(done: () => Promise<void>): void }) {
        const folder = new TemporaryFolder('sent-reports')
        const redis = kind === 'redis' ? await startRedis() : null
        const file = path.join(folder.path, 'rules.json')
        const settings = toSettings({
          store: { type: kind, file },
          redis: redis ? { port: redis.port, command_timeout: '500ms' } : {},
        })
        const [one, two] = [openSentReports(settings, reports), openSentReports(settings, reports)]
        t.after(async () => {
          await Promise.all([one.close(), two.close()])
          await redis?.close()
          folder.close()
        })
        return { one, two, redis, file: `${file}.${reports}.json` }
      }

      it('gives the lease to one at a time, who may prolong and end it', async (t) => {
        const { one, two } = await open(t)
        assert.equal(await one.takeLease('one', 60_000), true)
        assert.equal(await two.takeLease('two', 60_000), false)
        assert.equal(await one.takeLease('one', 60_000), true)
        await two.endLease('two')
        assert.equal(await two.takeLease('two', 60_000), false)
        await one.endLease('one')
        assert.equal(await two.takeLease('two', 50), true)
        // It ends by itself.
        await until(() => one.takeLease('one', 60_000), { what: () => 'the lease' })
      })

      it('keeps what is written of each day', async (t) => {
        const { one, two, redis } = await open(t)
        assert.equal((await one.readPeriod(DAY)).size, 0)
        await Promise.all([
          one.write(DAY, 'a', '1'),
          two.write(DAY, 'b', '2'),
          two.write('2026-11-21', 'a', '3'),
        ])
        await one.write(DAY, '__proto__', '4')
        const known = [...(await two.readPeriod(DAY))].sort()
        assert.deepEqual(known, [
          ['__proto__', '4'],
          ['a', '1'],
          ['b', '2'],
        ])
        const kept = reports === 'report' ? 69 : 3
        if (redis)
          assert.ok(Number(await redis.cli('PTTL', `enforce-tls:${reports}:${DAY}`)) > kept * 86_400_000)
      })

      it('says when it cannot be had', async (t) => {
        const { one, redis, file } = await open(t)
        if (redis) redis.pause()
        else await writeFile(file, 'nothing of ours')
        if (redis) await assert.rejects(one.readPeriod(DAY), /within 500 ms/)
        // What is no content counts as nothing known, and is replaced.
        else assert.equal((await one.readPeriod(DAY)).size, 0)
        redis?.resume()
        const write = () =>
          one.write(DAY, 'a', '1').then(
            () => true,
            () => false,
          )
        await until(write, { what: () => 'the store to take something again' })
        assert.equal((await one.readPeriod(DAY)).get('a'), '1')
      })

      if (kind === 'file')
        it('forgets a period that nothing was written of for a while', async (t) => {
          const { one, file } = await open(t)
          await one.write('2026-11-01', 'a', '1')
          const text = await readFile(file, 'utf8')
          await writeFile(
            file,
            text.replace(/"at": \d+/, `"at": ${Date.now() - (reports === 'report' ? 71 : 5) * 86_400_000}`),
          )
          await one.write(DAY, 'a', '1')
          assert.equal((await one.readPeriod('2026-11-01')).size, 0)
          assert.equal((await one.readPeriod(DAY)).size, 1)
        })
    })
