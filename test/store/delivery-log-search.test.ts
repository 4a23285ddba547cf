/** A search through a long delivery log: what it costs, and that others have their turn meanwhile. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { it } from 'node:test'
import { hashOf } from '../../plugins/enforce-tls/observe/delivery-log/names.js'
import { toRecord } from '../../plugins/enforce-tls/observe/delivery-log/entry.js'
import { searchMessages } from '../../plugins/enforce-tls/report/trace/search.js'
import type { TraceQuery } from '../../plugins/enforce-tls/report/trace/trace-query.js'
import { toSettings } from '../../plugins/enforce-tls/settings/schema.js'
import { openDeliveryLog } from '../../plugins/enforce-tls/store/open-store.js'
import { entry, NO_HISTORY } from '../support/evidence-entries.js'
import { startRedis } from '../support/redis-server.js'
import { TemporaryFolder } from '../support/temporary-folder.js'

const ENTRIES = 20_000
/** CPU time of the process, in milliseconds; 100,000 entries are to take a second, and this is a fifth. */
const COST_MAX = 200
const RUNS = 5

type Ini = Parameters<typeof toSettings>[0]

async function assertSearches(ini: Ini): Promise<void> {
  const log = openDeliveryLog(toSettings(ini))
  try {
    const key = await log.makeKey('a key')
    const at = new Date().toISOString()
    for (let from = 0; from < ENTRIES; from += 1000) {
      const records = Array.from({ length: 1000 }, (_, index) => {
        const n = from + index
        return toRecord(
          entry({
            ...{
              at,
              uuid: `U${n}.1.1`,
              protocol: 'TLSv1.3',
              cipher: 'TLS_AES_256_GCM_SHA384',
              mx: 'mx.bank.example',
            },
            ...{ issuer: 'CN=Some CA, O=Some Company', fingerprint: 'A1:'.repeat(31), expires: at },
            sender: hashOf(key, 'sender', 'ann@acme.example'),
            to: [hashOf(key, 'to', `u${n}@bank.example`)],
          }),
        )
      })
      await log.append(records, 1_000_000)
    }
    const all = {
      from: null,
      messageId: null,
      uuid: null,
      partner: null,
      rule: null,
      result: null,
      owner: null,
    }
    const query: TraceQuery = {
      ...all,
      to: `u${ENTRIES / 2}@bank.example`,
      since: new Date(0),
      until: new Date(Date.now() + 1),
    }
    let least = Infinity
    let turns = 0
    const counting = setInterval(() => turns++, 1)
    for (let run = 0; run < RUNS; run++) {
      const begun = process.cpuUsage()
      const { messages } = await searchMessages(log, query, { skip: 0, limit: 50 }, NO_HISTORY)
      const { user, system } = process.cpuUsage(begun)
      least = Math.min(least, (user + system) / 1000)
      assert.deepEqual(
        messages.map(({ uuid }) => uuid),
        [`U${ENTRIES / 2}.1.1`],
      )
    }
    clearInterval(counting)
    assert.ok(least <= COST_MAX, `${Math.round(least)} ms`)
    assert.ok(turns >= RUNS * 2, `${turns} turns of others`)
  } finally {
    await log.close()
  }
}

it(`${ENTRIES} entries in Redis are looked through in a fifth of a second`, async () => {
  await using redis = await startRedis()
  await assertSearches({ redis: { url: redis.url } })
})

it(`${ENTRIES} entries in a file are, too`, async () => {
  const folder = new TemporaryFolder('search')
  await assertSearches({ store: { type: 'file', file: join(folder.path, 'rules.json') } })
  folder.close()
})
