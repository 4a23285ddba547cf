/**
 * What was observed of partners, in every place: what several processes note is put together, a flood of partners finds
 * its bound, and while the store is away numbers wait or are lost, and counted.
 */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { PartnerNotes } from '../../plugins/enforce-tls/observe/partner-notes.js'
import { FilePartnerFacts } from '../../plugins/enforce-tls/store/file/partner-facts.js'
import type { PartnerFacts } from '../../plugins/enforce-tls/store/partner-facts.js'
import { RedisPartnerFacts } from '../../plugins/enforce-tls/store/redis/partner-facts.js'
import { LOSSES, parseLosses } from '../../plugins/enforce-tls/suggest/losses.js'
import { nameOf, ofIncoming, parsePair } from '../../plugins/enforce-tls/suggest/record.js'
import { delivery } from '../support/pair-records.js'
import { startCluster } from '../support/redis-cluster.js'
import { startRedis } from '../support/redis-server.js'
import { TemporaryFolder } from '../support/temporary-folder.js'
import { redisSettings } from './opened-redis-store.js'

interface Place extends AsyncDisposable {
  open(): PartnerFacts
}

const PLACES: Readonly<Record<string, () => Promise<Place>>> = {
  'in Redis': async () => {
    const redis = await startRedis()
    return {
      open: () => new RedisPartnerFacts(redisSettings({ port: redis.port })),
      [Symbol.asyncDispose]: () => redis.close(),
    }
  },
  'in a Cluster': async () => {
    const cluster = await startCluster()
    return {
      open: () => new RedisPartnerFacts(redisSettings({ ...cluster.settings })),
      [Symbol.asyncDispose]: () => cluster.close(),
    }
  },
  'in a file': () => {
    const folder = new TemporaryFolder('facts')
    return Promise.resolve({
      open: () => new FilePartnerFacts(join(folder.path, 'rules.json')),
      [Symbol.asyncDispose]: () => Promise.resolve(folder.close()),
    })
  },
}

const SETTINGS = { enabled: true, deliveries: 3, period: 1, forgetAfter: 30 * 86_400_000, maxPartners: 100 }
const logged: string[] = []
const log = (sentence: string) => void logged.push(sentence)

function notesOn(open: () => PartnerFacts, domains: readonly string[] = ['acme.example']): PartnerNotes {
  return new PartnerNotes({
    logger: { logwarn: log, lognotice: log },
    settings: () => SETTINGS,
    services: () => Promise.resolve(new Map(domains.map((domain) => [domain, '{"enabled":true}']))),
    open,
  })
}

const pairTo = (partner: string, owner = 'acme.example') => ({ owner, partner })

for (const [where, make] of Object.entries(PLACES))
  describe(`what was observed, ${where}`, () => {
    let place: Place
    let facts: PartnerFacts
    before(async () => {
      place = await make()
      facts = place.open()
    })
    after(async () => {
      await facts.close()
      await place[Symbol.asyncDispose]()
    })

    it('is changed by whoever has seen what is there', async () => {
      const change = (expected: string | null, value: string | null) =>
        facts.replace(new Map([['a b', { expected, value }]]))
      assert.equal((await facts.read(['a b'])).size, 0)
      assert.deepEqual([...(await change('other', 'one'))], ['a b'])
      assert.deepEqual([...(await change(null, 'one'))], [])
      assert.deepEqual([...(await change(null, 'two'))], ['a b'])
      assert.deepEqual([...(await facts.read(['a b', 'c']))], [['a b', 'one']])
      assert.equal(await facts.size(), 1)
      assert.deepEqual([...(await change('one', null))], [])
      assert.deepEqual([...(await facts.readAll())], [])
    })

    it('is put together of what all processes note, and loses nothing', async () => {
      const now = Date.now()
      const processes = Array.from({ length: 5 }, () => notesOn(() => place.open()))
      for (const [index, notes] of processes.entries())
        for (let n = 0; n < 4; n++)
          notes.take(pairTo('bank.example'), delivery(now + index * 10 + n, 'encrypt'))
      processes[0]?.takeIncoming(pairTo('bank.example'), ofIncoming(true, now))
      processes[0]?.takeIncoming(pairTo('forged.example'), ofIncoming(true, now))
      processes[0]?.take(pairTo('bank.example', 'off.example'), delivery(now, 'encrypt'))
      await Promise.all(processes.map((notes) => notes.close()))
      const all = await facts.readAll()
      assert.deepEqual([...all.keys()], [nameOf(pairTo('bank.example'))])
      const record = parsePair(all.get(nameOf(pairTo('bank.example'))))
      assert.equal(record?.deliveries, 20)
      assert.equal(record.levels.encrypt.held, 20)
      assert.equal(record.incoming?.overTls, 1)
    })

    it('finds its bound when somebody writes to a hundred thousand domains', async () => {
      const opened = place.open()
      const read = opened.read.bind(opened)
      let most = 0
      opened.read = (names) => {
        most = Math.max(most, names.length)
        return read(names)
      }
      const notes = notesOn(() => opened)
      for (let n = 0; n < 100_000; n++) notes.take(pairTo(`p${n}.example`), delivery(Date.now(), 'encrypt'))
      notes.take(pairTo('bank.example'), delivery(Date.now(), 'encrypt'))
      await notes.close()
      assert.ok(most <= 1000, `${most} pairs waited in memory`)
      const all = await facts.readAll()
      assert.equal([...all.keys()].filter((name) => name !== LOSSES).length, SETTINGS.maxPartners)
      const { deliveries } = parseLosses(all.get(LOSSES))
      assert.ok(deliveries > 99_000, `lost are ${deliveries}`)
    })
  })

describe('what was observed while the store is away', () => {
  it('is lost when Haraka ends, and the log says so', async () => {
    const redis = await startRedis()
    await redis.stop()
    const notes = notesOn(
      () => new RedisPartnerFacts(redisSettings({ port: redis.port, commandTimeout: 200 })),
    )
    notes.take(pairTo('bank.example'), delivery(Date.now(), 'encrypt'))
    await notes.close()
    assert.ok(logged.some((line) => line.startsWith('observed deliveries are not written down now')))
    await redis.close()
  })

  it('is nothing where the file was cut off: it begins anew', async () => {
    await using folder = new TemporaryFolder('facts')
    const rules = join(folder.path, 'rules.json')
    await writeFile(`${rules}.suggest.json`, '{"partners": {"a b": "')
    const notes = notesOn(() => new FilePartnerFacts(rules))
    notes.take(pairTo('bank.example'), delivery(Date.now(), 'encrypt'))
    await notes.close()
    assert.equal((await new FilePartnerFacts(rules).readAll()).size, 1)
  })
})
