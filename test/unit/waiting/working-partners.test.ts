/** Who waits for which partner, as it is told through the store: no more and no less than what waits. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Paced } from '../../../plugins/enforce-tls/waiting/paced.js'
import { HASHES } from '../../../plugins/enforce-tls/waiting/orders.js'
import { gatewayKey, partnerKey } from '../../../plugins/enforce-tls/waiting/record.js'
import { SharedWrites } from '../../../plugins/enforce-tls/waiting/shared-writes.js'
import { WorkingPartners } from '../../../plugins/enforce-tls/waiting/working-partners.js'
import { MemoryHashes } from '../../support/memory-hashes.js'

const BANK = { domain: 'bank.example', terms: 'terms' }
const KEY = partnerKey(BANK.domain, BANK.terms)

function processOn(hashes: MemoryHashes) {
  const waiting = new Set<string>()
  const writes = new SharedWrites({
    hashes: () => hashes,
    logger: { logwarn: () => undefined, lognotice: () => undefined },
  })
  const items = { ofPartner: () => [], partners: () => new Set(waiting), size: 1 }
  const paced = { add: () => undefined } as unknown as Paced
  const partners = new WorkingPartners({ hashes: () => hashes, items, paced, writes })
  const learn = async () => {
    await partners.learn()
    await writes.close()
  }
  return { waiting, partners, learn, writes }
}

describe('partners that mail waits for', () => {
  const told = (hashes: MemoryHashes) => [...(hashes.all.get(HASHES.partners)?.keys() ?? [])]

  it('are forgotten with the mail, and told by whoever else waits', async () => {
    const hashes = new MemoryHashes()
    const [one, other] = [processOn(hashes), processOn(hashes)]
    for (const each of [one, other]) {
      each.waiting.add(KEY)
      each.partners.waits(BANK)
      await each.writes.close()
      await each.learn()
    }
    one.waiting.clear()
    await one.learn()
    await other.learn()
    assert.deepEqual(told(hashes), [KEY])
    other.waiting.clear()
    await other.learn()
    assert.deepEqual(told(hashes), [])
  })

  it('of a process that is gone are forgotten after a day', async () => {
    const hashes = new MemoryHashes()
    const at = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString()
    await hashes.write(HASHES.partners, new Map(Object.entries({ old: at(25), recent: at(23), odd: 'x' })))
    await processOn(hashes).learn()
    assert.deepEqual(told(hashes), ['recent'])
  })

  it('may be gateways, also of mail whose partner could take it again', async () => {
    const hashes = new MemoryHashes()
    const one = processOn(hashes)
    one.partners.waits({ ...BANK, gateway: 'relay' })
    await one.writes.close()
    assert.deepEqual(told(hashes).sort(), [KEY, gatewayKey('relay')].sort())
  })

  it('have short names, however long their domains are', () =>
    assert.ok(encodeURIComponent(partnerKey('a'.repeat(2000), 'x')).length < 60))
})
