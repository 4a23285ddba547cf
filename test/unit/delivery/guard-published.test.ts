/**
 * A guarded item whose requirement looks at what is published, with a DNS and policies of its own: what goes where, what
 * waits, and how a message that waits for DNS gives its turn back.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import constants from 'haraka-constants'
import { ConnectionPool } from '../../../plugins/enforce-tls/delivery/connections/pool.js'
import type { Answer, Dns, RecordType } from '../../../plugins/enforce-tls/dns/answer.js'
import type { StsAnswer } from '../../../plugins/enforce-tls/published/mta-sts/sts-policies.js'
import type { RelayWithTls } from '../../../plugins/enforce-tls/rules/rule.js'
import { issue, tlsa } from '../../support/chains.js'
import { fakeAddress, type HookAnswer } from '../../support/fake-haraka.js'
import { FakeHmail } from '../../support/fake-hmail.js'
import { makeDelivery, type DeliveryOptions, type GuardedDelivery } from '../../support/guarded-delivery.js'

const DANE: RelayWithTls = { level: 'dane' }
const TEMPORARY = 'delayed 4.7.5 mx1'

/** The server's certificate, and another one. */
const certificates = Promise.all([
  issue({ name: 'mx', ca: false, names: ['mx1.bank.example'] }),
  issue({ name: 'another', ca: false }),
])

describe('a message to hosts with TLSA records', () => {
  it('goes to a server that they vouch for', async () => {
    await using delivery = await scene({ action: DANE })
    await delivery.run()
    assert.deepEqual(delivery.seen, ['mx1 ok', 'delivered ok no status'])
    assert.equal(delivery.peers[0]?.messages.length, 1)
  })

  it('waits where they do not, and nothing of it is said', async () => {
    await using delivery = await scene({ action: DANE, records: 'another' })
    await delivery.run()
    assert.deepEqual(delivery.seen, ['mx1 tlsa-invalid', 'deferred tlsa-invalid 4.7.5'])
    assert.deepEqual(delivery.statuses, { cfo: TEMPORARY })
    const [peer] = delivery.peers
    assert.ok(peer)
    assert.deepEqual([peer.received.length, peer.clearBytesAfterEhlo()], [0, 0])
  })

  it('waits where the server has no TLS, though rules bounce at once', async () => {
    await using delivery = await scene({ action: { ...DANE, onFailure: 'bounce' }, starttls: false })
    await delivery.run()
    assert.deepEqual(delivery.seen, ['mx1 starttls-not-supported', 'deferred starttls-not-supported 4.7.4'])
  })

  it('is given up after all tries, with the reason', async () => {
    await using delivery = await scene({ action: DANE, records: 'another', failures: 100 })
    await delivery.run()
    assert.deepEqual(delivery.seen, ['mx1 tlsa-invalid', 'bounced tlsa-invalid 5.7.5'])
  })

  it('goes to the host whose records fit, past the one whose records do not', async () => {
    await using delivery = await scene({ action: DANE, records: { mx1: 'another', mx2: 'own' }, hosts: 2 })
    await delivery.run()
    assert.deepEqual(delivery.seen, ['mx1 tlsa-invalid', 'mx2 ok', 'delivered ok no status'])
  })

  it('asks the server for the TLSA base domain', async () => {
    const asked: string[] = []
    await using delivery = await scene({
      action: DANE,
      alias: 'host.provider.example',
      tls: { SNICallback: (name: string, done: (error: null) => void) => (asked.push(name), done(null)) },
    })
    await delivery.run()
    assert.deepEqual(asked, ['host.provider.example'])
  })
})

describe('a message where nothing is published', () => {
  it('waits, and no connection is made', async () => {
    await using delivery = await scene({ action: DANE, records: 'none' })
    await delivery.run()
    assert.deepEqual(delivery.seen, ['mx1 dane-required', 'deferred dane-required 4.7.4'])
    assert.deepEqual(delivery.peers[0]?.connections, [])
  })

  it('goes over any TLS with otherwise encrypt', async () => {
    await using delivery = await scene({ action: { ...DANE, otherwise: 'encrypt' }, records: 'none' })
    await delivery.run()
    assert.deepEqual(delivery.seen, ['mx1 ok', 'delivered ok no status'])
  })

  it('bounces without TLS with otherwise encrypt', async () => {
    const action: RelayWithTls = { ...DANE, otherwise: 'encrypt' }
    await using delivery = await scene({ action, records: 'none', starttls: false })
    await delivery.run()
    assert.deepEqual(delivery.seen, ['mx1 starttls-not-supported', 'bounced starttls-not-supported 5.7.4'])
  })

  it('goes as Haraka sends it with otherwise none', async () => {
    const action: RelayWithTls = { ...DANE, otherwise: 'none' }
    await using delivery = await scene({ action, records: 'none', starttls: false })
    await delivery.run()
    assert.ok(delivery.told.includes('connect mx1, TLS not forced'))
    assert.equal(delivery.peers[0]?.messages.length, 1)
    assert.deepEqual(delivery.seen, ['mx1 ok', 'delivered-as-usual ok no status'])
  })

  it('waits with otherwise none where DNS fails', async () => {
    for (const otherwise of ['none', 'encrypt'] as const) {
      await using delivery = await scene({ action: { ...DANE, otherwise }, records: 'fails' })
      await delivery.run()
      assert.deepEqual(delivery.seen, ['mx1 dnssec-invalid', 'deferred dnssec-invalid 4.7.5'])
      assert.deepEqual(delivery.peers[0]?.connections, [])
    }
  })
})

describe('a message to a domain with an MTA-STS policy', () => {
  const STS: RelayWithTls = { level: 'mta-sts' }

  it('goes to a host that it lists, with a trusted certificate of its name', async () => {
    const [{ pem }] = await certificates
    await using delivery = await scene({ action: STS, policy: policy(['mx1.bank.example']), ca: pem })
    await delivery.run()
    assert.deepEqual(delivery.seen, ['mx1 ok', 'delivered ok no status'])
  })

  it('waits for a trusted certificate', async () => {
    await using delivery = await scene({ action: STS, policy: policy(['mx1.bank.example']) })
    await delivery.run()
    assert.deepEqual(delivery.seen, ['mx1 certificate-not-trusted', 'deferred certificate-not-trusted 4.7.5'])
  })

  it('waits for another host', async () => {
    const [{ pem }] = await certificates
    await using delivery = await scene({ action: STS, policy: policy(['mx2.bank.example']), ca: pem })
    await delivery.run()
    assert.deepEqual(delivery.seen, ['mx1 mx-not-listed', 'deferred mx-not-listed 4.7.5'])
    assert.deepEqual(delivery.peers[0]?.connections, [])
  })

  it('has the policy fetched again before it is given up', async () => {
    const urgent: boolean[] = []
    for (const failures of [0, 100]) {
      await using delivery = await scene({
        action: STS,
        failures,
        policy: (isUrgent) => {
          urgent.push(isUrgent)
          return policy(['mx2.bank.example'])
        },
      })
      await delivery.run()
    }
    assert.deepEqual(urgent, [false, true])
  })
})

describe('a policy in testing', () => {
  const action: RelayWithTls = { level: 'mta-sts', otherwise: 'encrypt' }
  const tested = ({ events }: GuardedDelivery): readonly (string | null | undefined)[] =>
    events.flatMap((event) =>
      event.kind === 'attempt' ? [event.tested && (event.tested.failure?.class ?? 'pass')] : [],
    )

  it('stands in the way of nothing, and what it makes of the host is noted', async () => {
    const [{ pem }] = await certificates
    for (const [mx, ca, says] of [
      [['mx1.bank.example'], pem, 'pass'],
      [['mx1.bank.example'], '', 'certificate-not-trusted'],
      [['mx2.bank.example'], pem, 'mx-not-listed'],
    ] as const) {
      await using delivery = await scene({ action, policy: policy(mx, 'testing'), ca })
      await delivery.run()
      assert.deepEqual(delivery.seen, ['mx1 ok', 'delivered ok no status'], says)
      assert.deepEqual(tested(delivery), [says])
    }
  })

  it('is noted of a delivery without TLS as far as that is seen', async () => {
    for (const [mx, says] of [
      ['mx2.bank.example', 'mx-not-listed'],
      ['mx1.bank.example', undefined],
    ] as const) {
      await using delivery = await scene({
        action: { ...action, otherwise: 'none' },
        policy: policy([mx], 'testing'),
        starttls: false,
      })
      await delivery.run()
      assert.deepEqual(delivery.seen, ['mx1 ok', 'delivered-as-usual ok no status'])
      assert.deepEqual(tested(delivery), [says])
    }
  })

  it('is noted of each message of a connection', async () => {
    await using delivery = await scene({
      action,
      policy: policy(['mx1.bank.example'], 'testing'),
      reuse: true,
    })
    for (let message = 0; message < 2; message++) {
      const envelope = {
        mail_from: fakeAddress('ann@acme.example'),
        rcpt_to: [fakeAddress('cfo@bank.example')],
      }
      new FakeHmail(delivery.haraka, { ...envelope, notes: {} }).send()
      await delivery.until(() => delivery.haraka.underWay.size === 0)
    }
    assert.deepEqual(tested(delivery), ['certificate-not-trusted', 'certificate-not-trusted'])
    assert.equal(delivery.peers[0]?.connections.length, 1)
  })
})

describe('a message that waits for DNS', () => {
  it('gives its turn back, and goes when DNS has answered', async () => {
    const answered = pending()
    await using delivery = await scene({ action: DANE, after: answered.promise })
    delivery.item.send()
    await delivery.until(() => delivery.haraka.underWay.size === 0)
    assert.deepEqual(delivery.peers[0]?.connections, [])
    answered.resolve()
    await delivery.until(() => delivery.peers[0]?.messages.length === 1)
    await delivery.settled()
    assert.deepEqual(delivery.seen, ['mx1 ok', 'delivered ok no status'])
    assert.equal(delivery.item.num_failures, 0)
  })

  it('is decided on anew, by rules that were changed meanwhile', async () => {
    const answered = pending()
    let isExempt = false
    await using delivery = await scene({
      action: DANE,
      after: answered.promise,
      starttls: false,
      decide: (guard, _item, requirement): HookAnswer => {
        if (isExempt) guard.detach()
        else guard.enforce(requirement)
        return [constants.cont]
      },
    })
    delivery.item.send()
    await delivery.until(() => delivery.haraka.underWay.size === 0)
    isExempt = true
    answered.resolve()
    await delivery.until(() => delivery.peers[0]?.messages.length === 1)
    await delivery.settled()
  })
})

describe('a message that has waited for a connection', () => {
  it('looks up anew what is published, and waits for that too', async () => {
    const settings = {
      connectionReuse: false,
      connectionIdle: 2000,
      connectionMaxMessages: 1,
      connectionsPerHost: 1,
    }
    const connections = new ConnectionPool(
      () => settings,
      () => 100,
    )
    const slow = pending()
    const scripted: { after: Promise<void>; records: Published } = {
      after: Promise.resolve(),
      records: 'another',
    }
    await using delivery = await scene({ action: DANE, scripted, connections })
    const place = connections.enter(`127.0.0.1:${delivery.peers[0]?.port ?? 0}`)
    assert.ok(place)
    delivery.item.send()
    await delivery.until(() => delivery.haraka.underWay.size === 0)
    Object.assign(scripted, { after: slow.promise, records: 'own' })
    place.leave()
    await delivery.until(() => delivery.haraka.log.some((line) => line.includes('waits for DNS')))
    await delivery.until(() => delivery.haraka.underWay.size === 0)
    assert.deepEqual(delivery.peers[0]?.connections, [])
    slow.resolve()
    await delivery.until(() => delivery.peers[0]?.messages.length === 1)
    await delivery.settled()
    assert.deepEqual(delivery.seen, ['mx1 ok', 'delivered ok no status'])
    // Once to find the way, and not again: it goes on where it was.
    assert.equal(delivery.told.filter((what) => what === 'get_mx').length, 1)
  })
})

describe('hosts from DNS', () => {
  it('that are unknown make the message wait', async () => {
    await using delivery = await scene({ action: DANE, byDns: true, mx: 'fails' })
    await delivery.run()
    assert.deepEqual(delivery.seen, ['bank dnssec-invalid', 'deferred dnssec-invalid 4.7.5'])
  })

  it('do not exist for a domain that does not', async () => {
    await using delivery = await scene({ action: DANE, byDns: true, mx: 'no such name' })
    await delivery.run()
    assert.ok(delivery.told.includes('bounce'))
  })

  it('take no mail with a null MX', async () => {
    await using delivery = await scene({ action: DANE, byDns: true, mx: 'null' })
    await delivery.run()
    assert.deepEqual(delivery.statuses, { cfo: 'failed 5.1.10' })
  })
})

interface SceneOptions extends Omit<DeliveryOptions, 'hosts'> {
  readonly records?: Published | Readonly<Record<string, Published>>
  readonly policy?: StsAnswer | ((isUrgent: boolean) => StsAnswer)
  readonly starttls?: boolean
  readonly tls?: object
  readonly hosts?: number
  readonly connections?: ConnectionPool
  /** What can be changed while the message is under way. */
  readonly scripted?: { readonly after: Promise<void>; readonly records: Published }
  /** DNS answers then. */
  readonly after?: Promise<unknown>
  /** What CNAME records lead to. */
  readonly alias?: string
  /** No plugin names the hosts. */
  readonly byDns?: boolean
  readonly mx?: 'fails' | 'no such name' | 'null'
}

/** Of whose certificate TLSA records are published. */
type Published = 'own' | 'another' | 'none' | 'fails'

async function scene({
  records = 'own',
  policy: published,
  starttls = true,
  tls = {},
  hosts = 1,
  after,
  alias,
  connections,
  scripted,
  byDns = false,
  mx = 'fails',
  ...options
}: SceneOptions): Promise<GuardedDelivery> {
  const [own, another] = await certificates
  const peer = { tls: { key: own.keyPem, cert: own.pem, ...tls }, ...(starttls ? {} : { starttls: false }) }
  const of = { own: tlsa(3, 1, 1, own), another: tlsa(3, 1, 1, another) }
  const answer = (name: string, type: RecordType): Answer => {
    if (type === 'A')
      return { kind: 'found', name: alias ?? name, authentic: true, records: ['127.0.0.1'], ttl: 60 }
    if (type === 'MX' && mx === 'null')
      return { kind: 'found', name, authentic: true, records: [{ preference: 0, exchange: '.' }], ttl: 60 }
    const none = type === 'MX' && mx === 'no such name' ? 'no-such-name' : 'no-such-record'
    const host = /^_\d+\._tcp\.(mx\d|host)/.exec(name)?.[1] ?? ''
    const is = scripted ? scripted.records : typeof records === 'string' ? records : (records[host] ?? 'none')
    if (type === 'TLSA' && (is === 'own' || is === 'another'))
      return { kind: 'found', name, authentic: true, records: [of[is]], ttl: 60 }
    if ((type === 'TLSA' && is === 'fails') || (type === 'MX' && mx === 'fails'))
      return { kind: 'failed', why: `the DNS look-up of ${type} ${name} failed: SERVFAIL` }
    return { kind: 'none', name, reason: none, authentic: true, ttl: 60 }
  }
  const dns: Dns = {
    ask: async <T extends RecordType>(name: string, type: T) => {
      await (scripted?.after ?? after)
      return answer(name, type) as Answer<T>
    },
  }
  const delivery = await makeDelivery({
    ...options,
    hosts: Array.from({ length: hosts }, () => peer),
    surroundings: {
      ...(connections ? { connections } : {}),
      published: () => ({
        dns,
        policyOf: (_domain, { urgent = false } = {}) => {
          const found = typeof published === 'function' ? published(urgent) : published
          return Promise.resolve(found ?? { kind: 'none', why: '', authentic: true })
        },
      }),
    },
  })
  if (byDns) delivery.haraka.hooks['get_mx'] = () => [constants.cont]
  return delivery
}

/** A promise with what settles it. */
function pending(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined
  const promise = new Promise<void>((done) => (resolve = done))
  return { promise, resolve }
}

function policy(mx: readonly string[], mode: 'enforce' | 'testing' = 'enforce'): StsAnswer {
  const rest = { domain: 'bank.example', id: '1', age: 0, text: '', problems: [], stale: '', maxAge: 86_400 }
  return { kind: 'policy', mode, mx, ...rest }
}
