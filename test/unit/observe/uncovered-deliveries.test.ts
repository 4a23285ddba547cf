/**
 * Deliveries that no rule covers: switched off nothing of an item is touched; what is noted has no address; look-ups and
 * checks are bounded, whatever comes; and what a check says of the levels.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkedLevels } from '../../../plugins/enforce-tls/check/checked-levels.js'
import type { HostCheck } from '../../../plugins/enforce-tls/check/types.js'
import { tlsFailure } from '../../../plugins/enforce-tls/delivery/outcome.js'
import type { HarakaMailItem } from '../../../plugins/enforce-tls/haraka/types.js'
import type { ObservedVerdict } from '../../../plugins/enforce-tls/observe/judge-observed.js'
import { PartnerChecks } from '../../../plugins/enforce-tls/observe/partner-checks.js'
import { UncoveredDeliveries } from '../../../plugins/enforce-tls/observe/uncovered-deliveries.js'
import { nameOf, type Pair, type PairRecord } from '../../../plugins/enforce-tls/suggest/record.js'
import { fakeAddress, FakeHaraka } from '../../support/fake-haraka.js'
import { FakeHmail } from '../../support/fake-hmail.js'
import { until } from '../../support/until.js'

const HELD: ObservedVerdict = { result: 'would-deliver' }
const UNKNOWN: ObservedVerdict = { result: 'unknown', why: 'nobody knows' }
const SELF_SIGNED: ObservedVerdict = {
  result: 'would-bounce',
  failure: tlsFailure('certificate-not-trusted', 'has a certificate that is self-signed'),
}

class Scene {
  enabled = true
  readonly verdicts: Record<string, ObservedVerdict> = {}
  readonly lookedUp: string[] = []
  readonly taken: [string, PairRecord][] = []
  readonly asked: Pair[] = []
  dropped = 0
  /** While it is set, look-ups of what is published wait for it. */
  dns: Promise<void> | null = null

  readonly deliveries = new UncoveredDeliveries({
    logger: { logwarn: (sentence: string) => assert.fail(sentence) },
    enabled: () => this.enabled,
    judge: {
      prepare: (handover, seen) => Promise.resolve({ handover, seen, terms: { now: Date.now() } }) as never,
      verdictOn: async (_judged, requirement, domain) => {
        if (requirement.level === 'published') {
          this.lookedUp.push(domain)
          await this.dns
        }
        return { requirement, verdict: this.verdicts[requirement.level] ?? UNKNOWN }
      },
    },
    notes: {
      wants: (owner) => owner === 'acme.example',
      take: (pair, record) => void this.taken.push([nameOf(pair), record]),
      takeIncoming: (pair, record) => void this.taken.push([nameOf(pair), record]),
      drop: () => {
        this.dropped++
      },
    },
    checks: { ask: (pair) => void this.asked.push(pair) },
  })

  item(to = 'cfo@bank.example', from = 'ann@acme.example'): HarakaMailItem {
    return new FakeHmail(new FakeHaraka(), {
      mail_from: fakeAddress(from),
      rcpt_to: [fakeAddress(to)],
      notes: {},
    })
  }

  deliver(item: HarakaMailItem, trusted = false, uncovered = true): void {
    this.deliveries.released(item, uncovered)
    this.deliveries.delivered(item, {
      to: 'mx.bank.example',
      secured: true,
      trusted,
      recipients: item.todo.rcpt_to,
      seen: null,
    })
  }
}

describe('deliveries that no rule covers', () => {
  it('are not touched while that is off, or of domains whose message rules are off', async () => {
    const scene = new Scene()
    const other = scene.item('cfo@bank.example', 'ann@other.example')
    scene.deliver(other)
    scene.enabled = false
    const item = scene.item()
    scene.deliver(item)
    scene.deliveries.incoming(fakeAddress('cfo@bank.example'), [fakeAddress('ann@acme.example')], true)
    for (const each of [item, other]) assert.ok(!Object.hasOwn(each, 'try_deliver_host_on_socket'))
    await new Promise(setImmediate)
    assert.deepEqual(scene.taken, [])
  })

  it('are noted by level, without an address; a trusted next hop says nothing', async () => {
    const scene = new Scene()
    Object.assign(scene.verdicts, { encrypt: HELD, verify: SELF_SIGNED, secure: SELF_SIGNED })
    scene.deliver(scene.item())
    scene.deliver(scene.item(), true)
    await until(() => scene.taken.length > 0, { what: 'a note' })
    const [[name, record] = ['', null]] = scene.taken
    assert.equal(name, 'acme.example bank.example')
    const { encrypt, verify } = record?.levels ?? {}
    assert.deepEqual([encrypt?.held, verify?.held, verify?.missed], [1, 0, 1])
    assert.doesNotMatch(JSON.stringify(scene.taken), /cfo|ann/)
    assert.deepEqual([scene.taken.length, scene.asked.length], [1, 0])
  })

  it('are no more where a rule has come to cover the item before the next attempt', async () => {
    const scene = new Scene()
    scene.verdicts['encrypt'] = HELD
    const item = scene.item()
    scene.deliveries.released(item, true)
    scene.deliver(item, false, false)
    const enforced = scene.item()
    scene.deliveries.released(enforced, true)
    scene.deliveries.delivered(enforced, {
      to: 'mx.bank.example',
      secured: true,
      trusted: false,
      recipients: enforced.todo.rcpt_to,
      seen: { host: 'mx.bank.example', port: 25, mx: null, offered: true, tls: null },
    })
    await new Promise(setImmediate)
    assert.deepEqual(scene.taken, [])
  })

  it('of which something stays unknown have the server asked', async () => {
    const scene = new Scene()
    scene.verdicts['encrypt'] = HELD
    scene.deliver(scene.item())
    await until(() => scene.asked.length > 0, { what: 'a request for a check' })
  })

  it('of names that no rule could have are left alone', async () => {
    const scene = new Scene()
    scene.verdicts['encrypt'] = HELD
    for (const host of ['[192.0.2.1]', 'a b.example', '', 'x'.repeat(300)])
      scene.deliver(scene.item(`cfo@${host}`))
    await new Promise(setImmediate)
    assert.deepEqual(scene.taken, [])
  })

  it('wait for no DNS, and make two look-ups at a time at most, one an hour for a partner', async () => {
    const scene = new Scene()
    Object.assign(scene.verdicts, { encrypt: HELD, verify: HELD, secure: HELD, published: HELD })
    let answer: () => void = () => undefined
    scene.dns = new Promise((resolve) => (answer = resolve))
    for (const partner of ['a', 'b', 'c', 'd']) {
      scene.deliver(scene.item(`x@${partner}.example`))
      scene.deliver(scene.item(`x@${partner}.example`))
    }
    await until(() => scene.taken.length === 8, { what: 'all notes' })
    assert.deepEqual(scene.lookedUp, ['a.example', 'b.example'])
    answer()
    await until(() => scene.taken.length === 10, { what: 'what the look-ups found' })
    scene.deliver(scene.item('x@a.example'))
    await until(() => scene.taken.length === 11, { what: 'another note' })
    assert.deepEqual(scene.lookedUp, ['a.example', 'b.example'])
  })

  it('beyond what can be judged at a time are counted as lost', () => {
    const scene = new Scene()
    for (let n = 0; n < 1000; n++) scene.deliver(scene.item(`x@p${n}.example`))
    assert.equal(scene.dropped, 800)
  })
})

describe('checks of partners', () => {
  const seen = { host: 'mx.bank.example', port: 25, mx: null, offered: true, tls: null }
  const pairTo = (partner: string): Pair => ({ owner: 'acme.example', partner })

  it('are one at a time, once a day for a partner, and bounded', async () => {
    let most = 0
    let open = 0
    const checked: string[] = []
    const checks = new PartnerChecks({
      enabled: () => true,
      pause: 1,
      check: async (domain) => {
        most = Math.max(most, ++open)
        checked.push(domain)
        await new Promise(setImmediate)
        open--
        return null
      },
      notes: { take: () => assert.fail('nothing was found out') },
    })
    for (let n = 0; n < 10_000; n++) checks.ask(pairTo(`p${n % 5000}.example`), seen)
    checks.ask(pairTo('socket.example'), { ...seen, port: null })
    checks.ask(pairTo('unseen.example'), null)
    await until(() => checked.length === 100, { what: 'a hundred checks', timeout: 20_000 })
    checks.ask(pairTo('p0.example'), seen)
    await new Promise((resolve) => setTimeout(resolve, 20))
    assert.deepEqual([checked.length, new Set(checked).size, most], [100, 100, 1])
    checks.close()
  })

  const host = (passes: Readonly<Record<string, boolean>>, failure: HostCheck['failure'] = null): HostCheck =>
    ({
      host: 'mx.bank.example',
      protocol: 'TLSv1.3',
      certificate: null,
      failure,
      levels: Object.entries(passes).map(([level, is]) => ({
        level,
        passes: is,
        class: null,
        detail: is ? null : 'has another name',
      })),
    }) as unknown as HostCheck
  const no = (isTemporary: boolean): HostCheck['failure'] => ({
    class: isTemporary ? 'starttls-deferred' : 'starttls-not-supported',
    temporary: isTemporary,
    detail: 'does not offer STARTTLS',
    status: '5.7.4',
  })

  for (const [what, hosts, expected] of [
    ['no server', [], null],
    ['a server that may do better next time', [host({}, no(true))], null],
    ['a server without TLS', [host({}, no(false))], ['missed', 'missed', 'missed']],
    ['a good one', [host({ encrypt: true, verify: true, secure: false })], ['held', 'held', 'unknown']],
    [
      'a good one beside one without TLS',
      [host({ encrypt: true, verify: true, secure: false }), host({}, no(false))],
      ['missed', 'missed', 'missed'],
    ],
  ] as const)
    it(`say of ${what}: ${expected?.join(', ') ?? 'nothing'}`, () => {
      const found = checkedLevels({ hosts })
      assert.deepEqual(
        found && [found.levels.encrypt?.is, found.levels.verify?.is, found.published.is],
        expected,
      )
    })
})
